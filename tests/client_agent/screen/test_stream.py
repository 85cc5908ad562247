from collections.abc import Iterator
from itertools import islice
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis.strategies import booleans, builds, integers, lists, one_of, sampled_from, tuples

from client_agent.screen import stream
from client_agent.screen.encoders import bands
from client_agent.screen.record import Record
from client_agent.screen.source import Box, PointerState, Screen
from client_agent.screen.stream import PictureStream
from protocol.errors import RemoteProtocolError
from protocol.media_parts import PointerAt, Screens, ScreenShape
from tests.client_agent.screen.memory_desktop import Canvas, MemoryDesktop

LEFT = Screen(0, 0, 0, 40, 30, "left")
RIGHT = Screen(1, 40, 5, 20, 20, "right")
NOON_MS = 1_795_000_000_000


def one_part_each(record_bytes: int = 0) -> Record:
    """Each part in a record of its own."""
    return Record(1)


class Viewed:
    """A desktop, its stream and somebody who looks."""

    def __init__(self) -> None:
        self.desktop = MemoryDesktop(LEFT, RIGHT)
        self.stream = PictureStream(self.desktop, utc_ms=lambda: NOON_MS)
        self.canvas = Canvas()
        self.now = 100.0

    def pump(self) -> int:
        """Show what is due; gives the number of records."""
        records = list(self.stream.pump(self.now))
        self.canvas.show(records)
        return len(records)

    def acknowledge(self) -> None:
        self.now += 0.02
        self.stream.shown(self.stream.newest_picture, self.now)


@pytest.fixture
def viewed() -> Viewed:
    return Viewed()


def test_the_first_picture_is_complete_and_says_what_screens_there_are(viewed: Viewed) -> None:
    viewed.desktop.paint(Box(3, 4, 5, 6), 200)
    viewed.pump()
    assert viewed.canvas.screens == Screens(
        [ScreenShape(0, 0, 0, 40, 30, "left"), ScreenShape(1, 40, 5, 20, 20, "right")]
    )
    assert viewed.canvas.sees(viewed.desktop, LEFT)
    assert [(end.number, end.is_key, end.at_ms) for end in viewed.canvas.ends] == [(1, True, NOON_MS)]


def test_where_nothing_changed_nothing_is_sent(viewed: Viewed) -> None:
    viewed.pump()
    viewed.acknowledge()
    assert viewed.pump() == 0


def test_a_change_is_one_small_picture(viewed: Viewed) -> None:
    viewed.pump()
    before = len(viewed.canvas.pixels)
    viewed.canvas.pixels.clear()
    viewed.desktop.paint(Box(3, 4, 5, 6), 200)
    viewed.pump()
    assert len(viewed.canvas.pixels) == 30 < before
    assert not viewed.canvas.ends[-1].is_key


def test_what_changes_on_another_screen_is_left_out(viewed: Viewed) -> None:
    viewed.pump()
    viewed.desktop.paint(Box(45, 10, 5, 5), 9)
    assert viewed.pump() == 0


def test_a_box_across_two_screens_is_cut_at_the_chosen_one(viewed: Viewed) -> None:
    viewed.pump()
    viewed.canvas.pixels.clear()
    viewed.desktop.paint(Box(38, 10, 6, 1), 9)
    viewed.pump()
    assert set(viewed.canvas.pixels) == {(0, 38, 10), (0, 39, 10)}


def test_another_screen_begins_with_a_key_picture_of_it(viewed: Viewed) -> None:
    viewed.pump()
    viewed.desktop.paint(Box(41, 6, 3, 3), 77)
    viewed.stream.choose_screen(1)
    viewed.pump()
    assert viewed.canvas.ends[-1].is_key
    assert viewed.canvas.sees(viewed.desktop, RIGHT)
    viewed.desktop.paint(Box(41, 6, 3, 3), 78)
    viewed.acknowledge()
    viewed.pump()
    assert viewed.canvas.sees(viewed.desktop, RIGHT)


