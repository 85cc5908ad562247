"""A session that survives the network and the relay: real relay processes, the real agent, the Python client, real sockets.

The long form, with cuts of minutes, is in tests/soak/; the graces' rules are tried by themselves in tests/client_agent/session/.
"""

import asyncio
import dataclasses

import pytest

from client_agent.screen.source import Box
from protocol.messages import KeyChanged
from protocol.vocabulary import Capability, Outcome
from technician_viewer.client import Helping, InputHeld, KeptSession, RoomRefused, SessionOver
from tests.fakes.tcp_cable import Direction
from tests.journeys.scene import BACKGROUND, DEADLINE_S, KEY_A, Scene, colour_of
from tests.journeys.text_agent import CONTROL, SEE, STOP
from tests.waiting import eventually


async def test_every_kind_of_cut_is_come_back_from_with_the_same_grants_and_no_new_question(scene: Scene) -> None:
    await scene.is_helped()
    questions = scene.agent.said().count(CONTROL)

    scene.viewers.cut()
    scene.viewers.mend()
    await scene.is_cut()
    await scene.goes_on(0x203040)

    scene.agents.cut()
    scene.agents.mend()
    await scene.is_cut()
    await scene.goes_on(0x304050)

    scene.server.kill()
    await scene.is_cut()
    await asyncio.to_thread(scene.server.start)
    await scene.goes_on(0x405060)

    assert len(scene.session.resumes_s) >= 3
    assert scene.agent.said().count(CONTROL) == questions
    assert scene.events().count("Answered") == 1
    assert scene.events().count("Resumed") >= 3


@pytest.mark.parametrize("directions", [(Direction.OUT,), (Direction.BACK,), ()], ids=["out", "back", "both"])
async def test_a_path_that_is_dead_in_one_direction_is_left_and_what_came_late_on_it_is_not_applied(
    scene: Scene, directions: tuple[Direction, ...]
) -> None:
    await scene.is_helped()
    scene.viewers.stall(*directions)
    await scene.is_cut()
    if Direction.BACK in directions or not directions:
        assert scene.session.resumes_s == ()
    scene.viewers.go_on()
    await scene.goes_on(0x506070)


async def test_a_key_that_is_held_comes_up_and_what_is_typed_during_a_cut_is_never_applied(scene: Scene) -> None:
    await scene.is_helped()
    await scene.session.change_key("KeyA", is_down=True)
    await eventually(lambda: ("key down", KEY_A) in scene.ears.heard(), "the key at the customer's")
    scene.viewers.cut()
    await scene.is_cut()
    await eventually(lambda: ("key up", KEY_A) in scene.ears.heard(), "the key to come up")
    with pytest.raises(InputHeld, match="away"):
        await scene.session.type_text("typed during the cut")
    scene.viewers.mend()
    await scene.goes_on(0x607080)
    assert scene.session.viewing
    assert KeyChanged("KeyA", is_down=True) not in scene.session.viewing._is_down


async def test_an_answer_that_is_given_during_a_cut_counts_and_is_heard_after_it(scene: Scene) -> None:
    await scene.begin()
    await scene.agent.sees_question(SEE)
    # The question is shown before the technician has heard of it, and who was never welcomed cannot come back.
    await scene.session.wait_until(lambda: scene.session.viewing and scene.session.viewing.question)
    scene.viewers.cut()
    scene.viewers.mend()
    await scene.agent.answer(SEE)
    async with asyncio.timeout(DEADLINE_S):
        await scene.session.wait_until_allowed(Capability.VIEW)
        await scene.session.wait_for_picture()


async def test_the_customer_can_stop_during_a_cut_and_the_technician_is_told_on_the_way_back(scene: Scene) -> None:
    await scene.is_helped()
    scene.viewers.cut()
    await scene.is_cut()
    scene.agent.type(STOP)
    scene.viewers.mend()
    # From the agent, where it is still there; from the relay, once the last entry is stored.
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises((SessionOver, RoomRefused)):
            await scene.session.wait_until(lambda: False)
    assert scene.session.capabilities == frozenset()
    assert await scene.last_entry_is('"outcome":"stopped"')


