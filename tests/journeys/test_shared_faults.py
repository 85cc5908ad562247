"""What may go wrong where sessions are resumed and shared: real relay, real agent, Python clients, real sockets."""

import asyncio
import dataclasses
import random

import pytest

from client_agent.screen.source import Box
from protocol.messages import PictureShown
from protocol.session_log import AccessEnded, HandedOver
from protocol.vocabulary import Capability, Role
from technician_viewer.client import Helping, RoomRefused, SessionOver
from tests.fakes.tcp_cable import TcpCable
from tests.journeys.scene import DEADLINE_S, Scene, colour_of
from tests.journeys.text_agent import SEE
from tests.waiting import eventually

CONTROL_AGAIN = "Let them control"
TAKE_BACK = "t"


async def sees(helping: Helping, colour: int) -> None:
    """Wait until this colour is where the painter's window begins."""
    async with asyncio.timeout(DEADLINE_S):
        await helping.wait_for_picture(lambda picture: colour_of(picture, 310, 110) == colour)


async def test_of_two_who_resume_at_once_with_one_secret_one_goes_on_and_the_session_is_unharmed(scene: Scene) -> None:
    await scene.is_helped()
    kept = scene.session.kept
    scene.viewers.cut()
    await scene.is_cut()
    port = int(scene.server.organisation.address.rpartition(":")[2])
    direct = f"http://localhost:{port}"
    kept = dataclasses.replace(kept, address=direct)
    twins = [await scene.stack.enter_async_context(Helping.recalled(kept)) for _ in range(2)]

    def settled() -> bool:
        return sum(twin.is_connected for twin in twins) == 1 and sum(twin.outcome is not None for twin in twins) == 1

    await eventually(settled, "one of the two to go on, and the other to be shown out", deadline_s=DEADLINE_S)
    (one,) = [twin for twin in twins if twin.outcome is None]
    scene.painter.fill(Box(0, 0, 100, 100), 0xC0FFEE)
    await sees(one, 0xC0FFEE)
    assert len(one.participants) == 1


async def test_whoever_is_disabled_during_a_cut_does_not_come_back(scene: Scene) -> None:
    await scene.is_helped()
    colleague = await scene.colleague()
    cable = await scene.stack.enter_async_context(TcpCable(scene.agents.to_port))
    joined = await scene.joined(colleague, through=cable.port)
    cable.cut()
    await asyncio.to_thread(scene.server.organisation.command, "user", "disable", colleague.name)
    cable.mend()
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises(RoomRefused, match="no_room"):
            await joined.wait_until(lambda: False)
    await scene.goes_on(0x112244)


async def test_whoever_is_disabled_in_mid_session_is_shown_out_and_the_log_says_so(scene: Scene) -> None:
    await scene.is_helped()
    colleague = await scene.colleague()
    joined = await scene.joined(colleague)
    kept = joined.kept
    await asyncio.to_thread(scene.server.organisation.command, "user", "disable", colleague.name)
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises(RoomRefused, match="no_room"):
            await joined.wait_until(lambda: False)
        await scene.session.wait_until(lambda: len(scene.session.participants) == 1)
    assert await scene.log_says('"by":"organisation"')
    async with asyncio.timeout(DEADLINE_S), Helping.recalled(kept) as again:
        with pytest.raises(RoomRefused, match="no_room"):
            await again.wait_until_back()
    await scene.goes_on(0x113344)


async def test_what_the_customer_takes_back_during_a_cut_is_gone_after_it(scene: Scene) -> None:
    await scene.is_helped()
    scene.viewers.cut()
    await scene.is_cut()
    scene.agent.type(TAKE_BACK)
    assert await scene.log_says('"by":"customer","capability":"control"')
    scene.viewers.mend()
    async with asyncio.timeout(DEADLINE_S):
        await scene.session.wait_until_back()
        await scene.session.wait_until(lambda: scene.session.capabilities == {Capability.VIEW})


