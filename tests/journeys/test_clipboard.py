"""The clipboard that a customer shares: with the real relay, agent and Python client, and the programs that people paste with."""

import asyncio
from collections.abc import Iterator

import pytest

from protocol import session_log
from protocol.limits import CLIPBOARD_BYTES_MAX
from protocol.session_log import ClipboardMoved
from protocol.vocabulary import Capability, ClipboardAnswer, Direction
from technician_viewer.client import NotShared
from tests.copying import copies, pastes
from tests.journeys.scene import Scene
from tests.journeys.text_agent import SEE
from tests.waiting import eventually

SHARE = "Share the clipboard"
TAKE_BACK = "cx"
TEXT = "Grüße aus Zürich\n漢字 – 😀 👩‍👩‍👧\tFin"
LONG = "é€😀" * (CLIPBOARD_BYTES_MAX // 9)


async def share(scene: Scene) -> None:
    """The technician sees, asks for the clipboard, and the customer shares it."""
    await scene.begin(Capability.VIEW)
    await scene.agent.answer(SEE)
    await scene.session.wait_until_allowed(Capability.VIEW)
    await share_again(scene)


async def share_again(scene: Scene) -> None:
    await scene.session.ask_access(Capability.CLIPBOARD, "To give you the new address")
    await scene.agent.answer(SHARE)
    await scene.session.wait_until_allowed(Capability.CLIPBOARD)
    await scene.session.wait_until(lambda: scene.session.viewing and not scene.session.viewing.holds)


async def pasted(scene: Scene) -> str:
    """What the customer's programs paste."""
    return await asyncio.to_thread(pastes, scene.display)


async def copied(scene: Scene, text: str) -> None:
    """The customer copies something, and it is there."""
    await asyncio.to_thread(copies, scene.display, text)

    async def is_there() -> bool:
        return await pasted(scene) == text

    await eventually(is_there, "what was copied")


async def refusal(scene: Scene) -> ClipboardAnswer:
    with pytest.raises(NotShared) as refused:
        await scene.session.fetch_clipboard()
    return refused.value.answer


def moves(scene: Scene) -> Iterator[ClipboardMoved]:
    """What the log says of the clipboard, as the technician signs it."""
    assert scene.session.viewing
    for entry in scene.session.viewing.entries:
        if isinstance(entry.event, ClipboardMoved):
            yield entry.event


async def test_text_goes_both_ways_as_it_is_and_each_time_the_customer_is_told_and_it_is_written_down(
    scene: Scene,
) -> None:
    await share(scene)
    for text in (TEXT, LONG):
        await scene.session.put_on_clipboard(text)
        assert await pasted(scene) == text
    await scene.session.put_on_clipboard("one\r\ntwo\rthree\x1b[31m\n")
    assert await pasted(scene) == "one\ntwo\nthree[31m\n"
    for text in (TEXT, LONG):
        await copied(scene, text)
        assert await scene.session.fetch_clipboard() == text
    # Whoever looks again reads it again.
    assert await scene.session.fetch_clipboard() == LONG
    there, back = Direction.TO_CUSTOMER, Direction.FROM_CUSTOMER
    await scene.session.wait_until(lambda: len(list(moves(scene))) == 6)
    expected = [(there, len(TEXT)), (there, len(LONG)), (there, 18), (back, len(TEXT)), *[(back, len(LONG))] * 2]
    assert [(move.direction, move.characters) for move in moves(scene)] == expected
    # Nobody records: what it was is nowhere.
    assert {move.content for move in moves(scene)} == {b""}
    said = scene.agent.said()
    name = scene.session.participants[0].name
    assert f"{name} put text on your clipboard" in said
    assert f"{name} read what you copied" in said
    scene.agent.type("s")
    assert await scene.last_entry_is("ended")
    await eventually(lambda: "text put on your clipboard: 3, text read from it: 3" in scene.agent.said(), "the summary")
    assert await pasted(scene) == LONG


async def test_what_was_copied_before_the_customer_shared_it_stays_theirs(scene: Scene) -> None:
    await scene.begin(Capability.VIEW)
    await scene.agent.answer(SEE)
    await scene.session.wait_until_allowed(Capability.VIEW)
    with pytest.raises(NotShared, match="held"):
        await scene.session.fetch_clipboard()
    await copied(scene, "my old password")
    await share_again(scene)
    assert await refusal(scene) is ClipboardAnswer.NOTHING_COPIED
    await copied(scene, "the number of the contract")
    assert await scene.session.fetch_clipboard() == "the number of the contract"


async def test_taking_it_back_ends_it_at_once_and_nothing_of_ours_stays_there(scene: Scene) -> None:
    await share(scene)
    await scene.session.put_on_clipboard("ours")
    scene.agent.type(TAKE_BACK)
    await scene.session.wait_until(lambda: Capability.CLIPBOARD not in scene.session.capabilities)
    assert await pasted(scene) == ""
    with pytest.raises(NotShared, match="held"):
        await scene.session.put_on_clipboard("again")
    await copied(scene, "mine alone")
    assert await refusal(scene) is ClipboardAnswer.HELD
    await share_again(scene)
    # What was copied in between was not shared.
    assert await refusal(scene) is ClipboardAnswer.NOTHING_COPIED
    ended = [entry.event for entry in entries(scene) if isinstance(entry.event, session_log.AccessEnded)]
    assert [(end.capability, end.by) for end in ended] == [(Capability.CLIPBOARD, "customer")]


def entries(scene: Scene) -> list[session_log.Entry]:
    assert scene.session.viewing
    return scene.session.viewing.entries


async def test_a_pause_holds_the_clipboard_and_the_end_of_the_session_empties_it(scene: Scene) -> None:
    await share(scene)
    await scene.session.put_on_clipboard("ours")
    scene.agent.type("p")
    await scene.session.wait_until(lambda: scene.session.viewing and scene.session.viewing.holds)
    await copied(scene, "in private")
    assert await refusal(scene) is ClipboardAnswer.HELD
    with pytest.raises(NotShared, match="held"):
        await scene.session.put_on_clipboard("again")

    def goes_on() -> bool:
        # It counts once it could be read for a second.
        scene.agent.type("g")
        return bool(scene.session.viewing and not scene.session.viewing.holds)

    await eventually(goes_on, "the session goes on")
    await scene.session.put_on_clipboard("ours again")
    assert await pasted(scene) == "ours again"
    scene.agent.type("s")
    assert await scene.last_entry_is("ended")

    async def is_empty() -> bool:
        return await pasted(scene) == ""

    await eventually(is_empty, "nothing of ours after the end")


async def test_it_is_still_shared_after_a_cut_and_a_text_that_the_cut_swallowed_arrives(scene: Scene) -> None:
    await share(scene)
    scene.agents.cut()
    await scene.is_cut()
    putting = asyncio.ensure_future(scene.session.put_on_clipboard(LONG))
    scene.agents.mend()
    await asyncio.wait_for(putting, timeout=30)
    assert await pasted(scene) == LONG