async def test_without_a_network_the_customer_can_stop_too_and_the_ticket_learns_it_afterwards(scene: Scene) -> None:
    await scene.is_helped()
    scene.agents.cut()
    await scene.is_cut()
    scene.agent.type(STOP)
    scene.agents.mend()
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises((SessionOver, RoomRefused)):
            await scene.session.wait_until(lambda: False)
    assert await scene.last_entry_is('"outcome":"stopped"')


async def test_whoever_comes_back_with_nothing_but_what_a_page_keeps_gets_an_exact_picture(scene: Scene) -> None:
    await scene.is_helped()
    kept = scene.session.kept
    scene.painter.fill(Box(10, 10, 30, 30), 0xA1B2C3)
    again = await scene.stack.enter_async_context(Helping.recalled(kept))
    async with asyncio.timeout(DEADLINE_S):
        await again.wait_until_back()
        picture = await again.wait_for_picture(lambda picture: colour_of(picture, 320, 120) == 0xA1B2C3)
        # The one that was there is not wanted any more: its secret has been used.
        with pytest.raises(RoomRefused, match="dismissed"):
            await scene.session.wait_until(lambda: False)
    assert colour_of(picture, 5, 400) == BACKGROUND
    assert again.capabilities == {Capability.VIEW, Capability.CONTROL}
    assert again.viewing
    assert again.viewing.entry_texts[:3] == scene.session.viewing.entry_texts[:3]  # type: ignore[union-attr]


async def test_nobody_comes_back_without_the_newest_secret_and_the_session_goes_on(scene: Scene) -> None:
    await scene.is_helped()
    old = scene.session.kept
    scene.viewers.cut()
    scene.viewers.mend()
    await scene.is_cut()
    await scene.goes_on(0x708090)

    async def is_refused(kept: KeptSession) -> None:
        async with asyncio.timeout(DEADLINE_S), Helping.recalled(kept) as stranger:
            with pytest.raises(RoomRefused, match="dismissed"):
                await stranger.wait_until_back()

    await is_refused(old)
    # All that the relay has, and even the certificate's key: everything but the secret.
    await is_refused(dataclasses.replace(old, secrets=(bytes(32),)))
    await scene.goes_on(0x8090A0)
    assert scene.session.outcome is None
    assert scene.session.participants
    assert len(scene.session.participants) == 1
    assert Outcome.DROPPED is not scene.session.outcome


async def test_a_colleague_joins_sees_and_is_sent_away_and_cannot_come_again(scene: Scene) -> None:
    await scene.is_helped()
    invited = await scene.invited(await scene.colleague())
    async with asyncio.timeout(2 * DEADLINE_S), Helping.join(invited) as joined:
        await scene.agent.answer(SEE)
        await joined.wait_until_allowed(Capability.VIEW)
        await joined.wait_for_picture()
        assert Capability.CONTROL not in joined.capabilities
        assert len(joined.participants) == 2
        kept = joined.kept

        def is_sent_away() -> bool:
            if joined.outcome is None:
                scene.agent.type("x2")
            return joined.outcome is not None

        await eventually(is_sent_away, "being sent away")
        assert joined.outcome is Outcome.STOPPED
        assert joined.viewing
        assert joined.viewing.is_sent_away
    async with asyncio.timeout(DEADLINE_S), Helping.recalled(kept) as again:
        with pytest.raises(RoomRefused, match=r"dismissed|no_room"):
            await again.wait_until_back()
    async with asyncio.timeout(DEADLINE_S), Helping.join(invited) as again:
        with pytest.raises(RoomRefused, match=r"dismissed|no_room"):
            await again.wait_until(lambda: False)
    await scene.goes_on(0x90A0B0)
