"""Each threshold of pacing beside other values of it: the agent's own pacer, on paths that are played without a clock."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from random import Random
from statistics import fmean
from types import ModuleType
from typing import Any
from unittest.mock import patch

from benchmarks.report import Section, percentile
from client_agent import losses
from client_agent.losses import Losses
from client_agent.screen import budget, pacing
from client_agent.tcp_info import TcpInfo
from protocol.media import MediaSealer
from tests.client_agent.screen.path_model import SEGMENT_BYTES, PathModel, Scene

_ABOUT = """\
The agent's own pacer, budget and count of losses (`pacing.py`, `budget.py`, `losses.py`), on paths that are played without a clock
(`tests/client_agent/screen/path_model.py`), one threshold changed at a time; what the product has is in bold. What is not in it: what
queues below TCP, encoders that change their rate only now and then, and real narrow paths."""
_BESIDE_A_FILM = """\
A film wants 20 Mbit/s in 30 pictures a second, each up to half larger or smaller than usual, and a letter is typed each 0.08 to 0.2 s.
*Film*: how much it has of the path, or of the 20 Mbit/s. *Letter*: from typing until the sender hears that it is shown, beyond the round
trip, p50 / p95 ms. Then the path's rate halves for 10 s: *full* is for how many seconds of them more than 100 ms of it wait on it. Then it
doubles again: *used* is after how many seconds the film has had 80 % of it for a second (20: not within that time). *Busy*: a browser that
shows each picture 20 to 80 ms late."""
_BESIDE_WHAT_BECOMES_EXACT = """\
Something is always left to be made exact, and letters are typed beside it. *Exact*: its share of the path. *Behind a record*: how long a
control record waits at most for the one that is being carried. *Sealed*: how much longer records are when they are sealed, padding among
it."""
_OF_LOSSES = """\
60 segments a second for ten minutes over 200 ms, of which so many are lost at random: for how much of the time the path is taken for one
that loses much, and after how many seconds for the first time, where that happened in every repetition."""

_SEEDS, _QUICK_SEEDS = 8, 1
_SETTLES_S, _STEADY_S, _CHANGED_S, _USED_WITHIN_S = 10.0, 20.0, 10.0, 20.0
_FILM_RATE = 20e6 / 8
_TOO_FULL_S, _USED_SHARE = 0.1, 0.8
_SLICE_S, _SLICES = 0.1, 10
_STEP_S = 0.001
_SEGMENTS_A_SECOND, _LOSSY_S, _LOSSY_ROUND_TRIP_S = 60, 600, 0.2


@dataclass(frozen=True)
class Threshold:
    """One of them, or some that belong together, with the values that they are tried at."""

    module: ModuleType
    names: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]

    @property
    def chosen(self) -> tuple[float, ...]:
        return tuple(getattr(self.module, name) for name in self.names)

    def at(self, values: tuple[float, ...]) -> AbstractContextManager[object]:
        """Let them be so for a while."""
        tried: dict[str, Any] = dict(zip(self.names, values, strict=True))
        patched: AbstractContextManager[object] = patch.multiple(self.module, **tried)
        return patched

    def told(self, values: tuple[float, ...]) -> str:
        """As people read it: bold where it is the product's own."""
        text = ", ".join(f"`{name}` {value:g}" for name, value in zip(self.names, values, strict=True))
        return f"**{text}**" if values == self.chosen else text


def _one(module: ModuleType, name: str, *values: float) -> Threshold:
    """One by itself."""
    return Threshold(module, (name,), tuple((value,) for value in values))


