"""`evidence …`: goes over everything that is kept and says what is wrong, holds it, deletes it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from protocol import signed_note
from protocol.errors import ProtocolError
from protocol.identity import public_bytes
from protocol.log_of_sessions import origin_of, read_checkpoint
from protocol.signed_note import Note
from relay.commands.evidence import Proven
from relay.commands.staff import with_database
from relay.commands.terminal import CannotGoOn, Exit, _, say
from relay.desk import sessions
from relay.desk.people import Tenant
from relay.evidence import deletions, documents, examination
from relay.evidence.checkpoints import LogWasRewound, check_holds, is_ours, read_carried
from relay.evidence.deletions import Deleter, NothingThere, OnHold
from relay.evidence.examination import Fault, Finding
from relay.evidence.examining_records import examine_records
from relay.evidence.witnesses import Witnesses
from relay.keys import Organisation, key_secret, load_key, load_organisation, read_document
from relay.settings import Settings
from relay.storage.blobs import Blobs, open_blobs
from relay.storage.database import Database

T = TypeVar("T")


def print_key(settings: Settings) -> None:
    """The log's key as witnesses take it."""
    _text, _document, fingerprint = read_document(settings, now=int(time.time()))
    key = load_key(settings.log_key, key_secret(settings))
    say(signed_note.verifier_text(origin_of(fingerprint), public_bytes(key), signed_note.ED25519))


def check(settings: Settings, files: Sequence[Path], *, is_quick: bool) -> int:
    """Go over everything, tell each fault as it is found, and what it comes to."""
    given = [(file.name, read_checkpoint_file(file)) for file in files]
    return asyncio.run(
        with_database(settings, lambda database, tenant: _check(settings, database, tenant, given, is_quick))
    )


async def _check(
    settings: Settings, database: Database, tenant: Tenant, given: list[tuple[str, Note]], is_quick: bool
) -> int:
    organisation = load_organisation(settings, key_secret(settings), now=int(time.time()))
    found: list[Finding] = []
    count = 0

    def tell(*findings: Finding) -> None:
        for finding in findings:
            found.append(finding)
            mark = "✗" if finding.fault.is_alteration else "–"
            where = _("session {session}: ", session=finding.session) if finding.session else ""
            say(f"{mark} {where}{words(finding)}")

    async for finding in examination.examine_tree(database, tenant):
        tell(finding)
    async with database.transaction() as connection:
        log_keys = await documents.log_keys(connection, tenant)
    tell(*await _views(settings, organisation, database, tenant, given, log_keys))
    tell(*await examination.sessions_gone(database, tenant))
    async for finding in examine_records(database, tenant, log_keys):
        tell(finding)
    blobs: Blobs = open_blobs(settings)
    async for session in examination.sessions_of(database, tenant):
        count += 1
        tell(*await examination.examine_session(database, session, root=organisation.fingerprint_text))
        if not is_quick:
            tell(*await examination.examine_segments(database, blobs, session))
    await blobs.close()
    if any(finding.fault.is_alteration for finding in found):
        say(
            _(
                "ALTERED: what is marked with ✗ cannot have happened by itself. Sessions gone over: {count}.",
                count=count,
            )
        )
        return Proven.ALTERED
    if found:
        say(_("INCOMPLETE: nothing is altered, something is missing. Sessions gone over: {count}.", count=count))
        return Proven.INCOMPLETE
    say(_("Everything holds. Sessions gone over: {count}.", count=count))
    return Proven.VERIFIED


async def _views(
    settings: Settings,
    organisation: Organisation,
    database: Database,
    tenant: Tenant,
    given: list[tuple[str, Note]],
    log_keys: Sequence[bytes],
) -> list[Finding]:
    """Hold what was published, what witnesses have seen, and what others hold, against the log that is kept."""
    views = list(given)
    try:
        if (carried := read_carried(settings.log_checkpoint)) is not None:
            views.append((settings.log_checkpoint.name, carried))
    except LogWasRewound as error:
        return [Finding(Fault.TREE_ALTERED, detail=str(error))]
    witnesses = Witnesses(organisation.document.witnesses)
    for name, note in (await witnesses.latest(organisation.trust.origin)).items():
        if note is None:
            say(_("The witness {name} did not answer; what it has seen is not compared.", name=name))
        else:
            views.append((name, note))
    await witnesses.close()
    found = []
    for name, note in views:
        if not is_ours(note, organisation.trust.origin, log_keys):
            raise CannotGoOn(
                _("{file} is not a checkpoint that this organisation's log signed.", file=name), Exit.USAGE
            )
        try:
            async with database.transaction() as connection:
                await check_holds(connection, tenant, read_checkpoint(note))
        except LogWasRewound as error:
            found.append(Finding(Fault.TWO_VIEWS, detail=f"{name}: {error}"))
    return found


