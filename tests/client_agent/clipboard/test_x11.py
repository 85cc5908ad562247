"""client_agent/clipboard/x11.py on a real X server, with real programs that copy and paste, and with programs that mean harm."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from client_agent import x11_connection
from client_agent.clipboard import x11_fetch, x11_offer
from client_agent.clipboard.clipboard import ClipboardGone, Copies, NotFetched
from client_agent.clipboard.x11 import X11Clipboard
from protocol.limits import CLIPBOARD_BYTES_MAX
from protocol.vocabulary import ClipboardAnswer
from tests.client_agent.clipboard import selection_owner
from tests.copying import copies, pastes
from tests.virtual_display import VirtualDisplay, virtual_display
from tests.waiting import eventually, wait_until

TEXT = "Grüße, Ærøskøbing\n漢字 – 😀 👩‍👩‍👧 e\u0301\tFin"
LONG = "é€😀" * (CLIPBOARD_BYTES_MAX // 9)
# An entry field, as in most programs of a desktop: it pastes what it can have as UTF-8.
ENTRY = """
import sys, tkinter
root = tkinter.Tk()
entry = tkinter.Text(root)
entry.pack()
root.update()
entry.event_generate("<<Paste>>")
root.update()
sys.stdout.buffer.write(entry.get("1.0", "end-1c").encode())
"""


@pytest.fixture(scope="module")
def server() -> Iterator[VirtualDisplay]:
    with virtual_display(640, 480, window_manager=False) as display:
        yield display


@pytest.fixture
def display(server: VirtualDisplay) -> Iterator[VirtualDisplay]:
    """One server for all tests; what a test starts there ends with it."""
    with ExitStack() as programs:
        yield replace(server, _programs=programs)


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What others do not do in time is given up sooner than in earnest."""
    monkeypatch.setattr(x11_fetch, "_WAITS_S", 1.5)
    monkeypatch.setattr(x11_offer, "_WAITS_S", 1.0)


@pytest.fixture
async def clipboard(display: VirtualDisplay) -> AsyncIterator[X11Clipboard]:
    clipboard = X11Clipboard(display.name)
    yield clipboard
    clipboard.close()


class Person:
    """Somebody at that desktop, who copies and pastes with what there is."""

    def __init__(self, display: VirtualDisplay) -> None:
        self.display = display

    async def copies(self, text: str) -> None:
        """With xclip, which stays behind to hand the text over."""
        await asyncio.to_thread(copies, self.display, text)

    async def pastes(self, *options: str) -> str:
        """With xclip; nothing where there is nothing."""
        return await asyncio.to_thread(pastes, self.display, *options)

    async def pastes_into_a_field(self) -> str:
        """Into Tk's text field."""
        return await asyncio.to_thread(self.display.run, sys.executable, "-c", ENTRY)


@pytest.fixture
def person(display: VirtualDisplay) -> Person:
    return Person(display)


def owner(display: VirtualDisplay, manner: str) -> "subprocess.Popen[str]":
    """A program that owns the clipboard, in its manner, from now on."""
    program = display.start(sys.executable, "-u", selection_owner.__file__, manner, output=subprocess.PIPE)
    assert program.stdout
    assert program.stdout.readline() == "ready\n"
    return program


NONE_BEFORE = Copies(0)


async def refusal(clipboard: X11Clipboard, since: Copies = NONE_BEFORE) -> ClipboardAnswer:
    with pytest.raises(NotFetched) as refused:
        await clipboard.fetch(since)
    return refused.value.answer


# --- to the customer ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [TEXT, LONG, " ", "a"], ids=["letters", "64 KB", "a blank", "one letter"])
async def test_what_is_put_there_is_pasted_as_it_was_by_every_program(
    clipboard: X11Clipboard, person: Person, text: str
) -> None:
    assert await clipboard.put(text)
    assert await person.pastes() == text
    assert await person.pastes("-target", "text/plain;charset=utf-8") == text
    assert await person.pastes_into_a_field() == text


async def test_programs_are_told_in_which_forms_there_is_text_and_histories_to_leave_it_out(
    clipboard: X11Clipboard, person: Person
) -> None:
    assert await clipboard.put("Zürich")
    listed = (await person.pastes("-target", "TARGETS")).split()
    expected = {"TARGETS", "TIMESTAMP", "UTF8_STRING", "text/plain;charset=utf-8", "text/plain", "STRING"}
    assert set(listed) == expected | {"x-kde-passwordManagerHint"}
    assert await person.pastes("-target", "x-kde-passwordManagerHint") == "secret"
    assert await person.pastes("-target", "image/png") == ""
    assert await clipboard.put("漢")
    # Latin-1 has no such letter: better nothing than a question mark.
    assert "STRING" not in (await person.pastes("-target", "TARGETS")).split()


