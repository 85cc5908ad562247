"""The tables of a series, and what they say: per workload everybody beside each other, and the figures to reach."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.playing import Played
from benchmarks.report import percentile
from benchmarks.series import Figure, Series, is_below, median

OURS = "mainforte"
ROLES = ("agent", "relay", "X server", "browser")
ROUNDS_LEAST = 3
FRAME_MS = 16.7
"""A browser shows no picture sooner than its next frame, 60 a second."""
_ALIKE_DB = 6.0


@dataclass(frozen=True)
class Verdict:
    """What may be said of one figure of ours beside the best of the others."""

    what: str
    word: str
    """*ahead*, *behind*, *not told apart*, or why nothing can be said."""
    figures: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.word}" + (f"; {self.figures}" if self.figures else "")


def p50(played: Played) -> float:
    return percentile(played.latency_ms, 50)


def p95(played: Played) -> float:
    """NaN where a step was never seen: what is missing is not quick."""
    return math.nan if played.missed else percentile(played.latency_ms, 95)


def heard(played: Played) -> float:
    return percentile(played.heard_ms, 50)


def down_rate(played: Played) -> float:
    """KB a second, before refinement."""
    return played.down_bytes / 1000 / played.lasted_s


def down_step(played: Played) -> float:
    """KB a step, before refinement."""
    return played.down_bytes / 1000 / max(1, played.painted)


def refined(played: Played) -> float:
    """KB after the last step was seen."""
    return played.refined_bytes / 1000


def up_rate(played: Played) -> float:
    return played.up_bytes / 1000 / played.lasted_s


def psnr(played: Played) -> float:
    """That of the mean error in motion, in dB; infinite where every copy was exact, and only there."""
    if not played.psnr_db:
        return math.nan
    error = sum(10 ** (-each / 10) for each in played.psnr_db) / len(played.psnr_db)
    return -10 * math.log10(error) if error else math.inf


def likeness(played: Played) -> float:
    return sum(played.ssim) / len(played.ssim) if played.ssim else math.nan


def exact_after(played: Played) -> float:
    return math.nan if played.exact_after_ms is None else played.exact_after_ms


def role(name: str) -> Figure:
    """Per cent of a core that a role takes."""
    return lambda played: played.processor_s.get(name, 0.0) / played.lasted_s * 100


def told(samples: Sequence[float], digits: int = 1) -> str:
    """The median, and the range of the rounds where they differ."""
    samples = [each for each in samples if not math.isnan(each)]
    if not samples:
        return "–"
    middle, low, high = (
        f"{each:.{digits}f}" if math.isfinite(each) else "exact"
        for each in (median(samples), min(samples), max(samples))
    )
    return middle if low == high else f"{middle} ({low}–{high})"


def table(series: Series) -> str:
    """Everybody beside each other."""
    if series.workload == "idle":
        columns: list[tuple[str, Figure, int]] = [
            ("down KB/s", down_rate, 2), ("up KB/s", up_rate, 2), *((f"{name} %", role(name), 3) for name in ROLES),
        ]  # fmt: skip
    elif series.workload == "allow":
        columns = [("ms", p50, 0)]
    elif series.workload == "keys":
        columns = [
            ("key → X client p50", heard, 1),
            ("key → glyph seen p50", p50, 1),
            ("p95", p95, 1),
            ("agent %", role("agent"), 1),
        ]
    else:
        columns = [
            ("p50 ms", p50, 1), ("p95 ms", p95, 1), ("KB a step", down_step, 1), ("KB/s", down_rate, 0), ("then KB", refined, 0),
            ("PSNR dB", psnr, 1), ("SSIM", likeness, 3), ("exact after ms", exact_after, 0),
            *((f"{name} %", role(name), 1) for name in ROLES),
        ]  # fmt: skip
    shown = series.workload not in {"idle", "keys", "allow"}
    lines = ["| | " + " | ".join(name for name, _, _ in columns) + (" | seen |" if shown else " |")]
    lines.append("| --- |" + " ---: |" * (len(columns) + shown))
    for label, rounds in series.rounds.items():
        cells = [told(series.figures(label, figure), digits) for _, figure, digits in columns]
        if shown:
            cells.append(f"{sum(each.shown for each in rounds)} of {sum(each.painted for each in rounds)}")
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def verdicts(series: Series) -> list[Verdict]:
    """What may be said of ours beside each of the others; *ahead* only where no repetition of ours overlaps one of theirs."""
    if OURS not in series.rounds or len(series.rounds) == 1:
        return []
    if series.workload == "idle":
        return [_beside(series, "agent's processor time", role("agent")), _beside(series, "bytes down", down_rate)]
    said = [_beside(series, "latency p50", p50)]
    theirs = [median(series.figures(label, p50)) for label in series.rounds if label != OURS]
    if min((each for each in theirs if not math.isnan(each)), default=0.0) / 2 > FRAME_MS:
        said.append(_beside(series, "latency p50, half of the best", p50, factor=2.0))
    if series.workload == "keys":
        return [_beside(series, "key → X client", heard), *said]
    alike = [label for label in series.rounds if label != OURS and _is_alike(series, label)]
    if series.workload.startswith("typing"):
        said.append(_beside(series, "bytes before refinement", down_step))
    else:
        said.append(
            _beside(
                series, "bytes before refinement, a third of those within 6 dB of ours", down_step, alike, factor=3.0
            )
        )
    said.append(_beside(series, "agent's processor time", role("agent")))
    return said


def _is_alike(series: Series, label: str) -> bool:
    ours, theirs = (median(series.figures(each, psnr)) for each in (OURS, label))
    if math.isinf(ours) and math.isinf(theirs):
        return True
    return not math.isnan(theirs) and theirs >= ours - _ALIKE_DB


def _beside(
    series: Series, what: str, figure: Figure, among: Sequence[str] | None = None, factor: float = 1.0
) -> Verdict:
    """Ours beside the best of the others, by the median."""
    ours = series.figures(OURS, figure)
    others = {
        label: series.figures(label, figure)
        for label in series.rounds
        if label != OURS and (among is None or label in among)
    }
    others = {label: found for label, found in others.items() if not math.isnan(median(found))}
    if not others:
        return Verdict(what, "nobody to be compared with")
    best = min(others, key=lambda label: median(others[label]))
    target = [each / factor for each in others[best]]
    if min(len(ours), len(target)) < ROUNDS_LEAST:
        verdict = f"fewer than {ROUNDS_LEAST} rounds tell nothing"
    elif is_below(ours, target):
        verdict = "**ahead**"
    elif is_below(target, ours):
        verdict = "behind"
    else:
        verdict = "not told apart"
    return Verdict(what, verdict, f"ours {told(ours, 2)}, {best} {told(others[best], 2)}")
