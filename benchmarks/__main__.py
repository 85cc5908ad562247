"""`./run bench NAME`: measure, print, and write RESULTS.md. Without a name: what there is."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import cuts, drawing, latency, reload, report, resume, sharing

# Each takes `is_quick` and gives its section; a benchmark is one module and one line here.
BENCHMARKS: dict[str, Callable[..., Coroutine[Any, Any, report.Section]]] = {
    "cuts": cuts.measure,
    "drawing": drawing.measure,
    "latency": latency.measure,
    "reload": reload.measure,
    "resume": resume.measure,
    "sharing": sharing.measure,
}


def main() -> int:
    """Run the named benchmarks, one after the other."""
    parser = argparse.ArgumentParser(prog="./run bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, and RESULTS.md stays as it is")
    parser.add_argument("--more", action="store_true", help="add to what earlier runs found, instead of replacing it")
    parser.add_argument("--output", type=Path, default=report.OUTPUT, help="where every repetition is written")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in BENCHMARKS]
    if unknown or not arguments.names:
        parser.print_help()
        return 2 if unknown else 0
    for name in arguments.names:
        found = asyncio.run(BENCHMARKS[name](is_quick=arguments.quick))
        section = replace(found, facts=found.facts | report.machine())
        if arguments.more and (earlier := report.read(name, output=arguments.output)):
            section = report.added(earlier, section)
        results = arguments.output / "RESULTS.md" if arguments.quick else report.RESULTS
        report.write(section, results=results, output=arguments.output)
        print(report.as_markdown(section))
    return 0


if __name__ == "__main__":
    sys.exit(main())
