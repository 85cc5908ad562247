"""Ours beside the peers, on the same work in the same run: `./run bench pixels`.

All sessions stand side by side, each with a display, servers and a browser of its own; one after the other plays the same scene, in an
order that chance gives anew for each round, while the others rest. What a workload has given is one series (series.py), kept as JSON:
a run may measure some workloads only, and the report tells of each when and where it was measured.
"""

import asyncio
import random
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Playwright, async_playwright

from benchmarks import keys, report
from benchmarks.allowing import allow
from benchmarks.exactness import exact_at_page_ms
from benchmarks.peers import registry
from benchmarks.peers.peer import Peer
from benchmarks.playing import Played, play
from benchmarks.programs import WORK
from benchmarks.series import Series
from benchmarks.stage import HEIGHT_PX, WIDTH_PX, Stage, session

_4K = "-4k"
WORKLOADS = (
    *(
        "allow",
        "idle",
        "typing",
        "newtext",
        "scroll",
        "drag",
        "drag-photo",
        "video",
        "switch",
        "terminal",
        "browser",
        "keys",
    ),
    *(f"{name}{_4K}" for name in ("typing", "switch")),
)
_4K_PX = (3840, 2160)
# What takes five minutes, with everybody as they come: whole screens take the others a minute alone, and idleness is none in less.
QUICK_WORKLOADS = ("typing", "scroll", "drag", "video", "keys")
# Some servers rest or do not by how they happened to begin, so each time is in sessions of its own.
_IDLE_S, _IDLE_TIMES = 60.0, 4
_ALLOW_TITLE = (
    "from the customer's click on “allow” to the first exact picture: meanwhile both ends only keep copies of what they show, "
    "which are compared afterwards"
)
# Measured in sessions of their own.
_APART = ("allow", "idle")


@dataclass
class Plan:
    """What is to be measured."""

    peers: Sequence[Peer]
    workloads: Sequence[str] = WORKLOADS
    rounds: int = 3
    is_quick: bool = False
    size: tuple[int, int] = (WIDTH_PX, HEIGHT_PX)
    folder: Path = report.OUTPUT / "pixels"
    left_out: dict[str, str] = field(default_factory=dict)
    """Peers that cannot be measured here, and why."""


async def run(plan: Plan) -> list[Series]:
    """Measure, and keep each series as soon as it is whole."""
    found = []
    async with async_playwright() as playwright:
        for size in (plan.size, _4K_PX):
            workloads = [
                each for each in plan.workloads if each not in _APART and each.endswith(_4K) is (size == _4K_PX)
            ]
            if not workloads:
                continue
            async with AsyncExitStack() as stack:
                stages = await _stages(stack, playwright, plan, size)
                circumstances = report.machine() | _about(plan, stages, size)
                for workload in workloads:
                    say(f"{workload}: {plan.rounds} rounds")
                    found.append(_kept(await _series(workload, stages, plan, circumstances), plan))
        if "idle" in plan.workloads:
            found.append(_kept(await _idle(playwright, plan), plan))
        if "allow" in plan.workloads:
            found.append(_kept(await _allow(playwright, plan), plan))
    return found


def _kept(series: Series, plan: Plan) -> Series:
    series.circumstances |= {"load at the end": report.load()}
    series.save(plan.folder)
    return series


async def _allow(playwright: Playwright, plan: Plan) -> Series:
    """A session after the other, of whom asks somebody."""
    series = Series("allow", _ALLOW_TITLE, report.machine())
    for peer in plan.peers:
        for _ in range(plan.rounds if peer.is_ours else 0):
            series.add(peer.label, await allow(playwright, plan.size))
    return series


async def _stages(stack: AsyncExitStack, playwright: Playwright, plan: Plan, size: tuple[int, int]) -> list[Stage]:
    stages = []
    for peer in plan.peers:
        if why := peer.why_not():
            plan.left_out[peer.label] = why
            say(f"{peer.label} is left out: {why}")
            continue
        try:
            stages.append(await stack.enter_async_context(session(peer, playwright, size=size)))
        except Exception as error:
            if peer.is_ours:
                raise
            plan.left_out[peer.label] = (
                f"did not start: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
            )
            say(f"{peer.label} is left out: {plan.left_out[peer.label]}")
        else:
            say(f"{peer.label} is connected")
    return stages


