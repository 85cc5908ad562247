"""The front's client of the desk, against a desk on a real Unix socket."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relay.desk_link import HEADS_WAITING_MAX, WAITING_PER_SESSION_MAX, DeskLink, DeskUnreachable, Kept
from relay.rooms import SessionId, SessionState
from tests.relay.desk_double import Desk
from tests.waiting import eventually

SESSION, OTHER = SessionId("one"), SessionId("other")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk(tmp_path / "desk") as desk:
        yield desk


@pytest.fixture
async def link(desk: Desk) -> AsyncIterator[DeskLink]:
    link = DeskLink(desk.socket)
    yield link
    await link.close()


async def test_a_token_opens_its_room_once(desk: Desk, link: DeskLink) -> None:
    token = desk.token_for("41703", "one")
    claim = await link.claim(token)
    assert claim is not None
    assert (claim.room, claim.session, claim.participant) == ("41703", "one", "p")
    assert await link.claim(token) is None


@pytest.mark.parametrize("wrong", [{"room": "4170"}, {"session": "../up"}, {"expires_at": -1}, {"unknown": 1}])
async def test_a_claim_that_is_not_as_agreed_opens_nothing(
    desk: Desk, link: DeskLink, wrong: dict[str, object]
) -> None:
    token = desk.token_for("41703")
    desk.tokens[token].update(wrong)
    with pytest.raises(DeskUnreachable):
        await link.claim(token)


async def test_without_a_desk_a_claim_says_so_and_entries_are_not_stored(tmp_path: Path) -> None:
    link = DeskLink(tmp_path / "nobody")
    with pytest.raises(DeskUnreachable):
        await link.claim("a" * 20)
    assert await link.store_entry(SESSION, 0, "{}") is Kept.NOT_STORED
    await link.close()


async def test_a_head_is_told_again_until_the_desk_has_the_entries_that_it_speaks_of(
    desk: Desk, link: DeskLink
) -> None:
    desk.head_statuses = [409, 507]
    assert await link.store_head(SESSION, "note")
    assert desk.bodies("heads") == [{"note": "note"}] * 3
    desk.head_statuses = [400]
    assert not await link.store_head(SESSION, "no note")
    assert len(desk.bodies("heads")) == 4


async def test_of_many_heads_that_cannot_be_kept_only_some_wait(desk: Desk, link: DeskLink) -> None:
    desk.head_statuses = [409] * 1000
    waiting = [asyncio.create_task(link.store_head(SESSION, f"{n}")) for n in range(HEADS_WAITING_MAX)]
    await eventually(lambda: len(desk.bodies("heads")) >= HEADS_WAITING_MAX, "as many heads as may wait")
    assert not await link.store_head(SESSION, "one more")
    assert {"note": "one more"} not in desk.bodies("heads")
    desk.head_statuses = []
    assert all(await asyncio.gather(*waiting))


@pytest.mark.parametrize(
    ("status", "kept"), [(204, Kept.STORED), (409, Kept.REFUSED), (507, Kept.NOT_STORED), (500, Kept.NOT_STORED)]
)
async def test_the_desk_says_what_became_of_an_entry(desk: Desk, link: DeskLink, status: int, kept: Kept) -> None:
    desk.entry_status = status
    assert await link.store_entry(SESSION, 0, "{}") is kept


async def test_what_one_session_tells_arrives_in_order_one_at_a_time(desk: Desk, link: DeskLink) -> None:
    desk.may_answer.clear()
    sending = [asyncio.create_task(link.store_entry(SESSION, n, "{}")) for n in range(10)]
    last = asyncio.create_task(link.tell_state(SESSION, SessionState.CLOSED))
    await eventually(lambda: desk.told, "the first entry at the desk")
    desk.may_answer.set()
    await asyncio.gather(*sending, last)
    assert [body["number"] for body in desk.bodies("entries")] == list(range(10))
    assert desk.told[-1][1] == "states"
    assert desk.most_at_once == 1


async def test_a_session_that_waits_for_the_desk_holds_up_no_other(desk: Desk, link: DeskLink) -> None:
    desk.may_answer.clear()
    sending = [asyncio.create_task(link.store_entry(s, 0, "{}")) for s in (SESSION, SESSION, OTHER)]
    await eventually(lambda: {s for s, _, _ in desk.told} == {SESSION, OTHER}, "both sessions at the desk")
    desk.may_answer.set()
    await asyncio.gather(*sending)


async def test_more_than_so_many_waiting_entries_are_turned_away_at_once(desk: Desk, link: DeskLink) -> None:
    desk.may_answer.clear()
    sending = [asyncio.create_task(link.store_entry(SESSION, n, "{}")) for n in range(WAITING_PER_SESSION_MAX)]
    await eventually(lambda: desk.told, "the first entry at the desk")
    assert await link.store_entry(SESSION, WAITING_PER_SESSION_MAX, "{}") is Kept.NOT_STORED
    desk.may_answer.set()
    assert set(await asyncio.gather(*sending)) == {Kept.STORED}


async def test_a_state_is_told_again_until_the_desk_takes_note(desk: Desk, link: DeskLink) -> None:
    desk.state_status = 503
    telling = asyncio.create_task(link.tell_state(SESSION, SessionState.PAIRED))
    await eventually(lambda: len(desk.told) >= 2, "a second attempt")
    desk.state_status = 204
    assert await telling


async def test_a_state_that_a_later_one_has_replaced_is_not_told_again(desk: Desk, link: DeskLink) -> None:
    desk.state_status = 503
    telling = asyncio.create_task(link.tell_state(SESSION, SessionState.PAIRED))
    await eventually(lambda: desk.told, "the first attempt")
    desk.state_status = 204
    assert await link.tell_state(SESSION, SessionState.CLOSED)
    assert not await telling
    assert desk.states_of(SESSION)[-1] == "closed"


async def test_a_state_that_the_desk_refuses_is_not_told_again(desk: Desk, link: DeskLink) -> None:
    desk.state_status = 404
    assert not await link.tell_state(SESSION, SessionState.PAIRED)
    assert len(desk.told) == 1


async def test_the_expiry_is_the_desks_and_the_known_one_where_it_does_not_answer(desk: Desk, link: DeskLink) -> None:
    claim = await link.claim(desk.token_for("41703", "one"))
    assert claim is not None
    assert await link.expiry(claim) == claim.expires_at
    desk.expiries["41703"] = claim.expires_at + 600
    assert await link.expiry(claim) == claim.expires_at + 600
    away = DeskLink(desk.socket.with_name("nobody"))
    assert await away.expiry(claim) == claim.expires_at
    await away.close()
