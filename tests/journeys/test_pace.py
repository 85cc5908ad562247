"""Viewers that say of pictures what is not so, or nothing at all: real relay, real agent, a Python client."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from client_agent.screen.source import Box
from protocol.codec import Message
from protocol.messages import PictureShown
from protocol.vocabulary import Role
from technician_viewer.client import Helping, RoomRefused, SessionOver
from technician_viewer.viewing import Viewing
from tests.journeys.scene import DEADLINE_S, Scene, colour_of

CHANGES = 200
# What may be under way at all, and the picture after the last that was shown.
PICTURES_MAX = 61


@contextmanager
def in_silence(viewing: Viewing) -> Iterator[None]:
    """Acknowledge no picture meanwhile, and the newest at the end."""
    send = viewing._send

    def silently(message: Message) -> None:
        if not isinstance(message, PictureShown):
            send(message)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(viewing, "_send", silently)
        yield
    send(PictureShown(viewing.picture))


def claim(helping: Helping) -> None:
    """Say of a picture that was never sent that it is shown."""
    assert helping.viewing
    helping.viewing._send(PictureShown(helping.viewing.picture + 1000))
    helping._flush()


async def is_over(helping: Helping) -> None:
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises((SessionOver, RoomRefused)):
            await helping.wait_until(lambda: False)


async def test_whoever_acknowledges_nothing_gets_few_pictures_and_the_newest_once_they_do(scene: Scene) -> None:
    await scene.is_helped()
    viewing = scene.session.viewing
    assert viewing
    before = viewing.picture
    with in_silence(viewing):
        for number in range(CHANGES):
            scene.painter.fill(Box(0, 0, 100, 100), 0x010000 * number + 0x4488)
            # So fast that everybody could have shown each of them.
            await asyncio.sleep(0.02)
        assert before < viewing.picture <= before + PICTURES_MAX
    await scene.goes_on(0x123456)


async def test_a_leader_who_claims_to_see_what_was_never_sent_ends_the_session(scene: Scene) -> None:
    await scene.is_helped()
    claim(scene.session)
    await is_over(scene.session)
    assert await scene.last_entry_is('"outcome":"failed"')


async def test_an_observer_who_claims_so_changes_nothing_for_anybody(scene: Scene) -> None:
    await scene.is_helped()
    observer = await scene.joined(await scene.colleague(), role=Role.OBSERVER)
    claim(observer)
    await scene.goes_on(0x654321)
    async with asyncio.timeout(DEADLINE_S):
        await observer.wait_for_picture(lambda picture: colour_of(picture, 350, 150) == 0x654321)