BESIDE_A_FILM = (
    _one(pacing, "_GROWTH", 1.02, 1.05, 1.1, 1.25),
    _one(pacing, "_SHRINKAGE", 0.7, 0.85, 0.95),
    _one(pacing, "_GAIN", 1.1, 1.25, 1.5),
    _one(pacing, "_QUEUE_S", 0.01, 0.02, 0.04),
    _one(pacing, "_WAITS", 2, 4, 8),
    _one(pacing, "_CHANGE_RESERVE_S", 0, 0.025, 0.05, 0.1),
    _one(pacing, "_MOTION_SHARE_FIRST", 0.5, 0.7, 0.9),
    _one(pacing, "_MOTION_SHARE_LEAST", 0.25, 0.5, 0.75),
    _one(pacing, "_FIRST_BYTES_A_ROUND_TRIP", 16 * 1024, 32 * 1024, 64 * 1024),
    Threshold(pacing, ("_EVIDENCE_BYTES", "_EVIDENCE_S"), ((24 * 1024, 0.075), (48 * 1024, 0.15), (96 * 1024, 0.3))),
)
BESIDE_WHAT_BECOMES_EXACT = (
    Threshold(budget, ("RECORD_BYTES_MAX", "RECORD_S"), ((16 * 1024, 0.015), (32 * 1024, 0.03), (64 * 1024, 0.06))),
    _one(pacing, "_REFINEMENT_SHARE", 0.8, 0.9, 1.0),
)
OF_LOSSES = (
    Threshold(losses, ("_MANY_SHARE", "_FEW_SHARE"), ((0.01, 0.005), (0.02, 0.01), (0.04, 0.02))),
    _one(losses, "_REMEMBERED_SEGMENTS", 200, 400, 800),
)


class BusyViewer(PathModel):
    """A path to a browser that is busy: each picture is shown late."""

    _heard_at = 0.0

    def carry(self, size: int, now: float) -> float:
        """When it is heard that what was sent now is shown: in order."""
        self._heard_at = max(self._heard_at, super().carry(size, now) + self.chance.uniform(0.02, 0.08))
        return self._heard_at


@dataclass(frozen=True)
class Way:
    """A path that is measured on."""

    name: str
    rate: float
    round_trip_s: float
    changes: bool = False
    is_busy: bool = False

    def laid(self, seed: int) -> PathModel:
        return (BusyViewer if self.is_busy else PathModel)(self.rate, self.round_trip_s, chance=Random(seed))


NARROW = Way("1 Mbit/s, 200 ms", 125e3, 0.2, changes=True)
MIDDLE = Way("10 Mbit/s, 40 ms", 1.25e6, 0.04, changes=True)
WAYS = (NARROW, MIDDLE, Way("near", 1e8, 0.001), Way("near, busy", 1e8, 0.001, is_busy=True))
LOST = (0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05)


async def measure(*, is_quick: bool = False) -> Section:
    """Each threshold at each of its values, on each path."""
    seeds = range(_QUICK_SEEDS if is_quick else _SEEDS)
    body = [
        _BESIDE_A_FILM,
        _table(
            BESIDE_A_FILM,
            [heading for way in WAYS for heading in _film_headings(way)],
            lambda: [cell for way in WAYS for cell in _beside_a_film(way, seeds)],
        ),
        _BESIDE_WHAT_BECOMES_EXACT,
        _table(
            BESIDE_WHAT_BECOMES_EXACT,
            [
                heading
                for way in (NARROW, MIDDLE)
                for heading in (f"{way.name}: exact", "letter", "behind a record", "sealed")
            ],
            lambda: [cell for way in (NARROW, MIDDLE) for cell in _beside_what_becomes_exact(way, seeds)],
        ),
        _OF_LOSSES,
        _table(
            OF_LOSSES,
            [f"{share:.1%} lost" for share in LOST],
            lambda: [_taken_for_lossy(share, seeds) for share in LOST],
        ),
    ]
    return Section(
        "pacing",
        "Thresholds of pacing",
        _ABOUT,
        facts={"repetitions": f"{len(seeds)}, each of another chance"},
        body="\n\n".join(body),
    )