def test_a_screen_that_is_not_there_means_the_first(viewed: Viewed) -> None:
    viewed.stream.choose_screen(7)
    viewed.pump()
    assert viewed.canvas.sees(viewed.desktop, LEFT)


def test_other_screens_are_told_of_with_a_key_picture(viewed: Viewed) -> None:
    viewed.pump()
    wider = Screen(0, 0, 0, 50, 30, "left")
    viewed.desktop.resize(wider)
    viewed.pump()
    assert viewed.canvas.screens == Screens([ScreenShape(0, 0, 0, 50, 30, "left")])
    assert viewed.canvas.sees(viewed.desktop, wider)
    assert viewed.canvas.ends[-1].is_key


def test_a_desktop_that_shrinks_while_it_is_captured_is_shown_whole_the_next_time(viewed: Viewed) -> None:
    viewed.pump()
    viewed.acknowledge()
    smaller = Screen(0, 0, 0, 10, 10, "left")
    viewed.desktop.paint(Box(0, 0, 30, 30), 5)
    viewed.desktop.shrinks_at_grab = (smaller,)
    assert viewed.pump() == 0
    viewed.pump()
    assert viewed.canvas.ends[-1].is_key
    assert viewed.canvas.sees(viewed.desktop, smaller)


def test_a_key_picture_is_complete_without_what_went_before(viewed: Viewed) -> None:
    viewed.desktop.paint(Box(1, 1, 9, 9), 3)
    viewed.pump()
    newcomer = Canvas()
    viewed.stream.ask_key_picture()
    newcomer.show(list(viewed.stream.pump(viewed.now)))
    assert newcomer.sees(viewed.desktop, LEFT)
    assert newcomer.screens is not None
    assert len(newcomer.shapes) == len(newcomer.pointers) == 1


def test_while_the_viewer_is_behind_nothing_is_captured_and_then_only_the_newest(viewed: Viewed) -> None:
    viewed.pump()
    viewed.desktop.paint(Box(0, 0, 2, 2), 1)
    viewed.pump()
    grabs = viewed.desktop.grabs
    for colour in range(2, 50):
        viewed.desktop.paint(Box(0, 0, 2, 2), colour)
        assert viewed.pump() == 0
    assert viewed.desktop.grabs == grabs
    viewed.acknowledge()
    viewed.pump()
    assert viewed.canvas.sees(viewed.desktop, LEFT)
    assert viewed.stream.newest_picture == 3


def test_a_key_picture_that_was_asked_for_while_the_viewer_was_behind_is_not_forgotten(viewed: Viewed) -> None:
    viewed.pump()
    viewed.desktop.paint(Box(0, 0, 2, 2), 1)
    viewed.pump()
    viewed.stream.ask_key_picture()
    assert viewed.pump() == 0
    viewed.acknowledge()
    viewed.pump()
    assert viewed.canvas.ends[-1].is_key


def test_paused_nothing_is_captured_and_resuming_copies_nothing_from_before(viewed: Viewed) -> None:
    viewed.pump()
    grabs = viewed.desktop.grabs
    viewed.stream.pause()
    viewed.stream.ask_key_picture()
    viewed.stream.choose_screen(1)
    viewed.desktop.paint(Box(41, 6, 3, 3), 77)
    assert viewed.pump() == 0
    assert viewed.desktop.grabs == grabs
    viewed.stream.resume()
    viewed.pump()
    assert viewed.canvas.ends[-1].is_key
    assert viewed.canvas.sees(viewed.desktop, RIGHT)


def test_a_pause_ends_a_picture_between_two_records_and_the_next_one_is_complete(
    viewed: Viewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "Record", one_part_each)
    viewed.pump()
    for at in range(5):
        viewed.desktop.paint(Box(8 * at, 6 * at, 2, 2), at + 1)
    records = viewed.stream.pump(viewed.now)
    viewed.canvas.show([next(records), next(records)])
    viewed.stream.pause()
    assert list(records) == []
    viewed.stream.resume()
    viewed.pump()
    assert viewed.canvas.ends[-1].is_key
    assert viewed.canvas.sees(viewed.desktop, LEFT)


