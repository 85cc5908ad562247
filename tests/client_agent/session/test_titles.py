"""client_agent/session/titles.py: which titles are written down, when, and how many."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest
from hypothesis import given
from hypothesis.strategies import floats, lists

from client_agent.session import titles as titles_module
from client_agent.session.pace import Pace
from client_agent.session.titles import Titles
from client_agent.session.voices import Voices
from protocol.limits import CONTENT_PADDING_BYTES
from protocol.session_log import Titled
from tests.client_agent.session.test_recorder import Made
from tests.waiting import eventually


class Window:
    """An active window whose title a test sets."""

    def __init__(self) -> None:
        self.now = "Courrier"
        self.answers = threading.Event()
        self.answers.set()
        self._on_change: Callable[[], None] | None = None

    @property
    def is_watched(self) -> bool:
        return self._on_change is not None

    def watch(self, loop: asyncio.AbstractEventLoop, on_change: Callable[[], None]) -> None:
        self._on_change = on_change

    def title(self) -> str:
        title = self.now
        self.answers.wait()
        return title

    def close(self) -> None:
        """Nothing is open."""

    def set(self, title: str) -> None:
        assert self._on_change
        self.now = title
        self._on_change()


class Scene(Made):
    """A session with a recording that can be had, and its titles; the log is in `written`."""

    def __init__(self) -> None:
        super().__init__()
        self.window, self.sees, self.looked = Window(), True, 0
        self.titles = Titles(self.window, cast(Voices, self), self.recording, self.is_seeing)
        self._epoch = 0

    def write(self, event: Titled, beside: bytes) -> int:
        return self._write(event, beside)

    def record(self, *, on: bool) -> None:
        """The customer lets it be recorded, or no longer does."""
        self._epoch += 1
        self.recording.is_allowed = on
        self.recording.epoch_began(self._epoch, bytes(32), 0)

    @property
    def read(self) -> list[str]:
        """The titles, as the auditor reads them."""
        found = [beside for event, beside in self.written if isinstance(event, Titled)]
        return [json.loads(self.key().open_content(each))["title"] for each in found]

    async def until(self, *titles: str) -> None:
        def is_read() -> bool:
            self.titles.follow()
            return self.read == list(titles)

        await eventually(is_read, f"{titles} in the log")

    def is_seeing(self) -> bool:
        self.looked += 1
        return self.sees

    async def until_looked(self) -> None:
        """Wait until what the window told was looked at, and the recording with it."""
        before = self.looked
        await eventually(lambda: self.looked > before, "a look at whether it is recorded")


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    made = Scene()
    running = asyncio.create_task(made.titles.run())
    await eventually(lambda: made.window.is_watched, "somebody who watches the window")
    try:
        yield made
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What settles within a hundredth of a second."""
    monkeypatch.setattr(titles_module, "_SETTLES_S", 0.01)


async def test_titles_are_written_once_each_for_the_auditor_alone() -> None:
    async with scene() as made:
        made.record(on=True)
        await made.until("Courrier")
        made.window.set("Banque – « comptes »")
        await made.until("Courrier", "Banque – « comptes »")
        made.window.set("Banque – « comptes »")
        made.window.set("")
        await made.until("Courrier", "Banque – « comptes »", "")
        for event, beside in made.written:
            if isinstance(event, Titled):
                assert b"Banque" not in beside
                assert (len(beside) - 28) % CONTENT_PADDING_BYTES == 0


async def test_what_is_in_a_title_is_bounded_and_deceives_nobody() -> None:
    async with scene() as made:
        made.window.now = "Facture\x1b[31m\n\u202egnp.exe\ufffd" + "x" * 5000
        made.record(on=True)
        await made.until(("Facture [31m gnp.exe\ufffd" + "x" * 5000)[:200])


async def test_nothing_is_written_without_the_recording_nor_in_a_pause_of_it_or_of_the_session() -> None:
    async with scene() as made:
        made.window.set("Before")
        await made.until_looked()
        made.window.now = "Courrier"
        made.record(on=True)
        await made.until("Courrier")
        made.record(on=False)
        made.window.set("Secret")
        await made.until_looked()
        made.titles.follow()
        made.window.now = "Courrier"
        made.record(on=True)
        # The same title once more: from here on it is recorded again.
        await made.until("Courrier", "Courrier")
        made.sees = False
        made.window.set("Secret")
        await made.until_looked()
        made.titles.follow()
        made.window.now, made.sees = "Banque", True
        await made.until("Courrier", "Courrier", "Banque")


async def test_a_title_that_was_asked_for_before_a_pause_and_told_in_it_is_not_written() -> None:
    async with scene() as made:
        made.record(on=True)
        await made.until("Courrier")
        made.window.answers.clear()
        made.window.set("Secret")
        await made.until_looked()
        made.record(on=False)
        looked = made.until_looked()
        made.window.answers.set()
        await looked
        made.window.now = "Banque"
        made.record(on=True)
        made.window.set("Banque")
        await made.until("Courrier", "Banque")


async def test_titles_that_never_rest_are_left_out_and_the_last_one_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    monkeypatch.setattr(titles_module, "_EVERY_S", 0.5)
    monkeypatch.setattr(titles_module, "awake_or_asleep_s", lambda: now_s)
    async with scene() as made:
        made.record(on=True)
        await made.until("Courrier")
        for second in range(60):
            made.window.set(f"0:{second:02}")
            await made.until_looked()
        now_s += 1.0
        await eventually(lambda: made.read[-1:] == ["0:59"], "the last title")
        assert 10 <= len(made.read) <= 12, made.read


@given(lists(floats(0, 3), max_size=500))
def test_however_often_titles_change_entries_are_few(pauses: list[float]) -> None:
    now = written = 0.0
    pace = Pace(titles_module._AT_ONCE, titles_module._EVERY_S, now)
    for pause in pauses:
        now += pause
        if not pace.waits_s(now):
            pace.wrote()
            written += 1
    assert written <= 11 + now / 5


def test_after_a_burst_the_next_one_waits_as_long_as_is_said() -> None:
    pace = Pace(titles_module._AT_ONCE, titles_module._EVERY_S, 0.0)
    for _ in range(10):
        assert pace.waits_s(0.0) == 0
        pace.wrote()
    waits = pace.waits_s(1.0)
    assert 3.9 < waits < 4.1
    assert pace.waits_s(1.0 + waits + 1e-6) == 0


async def test_where_nobody_can_tell_titles_nothing_is_written() -> None:
    made = Scene()
    titles = Titles(None, cast(Voices, made), made.recording, lambda: True)
    made.record(on=True)
    titles.follow()
    await titles.run()
    assert made.read == []
