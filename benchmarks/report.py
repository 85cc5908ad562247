"""What a benchmark found: written as JSON for machines and as a section of RESULTS.md for people."""

import json
import math
import os
import platform
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
OUTPUT = Path("bench-output")
_RESULTS_OF_GIT = (":!benchmarks/RESULTS.md", ":!benchmarks/plots")
_HEAD = """\
# What was measured

Written by `./run bench NAME`, a section each; every repetition is in `bench-output/NAME.json`, which is not kept. Nothing is left
out: what was not seen in time is counted as missed. Figures of another machine, or of a busy one, are other figures.
"""


@dataclass(frozen=True)
class Row:
    """One line of the table: all repetitions, in milliseconds, in the order in which they were made."""

    name: str
    samples_ms: Sequence[float]
    missed: int = 0


@dataclass(frozen=True)
class Section:
    """What one benchmark found, how, and under which circumstances."""

    name: str
    title: str
    about: str
    rows: Sequence[Row] = ()
    facts: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    """What was counted rather than timed; over several runs it adds up."""
    body: str = ""
    """What stands between `about` and the rows: tables of its own."""


def percentile(samples: Sequence[float], percent: float) -> float:
    """The smallest sample that at least so many per cent are not larger than (nearest rank); NaN of none."""
    if not samples:
        return math.nan
    return sorted(samples)[max(0, math.ceil(len(samples) * percent / 100) - 1)]


def added(earlier: Section, later: Section) -> Section:
    """Both runs of one benchmark as one: all repetitions, and the circumstances of the later run.

    Raises:
        ValueError: they did not measure the same.
    """
    if [row.name for row in earlier.rows] != [row.name for row in later.rows]:
        raise ValueError(f"the runs of {later.name} did not measure the same")
    rows = [
        Row(old.name, [*old.samples_ms, *new.samples_ms], old.missed + new.missed)
        for old, new in zip(earlier.rows, later.rows, strict=True)
    ]
    counts = {name: earlier.counts.get(name, 0) + count for name, count in later.counts.items()}
    return replace(later, rows=rows, counts=counts)


def machine() -> dict[str, str]:
    """What the figures depend on, and how busy it is now."""
    return {
        "machine": f"{os.cpu_count()} cores, {_processor()}",
        "system": f"Linux {platform.release()}, {_x_server()}",
        "Python": platform.python_version(),
        "packages": ", ".join(f"{name} {version(name)}" for name in ("xcffib", "zstandard", "cryptography", "aiohttp")),
        "commit": commit(),
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "load at the end (1, 5, 15 min)": load(),
    }


def load() -> str:
    """How busy the machine is."""
    return ", ".join(f"{each:.2f}" for each in os.getloadavg())


def as_markdown(section: Section) -> str:
    """The section as people read it."""
    lines = [f"## {section.title}", "", section.about, ""]
    if section.body:
        lines += [section.body.strip("\n"), ""]
    if section.rows:
        lines.append("| milliseconds | n | min | p50 | p95 | p99 | max | missed |")
        lines.append("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for row in section.rows:
        figures = [percentile(row.samples_ms, percent) for percent in (0, 50, 95, 99, 100)]
        told = " | ".join(f"{figure:.1f}" for figure in figures)
        lines.append(f"| {row.name} | {len(row.samples_ms)} | {told} | {row.missed} |")
    known: dict[str, object] = {**section.counts, **section.facts}
    lines += [*([""] if section.rows else []), *(f"- {name}: {fact}" for name, fact in known.items())]
    return "\n".join(lines) + "\n"


def with_section(results: str, section: Section) -> str:
    """RESULTS.md with this section in place of its last version, or at the end."""
    head, *others = re.split(r"(?m)^(?=## )", results or _HEAD)
    mine = as_markdown(section)
    titles = [other.partition("\n")[0] for other in others]
    if f"## {section.title}" in titles:
        others[titles.index(f"## {section.title}")] = mine
    else:
        others.append(mine)
    return "\n".join(part.strip("\n") + "\n" for part in (head, *others))


def write(section: Section, *, results: Path = RESULTS, output: Path = OUTPUT) -> None:
    """Keep every repetition, and what people read."""
    output.mkdir(exist_ok=True)
    (output / f"{section.name}.json").write_text(json.dumps(asdict(section), indent=1, ensure_ascii=False))
    before = results.read_text(encoding="utf-8") if results.exists() else ""
    results.write_text(with_section(before, section), encoding="utf-8")


def read(name: str, *, output: Path = OUTPUT) -> Section | None:
    """What earlier runs of a benchmark found, as `write` kept it; None where there were none."""
    kept = output / f"{name}.json"
    if not kept.exists():
        return None
    told = json.loads(kept.read_text())
    return Section(**told | {"rows": [Row(**row) for row in told["rows"]]})


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.machine()


def _x_server() -> str:
    said = subprocess.run(["dpkg-query", "-W", "-f", "Xvfb ${Version}", "xvfb"], capture_output=True, text=True)
    return said.stdout or "Xvfb"


def commit() -> str:
    """Of what this is a measurement; `-dirty` where more than the results differs from it."""
    try:
        known = subprocess.run(["git", "describe", "--always"], capture_output=True, text=True)
        changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", ".", *_RESULTS_OF_GIT], capture_output=True)
    except FileNotFoundError:  # a machine without git
        return "unknown"
    return (known.stdout.strip() or "unknown") + ("-dirty" if changed.returncode == 1 else "")