def test_a_picture_of_which_not_all_was_taken_is_followed_by_a_complete_one(
    viewed: Viewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "Record", one_part_each)
    viewed.pump()
    viewed.desktop.paint(Box(0, 0, 2, 2), 1)
    viewed.desktop.paint(Box(30, 20, 2, 2), 2)
    records = viewed.stream.pump(viewed.now)
    viewed.canvas.show([next(records)])
    records.close()
    viewed.pump()
    assert viewed.canvas.ends[-1].is_key
    assert viewed.canvas.sees(viewed.desktop, LEFT)


def test_pictures_that_a_pause_threw_away_hold_nothing_up(viewed: Viewed) -> None:
    for _ in range(5):
        assert list(viewed.stream.pump(viewed.now))
        viewed.stream.pause()
        viewed.stream.resume()


def test_the_pointer_goes_out_by_itself_and_outside_the_screen_it_is_hidden(viewed: Viewed) -> None:
    viewed.pump()
    for x, y in ((7, 8), (45, 10)):
        viewed.acknowledge()
        viewed.desktop.state = PointerState(x, y, True, 1)
        assert viewed.pump() == 1
    assert viewed.canvas.pointers[1:] == [PointerAt(0, True, 7, 8), PointerAt(0, False, 0, 0)]
    assert len(viewed.canvas.shapes) == 1


def test_another_shape_is_sent_once(viewed: Viewed) -> None:
    viewed.pump()
    viewed.desktop.state = PointerState(0, 0, True, 2)
    viewed.pump()
    viewed.acknowledge()
    viewed.desktop.state = PointerState(1, 0, True, 2)
    viewed.pump()
    assert len(viewed.canvas.shapes) == 2


def test_while_the_viewer_is_behind_the_pointer_goes_on_but_not_for_ever(viewed: Viewed) -> None:
    viewed.pump()
    viewed.desktop.paint(Box(0, 0, 2, 2), 1)
    viewed.pump()
    for at in range(1000):
        viewed.now += 0.01
        viewed.desktop.state = PointerState(at % 40, 3, True, 1)
        viewed.pump()
    assert 10 < len(viewed.canvas.pointers) <= 50
    assert len(viewed.canvas.ends) == 2


def test_an_acknowledgement_of_what_was_not_sent_is_refused(viewed: Viewed) -> None:
    viewed.pump()
    with pytest.raises(RemoteProtocolError, match="picture 2 shown where 1 is the newest"):
        viewed.stream.shown(2, viewed.now)


paints = tuples(builds(Box, integers(0, 59), integers(0, 29), integers(1, 9), integers(1, 9)), integers(0, 255))


@given(lists(one_of(paints, booleans()), max_size=25), integers(0, 1))
def test_whatever_is_painted_and_whenever_it_is_shown_in_the_end_the_viewer_sees_the_screen(
    steps: list[tuple[Box, int] | bool], screen: int
) -> None:
    viewed = Viewed()
    viewed.stream.choose_screen(screen)
    for step in steps:
        match step:
            case (Box() as box, int(colour)):
                viewed.desktop.paint(box, colour)
            case True:
                viewed.acknowledge()
        viewed.pump()
    for _ in range(2):
        viewed.acknowledge()
        viewed.pump()
    assert viewed.canvas.sees(viewed.desktop, (LEFT, RIGHT)[screen])
    assert [end.number for end in viewed.canvas.ends] == list(range(1, len(viewed.canvas.ends) + 1))


# --- a picture for one viewer ------------------------------------------------------------------------------------------