def _table(thresholds: Sequence[Threshold], headings: Sequence[str], measured: Callable[[], list[str]]) -> str:
    lines = ["| | " + " | ".join(headings) + " |", "| --- |" + " ---: |" * len(headings)]
    as_chosen = measured()
    for threshold in thresholds:
        for values in threshold.values:
            cells = as_chosen
            if values != threshold.chosen:
                with threshold.at(values):
                    cells = measured()
            lines.append(f"| {threshold.told(values)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _film_headings(way: Way) -> list[str]:
    return [f"{way.name}: film", "letter", *(("full s", "used s") if way.changes else ())]


def _beside_a_film(way: Way, seeds: Sequence[int]) -> list[str]:
    shares, letters_s, full_s, used_s = [], [], [], []
    for seed in seeds:
        path = way.laid(seed)
        scene = Scene(path, picture_bytes_max=200_000, varies=0.5, step_s=_STEP_S)
        scene.pacer.expect(way.round_trip_s)
        scene.play(_SETTLES_S)
        seen = scene.play(_STEADY_S)
        shares.append(seen.moved_bytes / _STEADY_S / min(way.rate, _FILM_RATE))
        letters_s += seen.glyphs_s
        if way.changes:
            path.rate = way.rate / 2
            full_s.append(_STEP_S * sum(queue_s > _TOO_FULL_S for queue_s in scene.play(_CHANGED_S).queues_s))
            path.rate = way.rate
            used_s.append(_used_after_s(scene, _USED_SHARE * way.rate))
    changed = [f"{fmean(full_s):.1f}", f"{fmean(used_s):.1f}"] if way.changes else []
    return [f"{fmean(shares):.0%}", _letter(way, letters_s), *changed]


def _used_after_s(scene: Scene, rate: float) -> float:
    """After how many seconds what moves has had so many bytes a second, over a second."""
    moved: list[int] = []
    while len(moved) * _SLICE_S < _USED_WITHIN_S:
        moved.append(scene.play(_SLICE_S).moved_bytes)
        if len(moved) >= _SLICES and sum(moved[-_SLICES:]) >= rate * _SLICE_S * _SLICES:
            break
    return len(moved) * _SLICE_S


def _beside_what_becomes_exact(way: Way, seeds: Sequence[int]) -> list[str]:
    shares, letters_s, record_bytes = [], [], 0
    for seed in seeds:
        scene = Scene(way.laid(seed), is_moving=False, refines=True, step_s=_STEP_S)
        scene.pacer.expect(way.round_trip_s)
        scene.play(_SETTLES_S)
        seen = scene.play(_STEADY_S)
        shares.append(seen.moved_bytes / _STEADY_S / way.rate)
        letters_s += seen.glyphs_s
        record_bytes = max(record_bytes, *(allowed.record_bytes for allowed in seen.budgets))
    sealed = _sealed_bytes(record_bytes)
    behind_ms = 1000 * sealed / way.rate
    return [f"{fmean(shares):.0%}", _letter(way, letters_s), f"{behind_ms:.0f} ms", f"{sealed / record_bytes - 1:.1%}"]


def _sealed_bytes(record_bytes: int) -> int:
    sealer = MediaSealer()
    sealer.start_epoch(bytes(32))
    return len(sealer.seal(bytes(record_bytes)))


def _letter(way: Way, letters_s: Sequence[float]) -> str:
    return " / ".join(f"{1000 * (percentile(letters_s, percent) - way.round_trip_s):.0f}" for percent in (50, 95))


def _taken_for_lossy(share: float, seeds: Sequence[int]) -> str:
    """How often, and after how long, a path is taken for one that loses much, of whose segments this share is lost."""
    steps = _SEGMENTS_A_SECOND * _LOSSY_S
    lossy, first_s = 0, []
    for seed in seeds:
        counted, chance, again, taken_at = Losses(), Random(seed), 0, None
        for step in range(steps):
            again += chance.random() < share
            now = step / _SEGMENTS_A_SECOND
            info = TcpInfo(SEGMENT_BYTES, 10, 5, 0, _LOSSY_ROUND_TRIP_S, _LOSSY_ROUND_TRIP_S, step + again, again)
            if counted.learn(info, now):
                lossy += 1
                taken_at = now if taken_at is None else taken_at
        if taken_at is not None:
            first_s.append(taken_at)
    taken = lossy / steps / len(seeds)
    return f"{taken:.0%}" + (f", {fmean(first_s):.0f} s" if len(first_s) == len(seeds) else "")
