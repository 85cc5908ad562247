"""Narrow, long and lossy paths: somebody types while a film plays, and the customer is at the far end of a thin line.

The line is real (`tests/fakes/narrow_path.py`): a network namespace, `tc tbf`, a box that delays, nftables that drop; TCP is the kernel's
own, with CUBIC. Ours has the relay on the technician's side of it, the others their servers and websockify on the customer's.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from playwright.async_api import Playwright, async_playwright

from benchmarks.exactness import exact_at_page_ms
from benchmarks.peers.ours import Ours
from benchmarks.peers.peer import Peer
from benchmarks.peers.vnc import X0vncserver
from benchmarks.peers.xpra import Xpra
from benchmarks.playing import until_seen
from benchmarks.report import Row, Section
from benchmarks.scenes import TypingBesideFilm
from benchmarks.stage import HEIGHT_PX, WIDTH_PX, Stage, session
from tests.fakes.narrow_path import Path, narrow_path

PATHS = {
    "1 Mbit/s, 200 ms": Path(bits_per_s=1_000_000, round_trip_ms=200),
    "1 Mbit/s, 200 ms, 5 % loss": Path(bits_per_s=1_000_000, round_trip_ms=200, loss_percent=5),
}
_LETTER_WITHIN_S = 15.0
_FIRST_EXACT_WITHIN_S, _EXACT_WITHIN_S = 40.0, 30.0


@dataclass
class Found:
    """One peer on one path."""

    letters_ms: list[float]
    letters_missed: int
    ages_ms: list[float]
    """Of each picture of the film that was seen: how old it was then."""
    gaps_ms: list[float]
    """Between one picture of the film that was seen and the next."""
    exact_ms: float | None
    """From the end of it all until every pixel was right."""
    misread: int = 0
    """Marks of the film that said of a picture that was not painted yet: misread in a coarse one, and not in the ages."""


async def measure(*, is_quick: bool = False) -> Section:
    """Ours, TigerVNC and xpra, on each path in turn."""
    rows, facts = [], {}
    async with async_playwright() as playwright:
        for name, path in PATHS.items():
            for peer in (Ours(), X0vncserver(), Xpra()):
                if why := peer.why_not():
                    facts[peer.label] = f"left out: {why}"
                    continue
                try:
                    found = await _once(playwright, peer, path, is_quick=is_quick)
                except Exception as error:
                    if peer.is_ours:
                        raise
                    facts[f"{name}, {peer.label}"] = f"did not get so far: {str(error).splitlines()[0]}"
                    continue
                rows += list(rows_of(f"{name}, {peer.label}", found))
                if found.misread:
                    facts[f"{name}, {peer.label}, marks of the film that were misread"] = str(found.misread)
                facts[f"{name}, {peer.label}, exact after"] = (
                    f"not within {_EXACT_WITHIN_S:g} s" if found.exact_ms is None else f"{found.exact_ms:.0f} ms"
                )
    return Section("narrow", "Narrow paths", _ABOUT, rows, facts | {"screen": f"{WIDTH_PX} x {HEIGHT_PX}"})


_ABOUT = """\
A 720p film of thirty pictures a second plays for twenty seconds, and below it two or three letters a second are typed. *Letter*: from its
painting until it, or one after it, is read back from the canvas. *Film, age*: how old each picture of it was when it was seen. *Film, gap*:
from one that was seen to the next; the longest is the longest stall. Rate, delay and loss hold in both directions; a queue of 400 ms stands
before the narrow place. One round of each."""


def rows_of(name: str, found: Found) -> Iterator[Row]:
    yield Row(f"{name}: letter", found.letters_ms, found.letters_missed)
    yield Row(f"{name}: film, age", found.ages_ms)
    yield Row(f"{name}: film, gap", found.gaps_ms)


async def _once(playwright: Playwright, peer: Peer, path: Path, *, is_quick: bool) -> Found:
    with narrow_path(path) as laid:
        async with session(peer, playwright, path=laid) as stage:
            return await _play(stage, TypingBesideFilm.steps_quick if is_quick else TypingBesideFilm.steps)


async def _play(stage: Stage, count: int) -> Found:
    page, painter = stage.page, stage.painter
    scene = TypingBesideFilm(stage.display.width_px, stage.display.height_px)
    painter.forget()
    painter.tell("scene", scene.name)
    await asyncio.wait_for(painter.said("scene"), 60)
    await exact_at_page_ms(page, stage.display, _FIRST_EXACT_WITHIN_S, done_after_s=8.0)
    letters = scene.letters(count)
    film = [_mark(number, *scene.place(number)) for number in range(1, count + 1)]
    typed = [_mark(scene.LETTERS + number, *scene.letter_place(number)) for number in letters]
    await page.evaluate("lists => probe.expect(lists)", [film, typed])
    last_letter = asyncio.create_task(page.evaluate("n => probe.until(n)", scene.LETTERS + letters[-1]))
    painter.tell("play", count)
    painted_ms = {number: at_ns / 1e6 for number, at_ns in [await painter.said("painted") for _ in range(count)]}
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(last_letter, _LETTER_WITHIN_S)
    exact_at = await exact_at_page_ms(page, stage.display, _EXACT_WITHIN_S, done_after_s=8.0)
    seen = {int(number): stage.clock.ours_ms(read_ms) for number, _, read_ms in await page.evaluate("probe.seen()")}
    seen_letters = {number - scene.LETTERS: at for number, at in seen.items() if number > scene.LETTERS}
    told_film = {number: at for number, at in seen.items() if number < scene.LETTERS}
    seen_film = {number: at for number, at in told_film.items() if at >= painted_ms[number]}
    letters_ms, missed = until_seen({number: painted_ms[number] for number in letters}, seen_letters)
    times = sorted([painted_ms[1], *seen_film.values()])
    return Found(
        letters_ms,
        missed,
        [at - painted_ms[number] for number, at in seen_film.items()],
        [later - earlier for earlier, later in pairwise(times)],
        None if exact_at is None else stage.clock.ours_ms(exact_at) - painted_ms[count],
        len(told_film) - len(seen_film),
    )


def _mark(number: int, x: int, y: int, size: tuple[int, int]) -> list[int]:
    return [number, x, y, *size]