def test_a_picture_for_one_is_what_all_others_have_and_changes_nothing_for_them(viewed: Viewed) -> None:
    viewed.desktop.paint(Box(1, 1, 9, 9), 3)
    viewed.pump()
    viewed.desktop.paint(Box(5, 5, 3, 3), 4)
    newcomer = Canvas()
    newcomer.show(list(viewed.stream.key_picture()))
    assert newcomer.pixels == viewed.canvas.pixels
    assert (newcomer.screens, newcomer.shapes) == (viewed.canvas.screens, viewed.canvas.shapes)
    assert [(end.number, end.is_key) for end in newcomer.ends] == [(1, True)]
    assert viewed.stream.newest_picture == 1
    records = list(viewed.stream.pump(viewed.now))
    viewed.canvas.show(records)
    newcomer.show(records)
    assert newcomer.sees(viewed.desktop, LEFT)
    assert viewed.canvas.sees(viewed.desktop, LEFT)
    assert not viewed.canvas.ends[-1].is_key


def test_a_picture_for_one_is_not_made_where_the_next_one_is_complete_for_all(viewed: Viewed) -> None:
    assert list(viewed.stream.key_picture()) == []
    viewed.pump()
    viewed.stream.pause()
    assert list(viewed.stream.key_picture()) == []


@pytest.mark.parametrize("what", ["pause", "another screen"])
def test_a_picture_for_one_ends_with_what_it_was_made_of(viewed: Viewed, what: str) -> None:
    viewed.pump()
    records = viewed.stream.key_picture()
    next(records)
    if what == "pause":
        viewed.stream.pause()
        viewed.stream.resume()
    else:
        viewed.stream.choose_screen(1)
        viewed.acknowledge()
        viewed.pump()
    assert list(records) == []


def test_a_pointer_that_went_away_and_came_back_is_where_all_others_see_it(viewed: Viewed) -> None:
    viewed.pump()
    viewed.desktop.state = PointerState(20, 20, True, 2)
    newcomer = Canvas()
    newcomer.show(list(viewed.stream.key_picture()))
    viewed.desktop.state = PointerState(0, 0, True, 1)
    newcomer.show(list(viewed.stream.pump(viewed.now)))
    assert newcomer.pointers[-1] == PointerAt(0, True, 0, 0)


pointers = builds(PointerState, integers(0, 59), integers(0, 29), booleans(), integers(1, 3))


@given(
    lists(one_of(paints, pointers, sampled_from(["pump", "shown", "for one"])), max_size=30),
    lists(one_of(paints, pointers, sampled_from(["pump", "shown", "for one", "for one"])), max_size=30),
    integers(1, 5),
)
def test_who_joins_in_the_middle_of_anything_ends_up_with_exactly_what_all_others_have(
    before: list[tuple[Box, int] | PointerState | str], after: list[tuple[Box, int] | PointerState | str], rows: int
) -> None:
    viewed, newcomer = Viewed(), Canvas()
    for_one: Iterator[bytes] = iter(())

    def play(step: tuple[Box, int] | PointerState | str, *canvases: Canvas) -> None:
        match step:
            case (Box() as box, int(colour)):
                viewed.desktop.paint(box, colour)
            case PointerState():
                viewed.desktop.state = step
            case "shown":
                viewed.acknowledge()
            case "pump":
                viewed.now += 0.06
                for record in viewed.stream.pump(viewed.now):
                    for canvas in canvases:
                        canvas.show([record])
            case "for one":
                newcomer.show(list(islice(for_one, 1)))

    row_bytes = LEFT.width * 4
    with (
        patch.object(stream, "Record", one_part_each),
        patch.object(stream, "BAND_BYTES", rows * row_bytes),
        patch.object(bands, "RAW_BYTES_MAX", row_bytes),
    ):
        for step in ("pump", *before):
            play(step, viewed.canvas)
        for_one = viewed.stream.key_picture()
        for step in ("for one", *after, *["for one"] * 40, "shown", "pump"):
            play(step, viewed.canvas, newcomer)
    assert newcomer.pixels == viewed.canvas.pixels
    assert newcomer.sees(viewed.desktop, LEFT)
    assert newcomer.screens == viewed.canvas.screens
    assert newcomer.shapes[-1] == viewed.canvas.shapes[-1]
    assert newcomer.pointers[-1] == viewed.canvas.pointers[-1]
