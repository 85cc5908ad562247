"""What depends on each threshold of the pixels' way: a few values of each, all else as it is, in one process."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TypeVar
from unittest.mock import patch

import numpy

from benchmarks import grounds, thresholds_page
from benchmarks.canvas import Pixels
from benchmarks.report import Section
from benchmarks.thresholds_motion import FILMS, HEIGHT_PX, PHOTOS, STILL, THUMBNAILS, WIDTH_PX, Seen, Workload, played
from client_agent.screen import budget, coarse, damage, differences, motion
from client_agent.screen.source import Box
from client_agent.screen.stream import PictureStream
from protocol.vocabulary import Preference
from tests.client_agent.screen.array_desktop import ALL_CODECS, ArrayDesktop

_ABOUT = """\
Each threshold has some values in turn, all others stay; the product's own value is bold. What moves is played on a desktop in memory,
on a path of 20 Mbit/s and 20 ms that is calculated, with a clock that we turn: these tables do not depend on how busy the machine is.
Bytes are plain ones."""

# Seconds; pictures and seconds; seconds.
SOON_S = (0.0, 0.05, 0.1, 0.15, 0.3)
SLOWLY = ((2, 0.8), (3, 0.4), (3, 0.8), (3, 1.6), (4, 0.8))
EXACT_AFTER_S = (0.1, 0.15, 0.2, 0.3, 0.5)
SHARES, VOTES = (0.3, 0.4, 0.5, 0.6, 0.7), (2, 3, 4, 5, 6)
BOXES_MAX = (8, 16, 32, 64, 128)

T = TypeVar("T")
_AUTOMATIC = budget._WISHES[Preference.AUTOMATIC]


async def measure(*, is_quick: bool = False) -> Section:
    """All tables, one after the other."""
    tables = [_films(is_quick=is_quick), _rest(is_quick=is_quick), _tiles(), _coarse(is_quick=is_quick)]
    tables.append(_damages(is_quick=is_quick))
    boxes, works = await thresholds_page.compared(is_quick=is_quick)
    tables += [
        "**Boxes that the page brings to the canvas**, glyphs all over a 1080p screen: milliseconds until they are shown, in brackets of "
        "processor, of the whole browser; medians.\n\n" + _of_the_page(boxes, "glyphs", 32),
        "**Photos that the browser decodes at once**, of 96 x 64: the same.\n\n" + _of_the_page(works, "photos", 64),
    ]
    return Section("thresholds", "Thresholds of pixels", _ABOUT, body="\n\n".join(tables))


def exact_after(seconds: float) -> AbstractContextManager[object]:
    """What has been still for so long is made exact."""
    return patch.dict(budget._WISHES, {Preference.AUTOMATIC: replace(_AUTOMATIC, exact_after_s=seconds)})


def _films(*, is_quick: bool) -> str:
    def told(seen: Seen) -> str:
        after = f"{seen.film_after}." if seen.film_after else "–"
        return f"{after} {seen.moving_bytes / 1000:.0f} KB, {seen.exact_ms:.0f} ms"

    works = [PHOTOS[2], *FILMS[1:2]] if is_quick else [*PHOTOS, *FILMS]
    soon = {
        _bold(f"{seconds * 1000:.0f} ms", is_ours=seconds == motion._SOON_S): patch.object(motion, "_SOON_S", seconds)
        for seconds in SOON_S
    }
    slowly = {
        _bold(
            f"{count} in {seconds * 1000:.0f} ms", is_ours=(count, seconds) == (motion._PICTURES, motion._WITHIN_S)
        ): (patch.multiple(motion, _PICTURES=count, _WITHIN_S=seconds))
        for count, seconds in SLOWLY
    }
    eager = {
        "as it is": patch.multiple(motion, _PICTURES=motion._PICTURES),
        "300 ms, or 2 in 1600": patch.multiple(motion, _SOON_S=0.3, _PICTURES=2, _WITHIN_S=1.6),
    }
    return "\n\n".join(
        (
            "**What is a film.** The picture with which the first video went, bytes while it was painted, and how long after "
            "the last picture everything was exact.",
            "Two changes within:",
            _table(works, soon, lambda work: told(played(work))),
            "So many within:",
            _table(works, slowly, lambda work: told(played(work))),
            "Where nothing looks like a photo:",
            _table(STILL[:1] if is_quick else STILL, eager, lambda work: told(played(work))),
        )
    )


def _rest(*, is_quick: bool) -> str:
    def told(seen: Seen) -> str:
        return f"{seen.vain_pictures}, {seen.vain_bytes / 1000:.0f} KB, {seen.exact_ms:.0f} ms"

    values = {
        _bold(f"{seconds * 1000:.0f} ms", is_ours=seconds == _AUTOMATIC.exact_after_s): exact_after(seconds)
        for seconds in EXACT_AFTER_S
    }
    works = FILMS[1:2] if is_quick else [*PHOTOS, *FILMS]
    return (
        "**Exact after so long of rest.** After how many pictures something was made exact although another one came, the bytes of it, "
        "and how long after the last picture everything was exact.\n\n"
        + _table(works, values, lambda work: told(played(work)))
    )


def _samples() -> dict[str, Pixels]:
    """What a screen shows, by its name."""
    pages = [grounds.text_page(number, 1280, 720) for number in range(4)]
    # As letters are smoothed for screens whose pixels are red, green and blue side by side.
    coloured = pages[0].copy()
    coloured[..., 0], coloured[..., 2] = numpy.roll(pages[0][..., 0], 1, 1), numpy.roll(pages[0][..., 2], -1, 1)
    sky = grounds.photo(20, 1280, 720)
    sky[:360, :, :3] = (230, 180, 120)
    y, x = numpy.mgrid[0:720, 0:1280]
    slope = numpy.repeat(((x + y) * 255 // 2000).astype(numpy.uint8)[:, :, None], 4, axis=2)
    return {
        "pages of text on four grounds": numpy.concatenate(pages),
        "a page of text, smoothed in colours": coloured,
        "a window": grounds.window(1280, 720),
        "a slope of grey": slope,
        "a photo": grounds.photo(20, 1280, 720),
        "a picture of the film": grounds.film(7, 1280, 720),
        "a photo of which half is plain sky": sky,
        "a photo, twice as large": grounds.photo(20, 640, 360).repeat(2, axis=0).repeat(2, axis=1),
    }


def _tiles() -> str:
    def share(pixels: Pixels) -> str:
        photos, others = differences.photo_boxes(numpy.ascontiguousarray(pixels).view(numpy.uint32)[:, :, 0])
        area = sum(box.area for box in photos)
        return f"{100 * area / (area + sum(box.area for box in others)):.0f}"

    values: dict[str, AbstractContextManager[object]] = {}
    for sign, name in (("busy", "_BUSY"), ("colours", "_COLOURS")):
        for value in SHARES:
            is_ours = value == getattr(differences, name)
            values[_bold(f"{sign} {value}", is_ours=is_ours)] = patch.object(differences, name, value)
    for votes in VOTES:
        is_ours = votes == differences._VOTES
        values[_bold(f"{votes} of 9", is_ours=is_ours)] = patch.object(differences, "_VOTES", votes)
    samples = _samples()
    rows = [(label, [_under(value, share, pixels) for pixels in samples.values()]) for label, value in values.items()]
    return "**What is a photo.** The share of it that is taken for one, per cent.\n\n" + _lines("", list(samples), rows)


def _coarse(*, is_quick: bool) -> str:
    """One rectangle around all where there are too many."""

    def told(seen: Seen) -> str:
        return f"{(seen.moving_bytes + seen.rest_bytes) / 1000:.0f} KB, {seen.exact_ms:.0f} ms"

    values = {
        _bold(f"{value}", is_ours=value == coarse._BOXES_MAX): patch.object(coarse, "_BOXES_MAX", value)
        for value in BOXES_MAX
    }
    works = THUMBNAILS[:1] if is_quick else THUMBNAILS
    return (
        "**Boxes that the agent remembers as coarse**; where there are more, all that lies between them becomes exact again. All "
        "bytes, and how long until everything was exact.\n\n" + _table(works, values, lambda work: told(played(work)))
    )


class _Merging(ArrayDesktop):
    """One that tells of at most so many boxes, as the real ones do."""

    boxes_max = damage.BOXES_MAX

    def damage(self) -> list[Box]:
        whole = Box(0, 0, self.pixels.shape[1], self.pixels.shape[0])
        return damage.merge(super().damage(), whole, boxes_max=self.boxes_max)


def _damages(*, is_quick: bool) -> str:
    """Glyphs in many places at once; all limits in turn, each with a desktop of its own."""
    repetitions = 3 if is_quick else 15
    pages = [grounds.text_page(number, WIDTH_PX, HEIGHT_PX, ground=(255, 255, 255)) for number in (1, 2)]
    rows = []
    for count in (40, 100, 1000):
        places = list(_scattered(count))
        took: dict[int, list[float]] = {value: [] for value in BOXES_MAX}
        sizes: dict[int, list[int]] = {value: [] for value in BOXES_MAX}
        shown = {value: _begun(value, pages[0]) for value in BOXES_MAX}
        for number in range(1, repetitions + 1):
            for value, (desktop, stream) in shown.items():
                for box in places:
                    desktop.put(box.x, box.y, pages[number % 2][box.y : box.bottom, box.x : box.right])
                began = time.process_time()
                sizes[value].append(sum(map(len, stream.pump(100.0 + number))))
                took[value].append((time.process_time() - began) * 1000)
                stream.shown(stream.newest_picture, 100.0 + number)
        cells = [
            f"{statistics.median(took[each]):.1f} ms, {statistics.median(sizes[each]):.0f} B" for each in BOXES_MAX
        ]
        rows.append((f"{count} glyphs", cells))
    heads = [_bold(f"{value}", is_ours=value == damage.BOXES_MAX) for value in BOXES_MAX]
    return (
        "**Boxes that a desktop tells of.** Glyphs that change all over a page of text: milliseconds of the agent's processor, and bytes; "
        "medians.\n\n" + _lines("", heads, rows)
    )


def _scattered(count: int) -> Iterator[Box]:
    chance = numpy.random.default_rng(count)
    for _ in range(count):
        yield Box(int(chance.integers(0, WIDTH_PX - 9)), int(chance.integers(0, HEIGHT_PX - 17)), 9, 17)


def _begun(boxes_max: int, page: Pixels) -> tuple[ArrayDesktop, PictureStream]:
    desktop = _Merging(WIDTH_PX, HEIGHT_PX)
    desktop.boxes_max = boxes_max
    desktop.put(0, 0, page)
    stream = PictureStream(desktop, utc_ms=lambda: 1)
    stream.agree(ALL_CODECS)
    for _ in stream.pump(100.0):
        pass
    stream.shown(stream.newest_picture, 100.0)
    return desktop, stream


def _of_the_page(figures: thresholds_page.Figures, things: str, ours: int) -> str:
    counts, values = sorted({count for count, _ in figures}), sorted({value for _, value in figures})
    rows = [(f"{count} {things}", [figures[count, value] for value in values]) for count in counts]
    return _lines("", [_bold(f"{value}", is_ours=value == ours) for value in values], rows)


def _table(
    works: Sequence[Workload], values: Mapping[str, AbstractContextManager[object]], told: Callable[[Workload], str]
) -> str:
    rows = [(work.title, [_under(value, told, work) for value in values.values()]) for work in works]
    return _lines("", list(values), rows)


def _under(value: AbstractContextManager[object], told: Callable[[T], str], what: T) -> str:
    with value:
        return told(what)


def _lines(corner: str, heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    lines = [f"| {corner} | {' | '.join(heads)} |", f"| --- | {' | '.join(['---:'] * len(heads))} |"]
    return "\n".join([*lines, *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows)])


def _bold(text: str, *, is_ours: bool) -> str:
    return f"**{text}**" if is_ours else text