async def test_of_two_who_ask_for_control_at_once_one_has_it_at_a_time(scene: Scene) -> None:
    await scene.is_helped()
    other = await scene.joined(await scene.colleague())
    await scene.session.give_back_control()
    await scene.session.wait_until(lambda: scene.session.capabilities == {Capability.VIEW})
    await asyncio.gather(
        scene.session.ask_access(Capability.CONTROL, "I was first"), other.ask_access(Capability.CONTROL, "So was I")
    )
    controllers: list[int] = []

    def count() -> None:
        for helping in (scene.session, other):
            controllers.append(sum(Capability.CONTROL in each.capabilities for each in helping.participants))

    for _ in range(2):
        await scene.agent.answer(CONTROL_AGAIN)
        await scene.session.wait_until(lambda: Capability.CONTROL in scene.session.capabilities | other.capabilities)
        count()

    def has_passed() -> bool:
        events = [entry.event for entry in scene.session.viewing.entries] if scene.session.viewing else []
        return any(isinstance(event, AccessEnded) and event.by == "passed" for event in events)

    async with asyncio.timeout(DEADLINE_S):
        await scene.session.wait_until(has_passed)
        await scene.session.wait_until(
            lambda: sum(Capability.CONTROL in each.capabilities for each in scene.session.participants) == 1
        )
    count()
    assert max(controllers) == 1


async def test_a_hand_over_to_somebody_who_never_comes_leaves_everything_as_it_was(scene: Scene) -> None:
    await scene.is_helped()
    absent = await scene.invited(await scene.colleague())
    for nobody in ("f" * 32, absent.purpose.session):
        await scene.session.hand_over(nobody)
    await scene.goes_on(0x221144)
    assert [each.leads for each in scene.session.participants] == [True]
    assert scene.session.viewing
    assert not [entry for entry in scene.session.viewing.entries if isinstance(entry.event, HandedOver)]


async def test_an_observer_on_a_narrow_path_holds_up_nobody(scene: Scene) -> None:
    await scene.is_helped()
    slow = await scene.stack.enter_async_context(TcpCable(scene.agents.to_port))
    observer = await scene.joined(await scene.colleague(), role=Role.OBSERVER, through=slow.port)
    slow.slow_down(200_000)
    chance = random.Random(8)
    for number in range(20):
        # Noise, which nothing can make smaller: some 40 KB, of which the narrow path carries 25 KB a second.
        scene.painter.put(Box(0, 0, 100, 100), chance.randbytes(100 * 100 * 4))
        scene.painter.fill(Box(0, 0, 20, 20), 0x010000 * number + 0x5511)
        await sees(scene.session, 0x010000 * number + 0x5511)
    assert scene.session.resumes_s == ()
    slow.slow_down(50_000_000)
    await sees(observer, 0x010000 * 19 + 0x5511)


async def test_an_observer_who_acknowledges_nothing_holds_up_nobody(scene: Scene) -> None:
    await scene.is_helped()
    observer = await scene.joined(await scene.colleague(), role=Role.OBSERVER)
    assert observer.viewing
    send = observer.viewing._send

    def silently(message: object) -> None:
        if not isinstance(message, PictureShown):
            send(message)  # type: ignore[arg-type]

    observer.viewing._send = silently  # type: ignore[method-assign]
    for number in range(20):
        scene.painter.fill(Box(0, 0, 20, 20), 0x010000 * number + 0x7711)
        await sees(scene.session, 0x010000 * number + 0x7711)
    await sees(observer, 0x010000 * 19 + 0x7711)
    assert scene.session.resumes_s == ()


async def test_a_supervisor_who_sits_in_is_announced_and_needs_the_customers_yes(scene: Scene) -> None:
    await scene.is_helped()
    viewing = scene.session.viewing
    assert viewing
    supervisor = await scene.colleague("supervisor")
    await scene.session.wait_until(lambda: viewing.heads)
    helping = await scene.stack.enter_async_context(Helping.join(await supervisor.desk.join(viewing.purpose.session)))
    await scene.agent.sees_question(SEE)
    assert "supervisor" in scene.agent.said().lower()
    assert helping.capabilities == frozenset()
    await scene.agent.answer("Refuse")
    with pytest.raises(SessionOver):
        await helping.wait_until(lambda: False)
    await scene.goes_on(0x331144)