async def _series(workload: str, stages: list[Stage], plan: Plan, circumstances: dict[str, str]) -> Series:
    chance = random.Random(workload)
    if workload == "keys":
        series = Series("keys", "a key in the page", dict(circumstances))
        for _ in range(plan.rounds):
            for stage in chance.sample(stages, len(stages)):
                series.add(stage.peer.label, await keys.play(stage, is_quick=plan.is_quick))
        return series
    name = workload.removesuffix(_4K)
    series = Series(workload, WORK[name].title, dict(circumstances))
    for _ in range(plan.rounds):
        for stage in chance.sample(stages, len(stages)):
            series.add(stage.peer.label, await play(stage, name, is_quick=plan.is_quick))
    return series


async def _idle(playwright: Playwright, plan: Plan) -> Series:
    """Everybody rests at the same time, again and again in new sessions."""
    series = Series("idle", WORK["idle"].title, {})
    say(f"idle: {_IDLE_TIMES} times")
    for _ in range(_IDLE_TIMES):
        async with AsyncExitStack() as stack:
            stages = await _stages(stack, playwright, plan, plan.size)
            series.circumstances |= report.machine() | _about(plan, stages, plan.size)
            await _become_idle(stages)
            for stage, played in zip(stages, await _rested(stages, _IDLE_S), strict=True):
                series.add(stage.peer.label, played)
    return series


async def _become_idle(stages: list[Stage]) -> None:
    for stage in stages:
        stage.painter.tell("scene", "idle")
        await asyncio.wait_for(stage.painter.said("scene"), 30)
    for stage in stages:
        await exact_at_page_ms(stage.page, stage.display, 3.0)
    await asyncio.sleep(2.0)


async def _rested(stages: list[Stage], for_s: float) -> list[Played]:
    """All rest at the same time."""
    before = [(stage.wire_bytes(), stage.processor_s()) for stage in stages]
    started = time.monotonic()
    await asyncio.sleep(for_s)
    found = []
    for stage, (wire, processor_s) in zip(stages, before, strict=True):
        now_wire, now_s = stage.wire_bytes(), stage.processor_s()
        found.append(
            Played(
                latency_ms=[], painted=0, shown=0, missed=0, lasted_s=time.monotonic() - started,
                down_bytes=now_wire[0] - wire[0], up_bytes=now_wire[1] - wire[1], refined_bytes=0,
                processor_s={role: now_s[role] - processor_s[role] for role in now_s},
                exact_after_ms=None,
            )
        )  # fmt: skip
    return found


def _about(plan: Plan, stages: list[Stage], size: tuple[int, int]) -> dict[str, str]:
    return {
        "screen": f"{size[0]} x {size[1]}",
        "Chromium": stages[0].browser_version,
        "versions": "; ".join(f"{stage.peer.label}: {stage.peer.version()}" for stage in stages),
        "left out": "; ".join(f"{label}: {why}" for label, why in (registry.NOT_MEASURED | plan.left_out).items()),
        "steps": "fewer (--quick)" if plan.is_quick else "all",
    } | {f"{stage.peer.label}, {name}": fact for stage in stages for name, fact in stage.connected.facts.items()}


def say(text: str) -> None:
    """Tell whoever waits how far we are."""
    sys.stderr.write(f"bench: {text}\n")


def chosen(names: Sequence[str], *, is_quick: bool = False) -> list[Peer]:
    """The peers of these names; where none is named all of them, or all as they come.

    Raises:
        KeyError: there is none of that name.
    """
    everybody = registry.everybody()
    if not names:
        return [peer for peer in everybody if not is_quick or peer.setting == "default"]
    known = {name for peer in everybody for name in _names(peer)}
    if unknown := set(names) - known:
        raise KeyError(f"{', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")
    return [peer for peer in everybody if _names(peer) & set(names)]


def _names(peer: Peer) -> set[str]:
    """What chooses a peer: its name for all its settings, with a setting for that alone."""
    return {peer.name, f"{peer.name} {peer.setting}"}
