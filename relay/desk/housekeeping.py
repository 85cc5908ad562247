"""What the desk does by itself while it runs: closes what nobody came back to, tells tickets, publishes the log, deletes what is due."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from protocol.handling import verify_deletion
from protocol.session_log import NO_ENTRY, last_hash
from relay.desk import arrivals, sessions, ticket_store, tickets
from relay.desk.nodes import Replaced
from relay.desk.people import Tenant
from relay.desk.process_pages import refresh_ladders
from relay.desk.requests import Desk
from relay.evidence import attaching, deletions, facts, log_of_sessions
from relay.evidence.examination import Finding, examine_session

CLOSE_EVERY_S = 5
DELETE_EVERY_S = 600

log = logging.getLogger("mainforte.desk")


async def keep_house(desk: Desk) -> None:
    """Go on for ever; what fails is tried again the next time, and keeps nothing else from being done.

    Raises:
        Replaced: another process has started under this node's name.
    """
    deleted_at = -float(DELETE_EVERY_S)
    while True:
        await asyncio.sleep(CLOSE_EVERY_S)
        await _attempt("sessions could not be closed", lambda: _close_overdue(desk))
        await _attempt("tickets could not be told of evidence", lambda: tell_tickets(desk))
        await _attempt("what other nodes changed could not be read", lambda: _follow(desk))
        await _attempt("the log of sessions could not be published", desk.checkpoints.keep_up)
        if time.monotonic() - deleted_at >= DELETE_EVERY_S:
            deleted_at = time.monotonic()
            await _attempt("evidence could not be deleted", lambda: delete_what_is_due(desk))


async def _attempt(what_failed: str, work: Callable[[], Awaitable[object]]) -> None:
    try:
        await work()
    except Replaced:
        raise
    except Exception:
        log.exception(what_failed)


async def _close_overdue(desk: Desk) -> None:
    async with desk.database.transaction() as connection:
        await arrivals.close_overdue(connection, desk.nodes, desk.away)
        await sessions.close_abandoned(connection)


async def _follow(desk: Desk) -> None:
    """Go by what was decided at other nodes."""
    if desk.database.is_shared:
        await refresh_ladders(desk)


async def delete_what_is_due(desk: Desk) -> None:
    """Delete what has been kept for long enough, and what a deletion left in the store."""
    deleter = deletions.Deleter(desk.tenant, desk.organisation.log_key)
    for certificate in await deleter.delete_due(desk.database):
        deletion = verify_deletion(certificate, desk.organisation.document.log_keys)
        log.info("%s deleted", deletion.what, extra={"session": deletion.session})
    await deletions.sweep(desk.database, desk.blobs, desk.tenant)
    await desk.blobs.tidy()


async def tell_tickets(desk: Desk) -> None:
    """Say on the tickets whether the evidence of sessions that are over is complete, or what is missing."""
    for task in await attaching.due(desk.database, desk.tenant):
        found = await examine_session(desk.database, task.session, root=desk.organisation.fingerprint_text)
        if found and await attaching.postpone(desk.database, task):
            continue
        await _state(desk, task, found)


async def _state(desk: Desk, task: attaching.Task, found: list[Finding]) -> None:
    async with desk.database.transaction() as connection:
        session = await sessions.find(connection, task.session)
        if session is None or not await attaching.take_out(connection, task):
            return
        index = await log_of_sessions.index_of(connection, session.id, "session_closed", "")
        stated = tickets.EvidenceStated(
            session.session,
            [
                tickets.EvidenceFault(each.fault.value, each.detail[:200], each.count)
                for each in found[: tickets.FAULTS_MAX]
            ],
            session.entries,
            bytes(session.last_hash or NO_ENTRY).hex(),
            -1 if index is None else index,
        )
        await ticket_store.append(connection, Tenant.of(session), session.ticket_id, None, stated)
        await facts.state(connection, session.id, [each.fault for each in found])
    # Read back, from what is on the disk: the ticket says what was meant, and the log ends as the ticket says.
    async with desk.database.transaction() as connection:
        history = await ticket_store.history_of(connection, session.ticket_id)
        texts = await sessions.entries_of(connection, session.id)
        is_there = any(happened.event == stated for happened in history)
        if not is_there or last_hash(texts).hex() != stated.last_hash:
            log.error("what the ticket says of the evidence is not what is kept", extra={"session": task.session})
