"""`./run bench [NAME...]`: measure, print, and write RESULTS.md. Without a name: all the figures to reach, ours beside the peers."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import (
    bare,
    cuts,
    desk,
    desk_beside,
    drawing,
    files,
    forms,
    latency,
    making,
    narrow,
    outside,
    pacing,
    pixels,
    pixels_report,
    profiling,
    recording,
    reload,
    report,
    resume,
    seeking,
    sessions,
    sharing,
    thresholds,
    verifying,
)
from benchmarks.peers.peer import install
from tests.fakes.narrow_path import missing

# Each takes `is_quick` and gives its section; a benchmark of ours alone is one module and one line here.
BENCHMARKS: dict[str, Callable[..., Coroutine[Any, Any, report.Section]]] = {
    "bare": bare.measure,
    "cuts": cuts.measure,
    "desk": desk.measure,
    "desk-beside": desk_beside.measure,
    "desk-postgresql": partial(desk.measure, database="PostgreSQL"),
    "drawing": drawing.measure,
    "files": files.measure,
    "forms": forms.measure,
    "latency": latency.measure,
    "making": making.measure,
    "narrow": narrow.measure,
    "outside": outside.measure,
    "pacing": pacing.measure,
    "profile": profiling.measure,
    "recording": recording.measure,
    "reload": reload.measure,
    "resume": resume.measure,
    "seeking": seeking.measure,
    "sessions": sessions.measure,
    "sharing": sharing.measure,
    "thresholds": thresholds.measure,
    "verifying": verifying.measure,
}
PIXELS = "pixels"


def main() -> int:
    """Run the named benchmarks, one after the other."""
    arguments = _parser().parse_args()
    # All the figures to reach; the peers come last, for their report tells of the others too.
    names = arguments.names or [*(() if arguments.quick else _possible(pixels_report.ALONE)), PIXELS]
    if unknown := [name for name in names if name not in BENCHMARKS and name != PIXELS]:
        sys.stderr.write(f"unknown: {', '.join(unknown)}; known are {', '.join((PIXELS, *BENCHMARKS))}\n")
        return 2
    output: Path = arguments.output
    results = output / "RESULTS.md" if arguments.quick else report.RESULTS
    for name in names:
        if name == PIXELS:
            sections = _pixels(arguments, results)
        else:
            options = {"keep": arguments.keep} if name.startswith("desk") else {}
            found = asyncio.run(BENCHMARKS[name](is_quick=arguments.quick, **options))
            section = replace(found, facts=found.facts | report.machine())
            if arguments.more and (earlier := report.read(name, output=output)):
                section = report.added(earlier, section)
            report.write(section, results=results, output=output)
            sections = [section]
        for section in sections:
            print(report.as_markdown(section))
    return 0


def _possible(names: Sequence[str]) -> list[str]:
    """Those that can be measured on this machine."""
    if lacks := missing():
        pixels.say(f"no narrow paths: they need {', '.join(lacks)}")
    return [name for name in names if name != "narrow" or not lacks]


def _pixels(arguments: argparse.Namespace, results: Path) -> list[report.Section]:
    try:
        peers = pixels.chosen(arguments.peers, is_quick=arguments.quick)
    except KeyError as error:
        raise SystemExit(f"--peers: {error.args[0]}") from None
    if unknown := set(arguments.workloads) - set(pixels.WORKLOADS):
        raise SystemExit(f"--workloads: {', '.join(sorted(unknown))}; known are {', '.join(pixels.WORKLOADS)}")
    if said := install([package for peer in peers for package in peer.packages]):
        pixels.say(f"not all peers could be installed: {said}")
    folder = arguments.output / ("pixels-quick" if arguments.quick else "pixels")
    plan = pixels.Plan(
        peers,
        arguments.workloads or (pixels.QUICK_WORKLOADS if arguments.quick else pixels.WORKLOADS),
        arguments.rounds or (1 if arguments.quick else 3),
        is_quick=arguments.quick,
        folder=folder,
    )
    asyncio.run(pixels.run(plan))
    plots = arguments.output / "plots" if arguments.quick else pixels_report.PLOTS
    return pixels_report.write(folder, results, plots)


def _parser() -> argparse.ArgumentParser:
    def names(text: str) -> list[str]:
        return [name.strip() for name in text.split(",") if name.strip()]

    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join((PIXELS, *BENCHMARKS))}")
    parser.add_argument(
        "--quick", action="store_true", help="five minutes: fewer repetitions, and RESULTS.md stays as it is"
    )
    parser.add_argument(
        "--more", action="store_true", help="add to what earlier runs found, instead of replacing it (not pixels)"
    )
    parser.add_argument("--peers", type=names, default=[], help="only these, as `mainforte,xpra` (pixels)")
    parser.add_argument("--workloads", type=names, default=[], help=f"of: {', '.join(pixels.WORKLOADS)} (pixels)")
    parser.add_argument("--rounds", type=int, help="how often each plays each workload (pixels)")
    parser.add_argument("--keep", type=Path, default=desk.KEEP, help="where big desks are kept between runs (desk…)")
    parser.add_argument("--output", type=Path, default=report.OUTPUT, help="where every repetition is written")
    return parser


if __name__ == "__main__":
    sys.exit(main())