def words(finding: Finding) -> str:
    """A fault, as the operator reads it."""
    text = {
        Fault.LOG_ALTERED: _("the log was altered"),
        Fault.LEAF_ALTERED: _("the log of all sessions says something else"),
        Fault.TREE_ALTERED: _("the log of all sessions was altered"),
        Fault.SEGMENT_ALTERED: _("the recording was altered"),
        Fault.TWO_VIEWS: _("somebody holds another view of the log of all sessions, signed by it"),
        Fault.SESSION_GONE: _("the log of all sessions tells of a session that is not there"),
        Fault.RECORD_ALTERED: _("a deletion, or a recording passed on, is not by who may do that"),
        Fault.RECORD_MISSING: _("something was done with it of which there is no record any more"),
        Fault.NO_END: _("the log has no end"),
        Fault.NOT_SIGNED: _("the end is not signed by both sides"),
        Fault.CERTIFICATE_MISSING: _("a certificate is missing"),
        Fault.LEAF_MISSING: _("the log of all sessions does not know of it"),
        Fault.SEGMENT_MISSING: _("pieces of the recording are missing: {count}", count=finding.count),
        Fault.CONTENT_MISSING: _("sealed notes, titles or keys are missing: {count}", count=finding.count),
        Fault.STILL_OPEN: _("opened, and never closed in the log of all sessions"),
    }[finding.fault]
    return f"{text} ({finding.detail})" if finding.detail else text


# --- holding and deleting ------------------------------------------------------------------------------------------------


def hold(settings: Settings, session: str, reason: str) -> None:
    """Keep everything of a session, whatever its time."""

    async def work(connection: AsyncConnection, tenant: Tenant, row: Any) -> None:
        await deletions.hold(connection, tenant, row, reason=reason, person_id=None)

    _with_session(settings, session, work)
    say(_("Nothing of session {session} is deleted until the hold is released.", session=session))


def release(settings: Settings, session: str, reason: str) -> None:
    """Let the time to keep it decide again."""

    async def work(connection: AsyncConnection, tenant: Tenant, row: Any) -> None:
        if not await deletions.release(connection, tenant, row, reason=reason):
            raise CannotGoOn(_("Session {session} is not held.", session=session))

    _with_session(settings, session, work)
    say(_("Session {session} is kept for as long as the organisation's document says.", session=session))


def delete(settings: Settings, session: str, what: str, reason: str) -> None:
    """Delete the recording, or all of the evidence, of a session now; print the certificate."""
    key = load_key(settings.log_key, key_secret(settings))

    async def work(connection: AsyncConnection, tenant: Tenant, row: Any) -> str:
        try:
            return await Deleter(tenant, key).delete(connection, row, what, reason=reason, by="operator")
        except OnHold:
            raise CannotGoOn(
                _("Session {session} is under legal hold. Nothing was deleted.", session=session)
            ) from None
        except NothingThere:
            raise CannotGoOn(
                _("Session {session} still runs, or there is nothing left to delete.", session=session)
            ) from None

    certificate = _with_session(settings, session, work)

    async def sweep(database: Database, tenant: Tenant) -> None:
        await deletions.sweep(database, open_blobs(settings), tenant)

    asyncio.run(with_database(settings, sweep))
    say(certificate)


def _with_session(settings: Settings, session: str, work: Callable[[AsyncConnection, Tenant, Any], Awaitable[T]]) -> T:
    async def run(database: Database, tenant: Tenant) -> T:
        async with database.transaction() as connection:
            row = await sessions.find(connection, session)
            if row is None:
                raise CannotGoOn(_("There is no session {session}.", session=session))
            return await work(connection, tenant, row)

    return asyncio.run(with_database(settings, run))


def read_checkpoint_file(file: Path) -> Note:
    """A checkpoint that somebody kept.

    Raises:
        CannotGoOn: no such file, or no checkpoint.
    """
    try:
        note = signed_note.parse(file.read_text(encoding="utf-8"))
        read_checkpoint(note)
    except OSError as error:
        raise CannotGoOn(
            _("{file} cannot be read: {why}", file=file, why=error.strerror or error), Exit.NO_INPUT
        ) from None
    except (UnicodeDecodeError, ProtocolError):
        raise CannotGoOn(_("{file} is not a checkpoint of a log.", file=file), Exit.NOT_A_LOG) from None
    return note
