"""The figures that ours is to reach on a machine of two cores with everything on it, and what was measured of each."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks import making, narrow, verdicts
from benchmarks.playing import Played
from benchmarks.report import Section, percentile
from benchmarks.series import Series, median
from benchmarks.verdicts import OURS, told


@dataclass(frozen=True)
class Reach:
    """One figure: at most `limit`, or at least where `is_least`."""

    name: str
    workload: str
    figure: Callable[[Played], float]
    limit: float
    unit: str
    is_least: bool = False

    def row(self, found: Mapping[str, Series]) -> str:
        """A line of the table; empty where it was not measured."""
        series = found.get(self.workload)
        if series is None or OURS not in series.rounds:
            return ""
        samples = series.figures(OURS, self.figure)
        middle = median(samples)
        if math.isnan(middle):
            verdict = "not reached"
        else:
            verdict = "reached" if (middle >= self.limit if self.is_least else middle <= self.limit) else "not reached"
        sign = "≥" if self.is_least else "≤"
        shown = "never" if math.isnan(middle) else f"{told(samples, 2)} {self.unit}"
        return f"| {self.name} | {sign} {self.limit:g} {self.unit} | {shown} | {verdict} |"


@dataclass(frozen=True)
class ReachAlone:
    """A figure that a benchmark of ours alone tells: so many per cent of the samples of one of its rows take at most `limit_ms`."""

    name: str
    benchmark: str
    row_name: str
    percent: float
    limit_ms: float

    def row(self, sections: Mapping[str, Section]) -> str:
        """A line of the table; empty where it was not measured."""
        section = sections.get(self.benchmark)
        found = next((row for row in section.rows if row.name == self.row_name), None) if section else None
        if found is None:
            return ""
        seen_ms = percentile(found.samples_ms, self.percent)
        verdict = "reached" if seen_ms <= self.limit_ms and not found.missed else "not reached"
        missed = f", {found.missed} never" if found.missed else ""
        return f"| {self.name} | ≤ {self.limit_ms:g} ms | {seen_ms:.2f} ms{missed} | {verdict} |"


def _shown_share(played: Played) -> float:
    return 100 * played.shown / max(1, played.painted)


def _idle_rate(played: Played) -> float:
    return (played.down_bytes + played.up_bytes) / 1000 / played.lasted_s


_AT_REST = {"typing": "typing", "newtext": "new text", "scroll": "scrolling", "drag": "dragging", "drag-photo": "dragging over a photo",
            "video": "the film", "switch": "a new screen", "terminal": "the terminal", "browser": "the browser"}  # fmt: skip

REACH = [
    Reach("typed glyph, paint → canvas, p50", "typing", verdicts.p50, 2.5, "ms"),
    Reach("typed glyph, paint → canvas, p95", "typing", verdicts.p95, 6, "ms"),
    Reach("640 x 360 of new text, p50", "newtext", verdicts.p50, 7, "ms"),
    Reach("whole 1080p screen changes, p50", "switch", verdicts.p50, 30, "ms"),
    Reach("720p film, p50", "video", verdicts.p50, 16, "ms"),
    Reach("720p film, steps that were shown", "video", _shown_share, 100, "%", is_least=True),
    Reach("720p film, bytes", "video", verdicts.down_rate, 150, "KB/s"),
    Reach("720p film, fidelity in motion", "video", verdicts.psnr, 38, "dB", is_least=True),
    Reach("scroll step, p50", "scroll", verdicts.p50, 10, "ms"),
    Reach("scroll step, bytes", "scroll", verdicts.down_step, 12, "KB"),
    Reach("window drag, p50", "drag", verdicts.p50, 12, "ms"),
    Reach("window drag, fidelity in motion over plain ground", "drag", verdicts.psnr, math.inf, "dB", is_least=True),
    *(Reach(f"exact at rest after {title}", name, verdicts.exact_after, 400, "ms") for name, title in _AT_REST.items()),
    Reach("key in the page → event in an X client, p50", "keys", verdicts.heard, 1.5, "ms"),
    Reach("key → its glyph seen, p50", "keys", verdicts.p50, 6, "ms"),
    Reach("idle agent, processor", "idle", verdicts.role("agent"), 0.1, "% of a core"),
    Reach("idle, bytes both ways", "idle", _idle_rate, 0.2, "KB/s"),
    Reach("click on *allow* → first exact picture", "allow", verdicts.p50, 500, "ms"),
    Reach("4K screen: typed glyph, p50", "typing-4k", verdicts.p50, 2.5, "ms"),
    Reach("4K screen: the whole screen changes, p50", "switch-4k", verdicts.p50, 120, "ms"),
]

_NARROW, _LOSSY = (f"{name}, {OURS}" for name in narrow.PATHS)
# The longest of what was seen stands for all of it where nothing may ever be later.
REACH_ALONE = [
    ReachAlone("the agent's own part of a glyph, p50", "making", making.GLYPH, 50, 0.5),
    ReachAlone("1 Mbit/s, 200 ms: typing while a film plays, p95", "narrow", f"{_NARROW}: letter", 95, 260),
    ReachAlone("1 Mbit/s, 200 ms: the oldest picture of the film", "narrow", f"{_NARROW}: film, age", 100, 1000),
    ReachAlone("1 Mbit/s, 200 ms: the longest stall", "narrow", f"{_NARROW}: film, gap", 100, 3000),
    ReachAlone("the same with 5 % loss: typing, p95", "narrow", f"{_LOSSY}: letter", 95, 600),
]


def table(found: Mapping[str, Series], alone: Mapping[str, Section] | None = None) -> str:
    """What was to be reached, and what was: beside the peers, and by `alone`, the benchmarks of ours alone."""
    rows = [row for reach in REACH if (row := reach.row(found))]
    rows += [row for reach in REACH_ALONE if (row := reach.row(alone or {}))]
    head = ["| | reach | median of the rounds (lowest–highest) | |", "| --- | --- | --- | --- |"]
    return "\n".join(head + rows)
