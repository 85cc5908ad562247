"""What is drawn is exact where it can be, near enough where it moves, and exact again once it is still: client_agent/screen/drawing.py."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers, lists, sampled_from, sets, tuples

from client_agent.losses import Lossy
from client_agent.screen import abilities, stream
from client_agent.screen.budget import Path, budget
from client_agent.screen.encoders.interface import CannotEncode
from client_agent.screen.source import Box
from protocol.media_parts import Codec, Copy, Rectangle, Video, VideoEnded
from protocol.vocabulary import Preference
from tests.client_agent.screen.array_desktop import ALL_CODECS, Pixels, Viewer, Watched, film, photo, text

WIDTH, HEIGHT = 640, 480


def watched(codecs: frozenset[str] = ALL_CODECS, background: Pixels | None = None) -> Watched:
    watched = Watched(WIDTH, HEIGHT, codecs=codecs)
    watched.desktop.put(0, 0, text(WIDTH, HEIGHT) if background is None else background)
    watched.step()
    return watched


def codecs_of(viewer: Viewer) -> set[Codec]:
    return {part.codec for part in viewer.parts if isinstance(part, Rectangle)}


def pixels_drawn(viewer: Viewer) -> int:
    places = {(part.x, part.y, part.width, part.height) for part in viewer.parts if isinstance(part, Rectangle)}
    return sum(width * height for _, _, width, height in places)


def test_a_glyph_is_exact_and_takes_few_bytes() -> None:
    one = watched()
    one.desktop.put(304, 201, text(20, 20, seed=9)[3:15, 4:11])
    one.step()
    assert one.viewer.is_exact(one.desktop)
    assert one.viewer.end.is_exact
    assert one.viewer.bytes < 150


def test_what_is_painted_without_a_change_sends_nothing() -> None:
    one = watched()
    one.desktop.put(0, 0, one.desktop.pixels.copy())
    one.step()
    assert one.viewer.parts == []


@pytest.mark.parametrize("rows", [54, -54, 7, -200])
def test_scrolling_is_a_copy_and_what_is_new(rows: int) -> None:
    page = text(WIDTH - 40, HEIGHT * 3)
    one = watched(background=text(WIDTH, HEIGHT, seed=3))
    one.desktop.put(20, 10, page[HEIGHT : 2 * HEIGHT - 20])
    one.step()
    one.desktop.put(20, 10, page[HEIGHT + rows : 2 * HEIGHT - 20 + rows])
    one.step()
    assert one.viewer.is_exact(one.desktop)
    assert any(isinstance(part, Copy) for part in one.viewer.parts)
    drawn = pixels_drawn(one.viewer)
    assert drawn < (abs(rows) + 60) * WIDTH


def test_what_scrolls_under_a_window_moves_from_one_piece_into_the_other() -> None:
    page = text(WIDTH, HEIGHT * 2)
    one = watched(background=page[:HEIGHT])
    beside, below = Box(400, 0, WIDTH - 400, 70), Box(0, 70, WIDTH, HEIGHT - 70)
    for box in (beside, below):
        one.desktop.put(box.x, box.y, page[box.y + 54 : box.bottom + 54, box.x : box.right])
    one.step()
    assert one.viewer.is_exact(one.desktop)
    assert len([part for part in one.viewer.parts if isinstance(part, Copy)]) == 2
    assert pixels_drawn(one.viewer) < 60 * WIDTH


def test_a_window_that_is_moved_is_a_copy_and_what_was_under_it() -> None:
    ground = np.full((HEIGHT, WIDTH, 4), 90, np.uint8)
    one = watched(background=ground)
    one.desktop.put(100, 100, text(200, 150))
    one.step()
    one.desktop.move(Box(100, 100, 200, 150), 117, 109, under=ground)
    one.step()
    assert one.viewer.is_exact(one.desktop)
    assert any(isinstance(part, Copy) for part in one.viewer.parts)
    assert one.viewer.bytes < 2000


def test_a_move_that_is_not_what_is_seen_does_no_harm() -> None:
    ground = photo(WIDTH, HEIGHT)
    one = watched(background=ground)
    one.rest()
    one.desktop.move(Box(100, 100, 200, 150), 300, 300, under=ground)
    one.desktop.put(300, 300, text(200, 150))
    one.step()
    one.rest()
    assert one.viewer.is_exact(one.desktop)


def test_a_photo_comes_coarsely_at_first_and_is_exact_soon() -> None:
    one = watched()
    box = Box(40, 30, 500, 400)
    one.desktop.put(box.x, box.y, photo(box.width, box.height))
    one.step()
    assert Codec.JPEG in codecs_of(one.viewer)
    assert not one.viewer.end.is_exact
    assert one.viewer.psnr(one.desktop, box) > 34
    assert one.viewer.bytes < 100_000
    began = one.now
    one.rest()
    assert one.now - began < 0.6
    assert one.viewer.is_exact(one.desktop)


def page_with_photos() -> Pixels:
    page = text(WIDTH, 2000)
    for number, y in enumerate((530, 900)):
        page[y : y + 250, 60:560] = photo(500, 250, seed=number)
    return page


def exact_again_px(viewer: Viewer) -> int:
    return sum(p.width * p.height for p in viewer.parts if isinstance(p, Rectangle) and p.codec is Codec.PLANES)


def test_photos_that_scroll_into_sight_become_exact_once_and_not_before_they_stand_still() -> None:
    page = page_with_photos()
    one = watched(background=page[:HEIGHT])
    for y in range(60, 1200, 60):
        one.desktop.put(0, 0, page[y : y + HEIGHT])
        one.step(0.2)
        assert any(isinstance(part, Copy) for part in one.viewer.parts)
        assert exact_again_px(one.viewer) == 0
        for _ in range(3):
            # As time passes until the next notch of the wheel.
            one.step(0.02)
            assert one.viewer.parts == []
    # Nobody would take what stands still for something that goes on, and twice the pixels that are seen were sent before.
    began, exact_px = one.now, 0
    while not one.viewer.end.is_exact:
        one.step(0.02)
        exact_px += exact_again_px(one.viewer)
    assert one.now - began < 0.4
    assert one.viewer.is_exact(one.desktop)
    assert 0 < exact_px <= 1.2 * 500 * 250
    assert one.rest() == 0


def test_what_was_exact_is_not_sent_again_where_it_is_copied_to() -> None:
    page = page_with_photos()
    one = watched(background=page[200 : 200 + HEIGHT])
    one.rest()
    for y in (254, 308, 362):
        one.desktop.put(0, 0, page[y : y + HEIGHT])
        one.step(0.05)
        one.rest()
        assert one.viewer.is_exact(one.desktop)
    one.desktop.put(0, 0, page[362 - 54 : 362 - 54 + HEIGHT])
    one.step(0.05)
    assert one.viewer.end.is_exact


def test_exact_text_over_a_photo_leaves_nothing_to_be_refined() -> None:
    one = watched()
    one.desktop.put(100, 100, photo(256, 192))
    one.step()
    assert Codec.JPEG in codecs_of(one.viewer)
    one.desktop.put(100, 100, text(256, 192, seed=5))
    one.step()
    assert one.viewer.end.is_exact
    assert one.viewer.is_exact(one.desktop)


def test_on_a_narrow_path_a_photo_is_there_soon_then_better_and_exact_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    narrow = budget(Path(rate=40_000, motion_rate=30_000, round_trip_s=0.2), Preference.AUTOMATIC)
    monkeypatch.setattr(stream, "budget", lambda *_: narrow)
    one = watched()
    one.rest()
    box = Box(0, 0, WIDTH, HEIGHT)
    one.desktop.put(0, 0, photo(WIDTH, HEIGHT))
    one.step()
    assert one.viewer.bytes < 1.2 * narrow.photo_bytes
    nearness = [one.viewer.psnr(one.desktop, box)]
    # An exact pixel before all have become better would have been room for the others.
    while Codec.PLANES not in codecs_of(one.viewer):
        nearness.append(one.viewer.psnr(one.desktop, box))
        one.step(0.02)
    assert nearness[-1] > nearness[0] + 2
    one.rest()
    assert one.viewer.is_exact(one.desktop)


def test_on_a_lossy_path_a_photo_that_has_no_room_waits_and_a_letter_beside_it_does_not() -> None:
    one = watched()
    one.rest()
    one.stream.lose(Lossy(25_000, room_bytes=1000, is_idle=False))
    one.desktop.put(0, 0, photo(WIDTH, HEIGHT // 2))
    one.desktop.put(0, HEIGHT // 2 + 20, text(20, 20))
    one.step()
    assert one.viewer.psnr(one.desktop, Box(0, HEIGHT // 2, WIDTH, HEIGHT // 2)) == float("inf")
    assert one.viewer.bytes < 1000
    assert not one.viewer.end.is_exact
    for _ in range(50):
        one.step(0.1)
        assert one.viewer.bytes == 0
    one.stream.lose(Lossy(25_000, room_bytes=10_000, is_idle=False))
    while not one.viewer.is_exact(one.desktop):
        one.step(0.02)
        assert one.viewer.bytes < 6000


def test_on_a_lossy_path_a_screen_of_text_comes_in_small_pictures_and_a_letter_in_between() -> None:
    one = watched()
    one.rest()
    lossy = Lossy(10_000, room_bytes=10_000, is_idle=False)
    one.stream.lose(lossy)
    one.desktop.put(0, 0, text(WIDTH, HEIGHT, seed=2))
    one.step()
    # What is sent at once: what the path carries in 0.4 s, and a slice of pixels.
    assert one.viewer.bytes < 10_000
    assert Codec.JPEG not in codecs_of(one.viewer)
    letter, bytes_of_all = Box(WIDTH - 40, HEIGHT - 30, 20, 20), one.viewer.bytes
    one.desktop.put(letter.x, letter.y, text(letter.width, letter.height, seed=3))
    one.step()
    assert one.viewer.psnr(one.desktop, letter) == float("inf")
    while not one.viewer.is_exact(one.desktop):
        one.step(0.02)
        assert 0 < one.viewer.bytes < 4000
        assert Codec.JPEG not in codecs_of(one.viewer)
        bytes_of_all += one.viewer.bytes
    assert one.viewer.end.is_exact


def test_on_a_lossy_path_what_goes_on_changing_is_seen_coarsely_before_long() -> None:
    one = watched()
    one.rest()
    one.stream.lose(Lossy(10_000, room_bytes=0, is_idle=False))
    for number in range(50):
        one.desktop.put(0, 0, text(WIDTH, HEIGHT, seed=number))
        one.step(0.1)
        if Codec.JPEG in codecs_of(one.viewer):
            break
    assert 15 <= number <= 25
    assert one.viewer.psnr(one.desktop, Box(0, 0, WIDTH, HEIGHT)) > 12


@pytest.mark.parametrize("name", ["h264-444", "h264", "av1", "vp9"])
def test_a_region_that_keeps_moving_becomes_a_film_and_is_exact_at_rest(name: str) -> None:
    one = watched(frozenset({"zstd", "zstd-stream", "copy", "jpeg", "planes", name}))
    box = Box(101, 33, 420, 300)
    pictures = film(box.width, box.height, 12)
    nearness = []
    for picture in pictures:
        one.desktop.put(box.x, box.y, picture)
        one.step()
        nearness.append(one.viewer.psnr(one.desktop, box))
    assert any(isinstance(part, Video) for part in one.viewer.parts)
    assert not one.viewer.end.is_exact
    assert min(nearness) > 32
    one.rest()
    assert one.viewer.is_exact(one.desktop)
    one.desktop.put(0, 0, text(50, 20, seed=5))
    one.step(10.0)
    assert VideoEnded(0) in one.viewer.parts
    assert one.viewer.is_exact(one.desktop)


def test_text_beside_a_film_stays_exact_while_it_plays() -> None:
    one = watched()
    for number, picture in enumerate(film(300, 200, 12)):
        one.desktop.put(20, 20, picture)
        one.desktop.put(400, 300, text(100, 40, seed=number))
        one.step()
        assert (one.viewer.pixels[250:, :, :3] == one.desktop.pixels[250:, :, :3]).all()


def test_a_window_over_a_film_that_stands_still_is_exact_at_once() -> None:
    one = watched()
    for picture in film(300, 200, 12):
        one.desktop.put(20, 20, picture)
        one.step()
    one.rest()
    one.desktop.put(40, 40, text(60, 40, seed=2))
    one.step()
    assert one.viewer.is_exact(one.desktop)


def test_a_copy_of_something_coarse_is_exact_in_the_end_too() -> None:
    ground = photo(WIDTH, HEIGHT)
    one = watched(background=ground)
    one.desktop.move(Box(100, 100, 200, 150), 140, 130, under=text(WIDTH, HEIGHT))
    one.step()
    one.rest()
    assert one.viewer.is_exact(one.desktop)


def test_only_what_was_agreed_on_is_used() -> None:
    one = watched(frozenset({"zstd"}))
    for picture in film(300, 200, 8):
        one.desktop.put(20, 20, picture)
        one.step()
        assert codecs_of(one.viewer) == {Codec.ZSTD}
        assert one.viewer.is_exact(one.desktop)


def test_a_film_ends_for_all_where_somebody_comes_who_cannot_decode_it() -> None:
    one = watched()
    pictures = film(300, 200, 16)
    for picture in pictures[:12]:
        one.desktop.put(20, 20, picture)
        one.step()
    one.stream.agree(frozenset({"zstd"}))
    newcomer = Viewer()
    newcomer.show(one.stream.key_picture())
    for picture in pictures[12:]:
        one.desktop.put(20, 20, picture)
        one.step(1 / 30, newcomer)
        assert codecs_of(newcomer) <= {Codec.ZSTD}
    one.rest(newcomer)
    assert one.viewer.is_exact(one.desktop)
    assert newcomer.is_exact(one.desktop)


@pytest.mark.parametrize("at", [0, 3, 9])
def test_who_joins_while_a_film_plays_sees_it_from_a_key_on(at: int) -> None:
    one, newcomer = watched(), Viewer()
    for number, picture in enumerate(film(300, 200, 14)):
        one.desktop.put(20, 20, picture)
        if number < at:
            one.step()
            continue
        if number == at:
            newcomer.show(one.stream.key_picture())
        one.step(1 / 30, newcomer)
    assert newcomer.psnr(one.desktop, Box(20, 20, 300, 200)) > 32
    one.rest(newcomer)
    assert newcomer.is_exact(one.desktop)
    assert one.viewer.is_exact(one.desktop)


KINDS: dict[str, Callable[[int], Pixels]] = {
    "text": lambda seed: text(150, 90, seed=seed),
    "photo": lambda seed: photo(160, 140, seed=seed),
    "plain": lambda seed: np.full((60, 300, 4), seed * 20, np.uint8),
    "glyph": lambda seed: text(20, 20, seed=seed)[3:15, 4:11],
}
paints = tuples(sampled_from(sorted(KINDS)), integers(0, 160), integers(0, 100), integers(0, 6))
moves = tuples(sampled_from(["move", "film"]), integers(0, 160), integers(0, 100), integers(0, 6))
others = tuples(
    sampled_from(["join", "more of the picture for one", "step", "pause"]),
    integers(0, 0),
    integers(0, 0),
    integers(0, 0),
)


@settings(max_examples=40)
@given(
    lists(paints | moves | others, max_size=14),
    sets(sampled_from(sorted(ALL_CODECS - {"zstd", "av1", "vp9"}))),
)
def test_whatever_happens_in_the_end_everybody_sees_the_screen_exactly(
    steps: list[tuple[str, int, int, int]], codecs: set[str]
) -> None:
    one = Watched(320, 240, codecs=frozenset({"zstd", *codecs}))
    one.step()
    newcomer = Viewer()
    for_one: Iterator[bytes] = iter(())
    is_there = False
    scene = film(160, 140, 7)
    for kind, x, y, seed in steps:
        match kind:
            case "join" if not is_there:
                for_one, is_there = one.stream.key_picture(), True
                newcomer.show([next(for_one)])
            case "more of the picture for one":
                newcomer.show(islice(for_one, 1))
            case "pause" if not is_there:
                one.stream.pause()
                one.stream.resume()
            case "move":
                one.desktop.move(Box(x // 2, y // 2, 100, 80), x, y, under=text(320, 240), is_told=bool(seed % 2))
            case "film":
                for picture in scene:
                    one.desktop.put(x, y, picture)
                    one.step(1 / 30, *([newcomer] if is_there else []))
            case _ if kind in KINDS:
                one.desktop.put(min(x, 319 - 300 if kind == "plain" else x), y, KINDS[kind](seed))
        one.step(1 / 30, *([newcomer] if is_there else []))
    if is_there:
        newcomer.show(for_one)
    one.rest(*([newcomer] if is_there else []))
    assert one.viewer.is_exact(one.desktop)
    assert not is_there or newcomer.is_exact(one.desktop)


def test_without_numpy_everything_goes_exactly_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abilities, "_HAS_NUMPY", False)
    assert abilities.offered() == ("zstd", "zstd-stream")
    one = watched(frozenset(abilities.offered()))
    one.desktop.put(40, 30, photo(300, 200))
    one.desktop.put(400, 300, text(100, 40, seed=7))
    one.step()
    assert one.viewer.is_exact(one.desktop)
    drawn = pixels_drawn(one.viewer)
    assert drawn <= 300 * 200 + 100 * 40


# --- what a desktop can do to us ---------------------------------------------------------------------------------------


def test_a_thousand_scattered_changes_are_one_bounded_picture() -> None:
    one = watched()
    random = np.random.default_rng(1)
    for x, y in zip(random.integers(0, WIDTH - 8, 1000), random.integers(0, HEIGHT - 8, 1000), strict=True):
        one.desktop.put(int(x), int(y), np.full((6, 5, 4), int(x) % 256, np.uint8))
    one.step()
    one.rest()
    assert one.viewer.is_exact(one.desktop)
    assert one.viewer.end.number <= 30


def test_whoever_paints_faster_than_anybody_looks_makes_nothing_grow_and_the_newest_is_seen() -> None:
    one = watched()
    made = 0
    for seed in range(200):
        one.desktop.put(0, 0, text(200, 100, seed=seed))
        one.now += 0.001
        records = list(one.stream.pump(one.now))
        made += sum(map(len, records))
        one.viewer.show(records)
    # Nobody acknowledged anything: what may be under way was made, and nothing after it.
    assert one.viewer.end.number < 100
    assert records == []
    assert made < 2_000_000
    one.stream.shown(one.stream.newest_picture, one.now)
    one.step()
    one.rest()
    assert one.viewer.is_exact(one.desktop)


def test_a_screen_that_changes_size_all_the_time_is_shown_in_each() -> None:
    one = watched()
    for number, (width, height) in enumerate([(320, 200), (700, 500), (64, 48), (640, 480), (1, 1), (640, 480)]):
        before_height, before_width = one.desktop.pixels.shape[:2]
        for picture in film(min(before_width, 300), min(before_height, 200), 3, seed=number):
            one.desktop.put(0, 0, picture)
            one.step()
        one.desktop.resize(width, height)
        one.step(0.1)
        one.desktop.put(0, 0, text(width, height, seed=number))
        one.step(0.1)
        assert (one.viewer.pictures.screens[0].width, one.viewer.pictures.screens[0].height) == (width, height)
    one.rest()
    assert one.viewer.is_exact(one.desktop)


def test_a_film_with_odd_sides_at_the_edge_of_an_odd_screen_is_exact_at_rest() -> None:
    one = Watched(333, 251)
    one.step()
    for picture in film(233, 201, 8):
        one.desktop.put(100, 50, picture)
        one.step()
    assert any(isinstance(part, Video) for part in one.viewer.parts)
    one.rest()
    assert one.viewer.is_exact(one.desktop)


@pytest.mark.parametrize("pictures_a_second", [5.0, 12.0])
def test_a_film_that_may_not_come_often_ends_with_its_last_picture(
    pictures_a_second: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = replace(budget(Path(), Preference.AUTOMATIC), pictures_a_second=pictures_a_second)
    monkeypatch.setattr(stream, "budget", lambda *_: narrow)
    one = watched()
    played = 0
    for picture in film(300, 200, 30):
        one.desktop.put(20, 20, picture)
        one.step()
        played += any(isinstance(part, Video) for part in one.viewer.parts)
    assert 2 <= played <= pictures_a_second + 3
    one.rest()
    assert one.viewer.is_exact(one.desktop)


@pytest.mark.parametrize("codecs", [ALL_CODECS, frozenset({"zstd", "jpeg"})])
def test_where_exact_pixels_would_take_too_long_they_come_coarsely_first(
    codecs: frozenset[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = budget(Path(rate=20_000, motion_rate=10_000, round_trip_s=0.2), Preference.AUTOMATIC)
    monkeypatch.setattr(stream, "budget", lambda *_: narrow)
    one = watched(codecs)
    one.rest()
    noise = np.random.default_rng(1).integers(0, 2, (HEIGHT, WIDTH, 1), np.uint8) * np.uint8(255)
    one.desktop.put(0, 0, np.repeat(noise, 4, axis=2))
    one.step()
    assert not one.viewer.end.is_exact
    one.rest()
    assert one.viewer.is_exact(one.desktop)


def test_text_that_comes_coarsely_first_is_not_longer_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    exact, coarse = watched(), watched()
    page = text(WIDTH, HEIGHT, seed=5)
    exact.desktop.put(0, 0, page)
    exact.step()
    assert exact.viewer.end.is_exact
    narrow = budget(Path(rate=10_000, motion_rate=5_000, round_trip_s=0.2), Preference.AUTOMATIC)
    monkeypatch.setattr(stream, "budget", lambda *_: narrow)
    coarse.desktop.put(0, 0, page)
    coarse.step()
    assert not coarse.viewer.end.is_exact
    assert coarse.viewer.bytes < exact.viewer.bytes


def test_text_takes_fewer_bytes_on_a_narrow_path_and_is_exact_while_the_path_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = watched()
    took: dict[float, list[int]] = {300_000.0: [], 9_000_000.0: []}
    for number, rate in enumerate([*took] * 3):
        terms = budget(Path(rate=rate, motion_rate=rate, round_trip_s=0.1), Preference.AUTOMATIC)
        monkeypatch.setattr(stream, "budget", lambda *_, terms=terms: terms)
        one.desktop.put(0, 0, text(WIDTH, HEIGHT, seed=10 + number))
        one.step()
        assert one.viewer.end.is_exact
        assert one.viewer.is_exact(one.desktop)
        took[rate].append(one.viewer.bytes)
    narrow, wide = took.values()
    assert max(narrow) < 0.9 * min(wide)


def test_a_film_that_is_painted_in_bands_is_one_film() -> None:
    one = watched()
    exact_px = 0
    places = set()
    for picture in film(400, 300, 8):
        for y in range(0, 300, 50):
            one.desktop.put(40, 30 + y, picture[y : y + 50])
            one.step(0.005)
            exact_px += sum(
                part.width * part.height
                for part in one.viewer.parts
                if isinstance(part, Rectangle) and part.codec is not Codec.JPEG
            )
            places |= {
                (part.x, part.y, part.width, part.height) for part in one.viewer.parts if isinstance(part, Video)
            }
    assert exact_px < 400 * 50
    assert places == {(40, 30, 400, 300)}
    one.rest()
    assert one.viewer.is_exact(one.desktop)


def test_a_window_that_is_moved_over_the_edge_is_copied_as_far_as_it_is_there() -> None:
    ground = np.full((HEIGHT, WIDTH, 4), 90, np.uint8)
    one = watched(background=ground)
    window = text(200, 150)
    one.desktop.put(WIDTH - 180, 100, window[:, :180])
    one.step()
    one.desktop.put(WIDTH - 180, 100, ground[:150, :20])
    one.desktop.put(WIDTH - 160, 108, window[:, :160])
    one.desktop.moved(Box(WIDTH - 180, 100, 200, 150), WIDTH - 160, 108)
    one.step()
    assert any(isinstance(part, Copy) for part in one.viewer.parts)
    assert one.viewer.is_exact(one.desktop)


def test_of_a_window_that_is_moved_only_what_its_copy_leaves_wrong_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ground = np.full((HEIGHT, WIDTH, 4), 90, np.uint8)
    one = watched(background=ground)
    window = Box(100, 100, 200, 150)
    one.desktop.put(window.x, window.y, text(window.width, window.height))
    one.step()
    looked_at: list[Box] = []
    pixels_of = one.desktop.grab

    def grab(box: Box) -> bytes:
        looked_at.append(box)
        return pixels_of(box)

    monkeypatch.setattr(one.desktop, "grab", grab)
    one.desktop.move(window, 120, 110, under=ground)
    one.desktop.put(160, 180, text(12, 16, seed=2))
    one.step()
    assert one.viewer.is_exact(one.desktop)
    assert sum(box.area for box in looked_at) <= window.area + 20 * 150 + 200 * 10 + 12 * 16


def test_a_photo_under_a_clock_becomes_exact_while_the_clock_goes_on() -> None:
    one = watched()
    one.desktop.put(40, 30, photo(500, 400))
    for second in range(40):
        one.desktop.put(60, 60, text(60, 20, seed=second))
        one.step(0.03)
        one.step(0.01)
    assert one.viewer.is_exact(one.desktop)


def test_an_encoder_that_does_not_work_is_left_alone_and_all_is_exact_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: object, **__: object) -> Iterator[Video]:
        raise CannotEncode("no such device")

    monkeypatch.setattr("client_agent.screen.encoders.video.VideoEncoder.parts", fails)
    one = watched(frozenset({"zstd", "zstd-stream", "jpeg", "h264"}))
    for picture in film(300, 200, 6):
        one.desktop.put(20, 20, picture)
        one.step()
    one.rest()
    assert one.viewer.is_exact(one.desktop)


def test_a_film_that_stops_while_the_path_is_full_lets_nobody_look_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    one = watched()
    for picture in film(300, 200, 6):
        one.desktop.put(20, 20, picture)
        one.step()
    monkeypatch.setattr(
        stream, "budget", lambda *_: replace(budget(Path(), Preference.AUTOMATIC), pictures_a_second=0.1)
    )
    one.desktop.put(20, 20, film(300, 200, 2, seed=3)[1])
    one.step()
    one.rest()
    assert one.viewer.is_exact(one.desktop)
    assert one.stream.due_in_s(one.now) is None