async def test_the_newest_text_counts_and_what_the_customer_copies_takes_its_place(
    clipboard: X11Clipboard, person: Person
) -> None:
    assert await clipboard.put("one")
    assert await clipboard.put("two")
    assert await person.pastes() == "two"
    await person.copies("mine")
    assert await person.pastes() == "mine"


async def test_what_was_put_there_is_gone_when_it_is_taken_away_and_what_was_copied_since_stays(
    clipboard: X11Clipboard, person: Person
) -> None:
    assert await clipboard.put("ours")
    clipboard.take_away()
    assert await person.pastes() == ""
    assert await clipboard.put("ours")
    await person.copies("theirs")
    await eventually(lambda: is_newer(clipboard, 0), "the copy")
    clipboard.take_away()
    assert await person.pastes() == "theirs"


async def test_nothing_stays_there_when_it_is_closed(display: VirtualDisplay, person: Person) -> None:
    clipboard = X11Clipboard(display.name)
    assert await clipboard.put("ours")
    clipboard.close()
    assert await person.pastes() == ""


async def test_programs_that_ask_and_do_not_fetch_are_given_up_and_keep_nobody_waiting(
    clipboard: X11Clipboard, display: VirtualDisplay, person: Person
) -> None:
    assert await clipboard.put(LONG)
    connection = x11_connection.connect(display.name)
    core, root = connection.core, x11_connection.root_screen(connection).root

    def atom(name: str) -> int:
        return int(core.InternAtom(False, len(name), name).reply().atom)

    windows = []
    for _ in range(200):
        window = connection.generate_id()
        core.CreateWindow(0, window, root, 0, 0, 1, 1, 0, 2, 0, 0, [])
        core.ConvertSelection(window, atom("CLIPBOARD"), atom("UTF8_STRING"), atom("HERE"), 0)
        windows.append(window)
    for window in windows[::2]:
        core.DestroyWindow(window)
    connection.flush()
    # Small things are answered all the same, and once those are given up the text too.
    assert "UTF8_STRING" in await person.pastes("-target", "TARGETS")

    async def is_pasted() -> bool:
        return await person.pastes() == LONG

    await eventually(is_pasted, "the text, although others asked for it", deadline_s=20)
    connection.disconnect()


# --- from the customer -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [TEXT, LONG, "one\r\ntwo\rthree\n"], ids=["letters", "64 KB", "line ends"])
async def test_what_is_copied_from_now_on_is_fetched_as_it_was(
    clipboard: X11Clipboard, person: Person, text: str
) -> None:
    since = await clipboard.copies()
    await person.copies(text)
    await eventually(lambda: is_newer(clipboard, since), "the copy")
    assert await clipboard.fetch(since) == text


async def is_newer(clipboard: X11Clipboard, since: int) -> bool:
    return await clipboard.copies() > since


async def test_what_was_copied_before_stays_unread(clipboard: X11Clipboard, person: Person) -> None:
    assert await refusal(clipboard) is ClipboardAnswer.NOTHING_COPIED
    await person.copies("my old password")
    await eventually(lambda: is_newer(clipboard, 0), "the copy")
    since = await clipboard.copies()
    assert await refusal(clipboard, since) is ClipboardAnswer.NOTHING_COPIED
    await person.copies("what they want to see")
    await eventually(lambda: is_newer(clipboard, since), "the copy")
    assert await clipboard.fetch(since) == "what they want to see"


async def test_what_was_there_before_anybody_looked_stays_unread(display: VirtualDisplay, person: Person) -> None:
    await person.copies("my old password")
    wait_until(lambda: display.run("xclip", "-selection", "clipboard", "-out") == "my old password", "the copy")
    clipboard = X11Clipboard(display.name)
    assert await refusal(clipboard) is ClipboardAnswer.NOTHING_COPIED
    clipboard.close()


async def test_a_manager_that_takes_over_an_old_copy_does_not_bring_it_to_light(
    clipboard: X11Clipboard, display: VirtualDisplay, person: Person
) -> None:
    await person.copies("my old password")
    await eventually(lambda: is_newer(clipboard, 0), "the copy")
    since = await clipboard.copies()
    manager = owner(display, "manager")
    assert await refusal(clipboard, since) is ClipboardAnswer.NOTHING_COPIED
    assert manager.poll() is None
    assert await person.pastes() == "Grüße 😀"


