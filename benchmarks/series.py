"""One workload, everybody in turn, several rounds: what was found, kept as JSON, and what may be said of it."""

import json
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.playing import Played

Figure = Callable[[Played], float]
BEFORE = "before"
"""The folder of the run before, within that of the newest."""


@dataclass
class Series:
    """What one run found of one workload. Only what is in one series may be compared."""

    workload: str
    title: str
    circumstances: dict[str, str]
    rounds: dict[str, list[Played]] = field(default_factory=dict)
    """By the peer's label, in the order in which they were made."""

    def add(self, label: str, played: Played) -> None:
        self.rounds.setdefault(label, []).append(played)

    def figures(self, label: str, figure: Figure) -> list[float]:
        """One figure of each round; NaN where a round has none."""
        return [figure(played) for played in self.rounds.get(label, [])]

    def save(self, folder: Path) -> None:
        """Keep it; what the run before found is kept beside it, to be told whether both say the same."""
        file = folder / f"{self.workload}.json"
        before = folder / BEFORE / file.name
        before.parent.mkdir(parents=True, exist_ok=True)
        if file.exists():
            file.replace(before)
        file.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False))


def load(file: Path) -> Series:
    """What `save` has kept."""
    kept: dict[str, Any] = json.loads(file.read_text())
    rounds = {label: [Played(**each) for each in played] for label, played in kept.pop("rounds").items()}
    return Series(**kept, rounds=rounds)


def median(samples: Sequence[float]) -> float:
    """NaN where there is none or one of them is missing."""
    return statistics.median(samples) if samples and not any(map(math.isnan, samples)) else math.nan


def is_below(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Whether every repetition of ours is below every one of theirs: only then we call it ahead."""
    whole = [each for each in (*ours, *theirs) if not math.isnan(each)]
    return bool(ours) and bool(theirs) and len(whole) == len(ours) + len(theirs) and max(ours) < min(theirs)