async def test_what_we_put_there_is_not_given_back_as_theirs(clipboard: X11Clipboard) -> None:
    since = await clipboard.copies()
    assert await clipboard.put("ours")
    assert await refusal(clipboard, since) is ClipboardAnswer.NOTHING_COPIED


@pytest.mark.parametrize(
    ("manner", "answer"),
    [
        ("marked", ClipboardAnswer.MARKED),
        ("picture", ClipboardAnswer.NOT_TEXT),
        ("refusing", ClipboardAnswer.NOT_TEXT),
        ("listing_nonsense", ClipboardAnswer.NOT_TEXT),
        ("listing_too_much", ClipboardAnswer.NOT_TEXT),
        ("numbers", ClipboardAnswer.NOT_TEXT),
        ("broken", ClipboardAnswer.NOT_TEXT),
        ("megabytes", ClipboardAnswer.TOO_LONG),
        ("endless", ClipboardAnswer.TOO_LONG),
    ],
)
async def test_what_is_no_text_too_much_or_marked_is_not_given(
    clipboard: X11Clipboard, display: VirtualDisplay, manner: str, answer: ClipboardAnswer
) -> None:
    asked = owner(display, manner)
    assert await refusal(clipboard) is answer
    if manner == "marked":
        asked.kill()
        assert asked.stdout
        # The text itself was never asked for.
        assert "UTF8_STRING" not in asked.stdout.read().split()


async def test_what_is_too_long_to_be_fetched_is_still_there_to_be_pasted(
    clipboard: X11Clipboard, person: Person
) -> None:
    since, text = await clipboard.copies(), "a page of a long letter\n" * 100_000
    await person.copies(text)
    await eventually(lambda: is_newer(clipboard, since), "the copy")
    assert await refusal(clipboard, since) is ClipboardAnswer.TOO_LONG
    assert await person.pastes() == text


@pytest.mark.parametrize(("manner", "text"), [("latin", "café"), ("unlisted", "Grüße 😀")])
async def test_old_programs_give_their_text_too(
    clipboard: X11Clipboard, display: VirtualDisplay, manner: str, text: str
) -> None:
    owner(display, manner)
    assert await clipboard.fetch(Copies(0)) == text


@pytest.mark.parametrize("manner", ["silent", "stuck"])
async def test_a_program_that_does_not_hand_it_over_is_not_waited_for_without_end(
    clipboard: X11Clipboard, display: VirtualDisplay, manner: str
) -> None:
    owner(display, manner)
    fetched, turns = asyncio.ensure_future(refusal(clipboard)), 0
    while not fetched.done():
        await asyncio.sleep(0)
        turns += 1
    assert await fetched is ClipboardAnswer.NO_ANSWER
    # Were the event loop held up, there would be a few turns for all that time.
    assert turns > 100
    # The next one is none the worse for it.
    other = owner(display, "plain")
    assert await clipboard.fetch(Copies(1)) == "Grüße 😀"
    assert other.poll() is None


async def test_taking_away_does_not_wait_for_a_program_that_is_silent(
    clipboard: X11Clipboard, display: VirtualDisplay
) -> None:
    asked = owner(display, "silent")
    fetched = asyncio.ensure_future(refusal(clipboard))
    assert asked.stdout
    assert await asyncio.to_thread(asked.stdout.readline) == "TARGETS\n"
    clipboard.take_away()
    assert await fetched is ClipboardAnswer.NO_ANSWER


async def test_nobody_can_pretend_that_something_was_copied(
    clipboard: X11Clipboard, display: VirtualDisplay, person: Person
) -> None:
    await person.copies("my old password")
    await eventually(lambda: is_newer(clipboard, 0), "the copy")
    since = await clipboard.copies()
    connection = x11_connection.connect(display.name)
    fixes = x11_connection.extension(connection, "XFIXES")
    assert fixes
    root = x11_connection.root_screen(connection).root
    windows = connection.core.QueryTree(root).reply().children
    event = bytes([fixes.first_event]).ljust(32, b"\1")
    for window in windows:
        connection.core.SendEvent(False, window, 0, event)
    connection.core.GetInputFocus().reply()
    assert await clipboard.copies() == since
    connection.disconnect()


async def test_a_desktop_that_has_gone_ends_no_session() -> None:
    with virtual_display(320, 240, window_manager=False) as display:
        clipboard = X11Clipboard(display.name)
        assert await clipboard.put("a")
    with pytest.raises(ClipboardGone):
        await clipboard.put("b")
    with pytest.raises(ClipboardGone):
        await clipboard.fetch(Copies(0))
    clipboard.take_away()
    clipboard.close()
