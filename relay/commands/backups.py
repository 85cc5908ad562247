"""`backup` and `restore`: everything the server keeps, as a folder whose every file is held by its hash.

The log of sessions only ever grows. A backup that ends before what was published is not restored, unless somebody accepts the loss in so
many words; and every restoring leaves a leaf that says so, for everybody to see who reads the log from then on.
"""

import asyncio
import contextlib
import hashlib
import shutil
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from protocol import signed_note
from protocol.errors import ProtocolError
from protocol.log_of_sessions import Checkpoint, LogRewound, read_checkpoint, sign_checkpoint
from protocol.signed_note import Note
from relay.commands.keeping import read_checkpoint_file
from relay.commands.terminal import CannotGoOn, Exit, _, say
from relay.desk.people import Tenant, tenant_of
from relay.evidence import documents, log_of_sessions
from relay.evidence.checkpoints import LogWasRewound, check_holds, is_ours, read_carried
from relay.evidence.witnesses import Witnesses
from relay.keys import Organisation, key_secret, load_organisation
from relay.settings import Settings
from relay.storage.database import Database, migrate, open_database
from relay.storage.files import replace_file, sync_folder, write_new

MANIFEST = "backup.json"
DATABASE = "database.sqlite3"
RECORDINGS = "recordings"
BEFORE = ".before-restore"


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup holds: each file by its SHA-256 in hex, and the signed state of the log of sessions in it."""

    at: int
    root_fingerprint: str
    checkpoint: str
    files: dict[Annotated[str, Meta(max_length=400)], Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]]


# --- backup --------------------------------------------------------------------------------------------------------------


def backup(settings: Settings, config: Path, folder: Path) -> None:
    """Copy everything into a new folder; the server may go on meanwhile.

    Raises:
        CannotGoOn: the folder is there already, or the database is elsewhere.
    """
    database = _sqlite_of(settings)
    organisation = load_organisation(settings, key_secret(settings), now=int(time.time()))
    if folder.exists():
        raise CannotGoOn(_("{path} is there already: a backup gets a new folder.", path=folder))
    folder.mkdir(mode=0o700, parents=True)
    # First the database, then what it speaks of: a segment is in the store before the database knows of it.
    with (
        contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source,
        contextlib.closing(sqlite3.connect(folder / DATABASE)) as copy,
    ):
        source.backup(copy)
    for file in (config, *_own_files(settings)):
        if file.is_file():
            shutil.copyfile(file, folder / file.name)
    if settings.recordings.is_dir():
        shutil.copytree(settings.recordings, folder / RECORDINGS, ignore=shutil.ignore_patterns(".unfinished"))
    checkpoint = asyncio.run(_state_of(folder / DATABASE, organisation))
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    note = str(sign_checkpoint(checkpoint, *organisation.log_keys))
    manifest = Manifest(
        int(time.time()), organisation.fingerprint_text, note, {name: _hash(folder / name) for name in names}
    )
    write_new(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    sync_folder(folder)
    say(
        _(
            "{count} files are in {path}; the log of sessions has {size} entries there.",
            count=len(names),
            path=folder,
            size=checkpoint.size,
        )
    )
    say(_("Keep it away from this machine. Its keys open only with the secret of the server's keys."))


def _own_files(settings: Settings) -> tuple[Path, ...]:
    """The document, and the encrypted keys."""
    return (settings.organisation_document, settings.issuing_key, settings.log_key, settings.log_key_before)


def _sqlite_of(settings: Settings) -> Path:
    if isinstance(settings.database, Path):
        return settings.database
    raise CannotGoOn(
        _(
            "The database is PostgreSQL: back it up with pg_dump, and the folder with it. After restoring it, the server does"
            " not start if the log of sessions is older than what was published."
        )
    )


async def _state_of(place: Path, organisation: Organisation) -> Checkpoint:
    """The log of sessions as this database holds it."""
    async with _opened(place, organisation) as (database, tenant), database.transaction() as connection:
        size = await log_of_sessions.size_of(connection, tenant)
        return Checkpoint(organisation.trust.origin, size, await log_of_sessions.root_of(connection, tenant, size))


@contextlib.asynccontextmanager
async def _opened(place: Path, organisation: Organisation) -> AsyncIterator[tuple[Database, Tenant]]:
    database = open_database(place)
    try:
        tenant = await tenant_of(database, organisation.document.name, organisation.fingerprint_text)
        async with database.transaction() as connection:
            await documents.keep(connection, tenant, organisation.document_text)
        yield database, tenant
    finally:
        await database.close()


# --- restore -------------------------------------------------------------------------------------------------------------


def restore(settings: Settings, folder: Path, *, checkpoints: Sequence[Path], accept_loss: bool) -> None:
    """Put a backup in the place of what is there; what is there is kept beside.

    Args:
        checkpoints: files with what others know to have been published.
        accept_loss: entries of the log of sessions that were published may be lost.

    Raises:
        CannotGoOn: the backup is not whole, is another organisation's, or ends before what was published; or the server runs.
    """
    database = _sqlite_of(settings)
    manifest = _read_manifest(folder)
    _check_stopped(settings)
    copy = database.with_name(database.name + ".restoring")
    given = [read_checkpoint_file(file) for file in checkpoints]
    for file in _own_files(settings):  # without them nothing can be compared or signed
        if not file.exists() and (folder / file.name).exists():
            write_new(file, (folder / file.name).read_bytes())
    organisation = load_organisation(settings, key_secret(settings), now=int(time.time()))
    if organisation.fingerprint_text != manifest.root_fingerprint:
        raise CannotGoOn(_("The backup in {path} is another organisation's.", path=folder))
    shutil.copyfile(folder / DATABASE, copy)
    try:
        migrate(copy)
        published = [note for note in (read_carried(settings.log_checkpoint), *given) if note is not None]
        size = asyncio.run(_rewind(copy, organisation, published, accept_loss=accept_loss))
        if database.exists():
            database.replace(database.with_name(database.name + BEFORE))
        copy.replace(database)
    finally:
        copy.unlink(missing_ok=True)
    for file in (folder / RECORDINGS).rglob("*"):
        place = settings.recordings / file.relative_to(folder / RECORDINGS)
        if file.is_file() and not place.exists():
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(place, file.read_bytes())
    checkpoint = asyncio.run(_state_of(database, organisation))
    replace_file(settings.log_checkpoint, str(sign_checkpoint(checkpoint, *organisation.log_keys)).encode())
    say(
        _(
            "The backup is restored. The log of sessions has {size} entries; the last one says that it was restored.",
            size=size,
        )
    )


async def _rewind(place: Path, organisation: Organisation, published: list[Note], *, accept_loss: bool) -> int:
    """Hold the backup against all that is known to have been published, and write down that it was restored; gives the log's size."""
    witnesses = Witnesses(organisation.document.witnesses)
    for name, note in (await witnesses.latest(organisation.trust.origin)).items():
        if note is not None:
            published.append(note)
        elif not accept_loss:
            await witnesses.close()
            raise CannotGoOn(
                _(
                    "The witness {name} does not say what it has seen, so the backup cannot be compared with it. Try again, or"
                    " give --accept-loss.",
                    name=name,
                )
            )
    await witnesses.close()
    async with _opened(place, organisation) as (database, tenant):
        own = await _state_of(place, organisation)
        longest = own
        async with database.transaction() as connection:
            keys = await documents.log_keys(connection, tenant)
        for note in published:
            if not is_ours(note, organisation.trust.origin, keys):
                raise CannotGoOn(_("That is not a checkpoint that this organisation's log signed."), Exit.USAGE)
            try:
                async with database.transaction() as connection:
                    await check_holds(connection, tenant, read_checkpoint(note))
            except LogWasRewound as error:
                if not accept_loss:
                    raise CannotGoOn(
                        _(
                            "The backup would rewind the log of sessions: {why}. Nothing was restored. Look for a later backup;"
                            " with --accept-loss this one is restored, and the log says for ever that something was lost.",
                            why=error,
                        )
                    ) from None
                longest = max(longest, read_checkpoint(note), key=lambda each: each.size)
        return await _write_down(database, tenant, longest)


async def _write_down(database: Database, tenant: Tenant, longest: Checkpoint) -> int:
    async with database.transaction() as connection:
        leaf = LogRewound(log_of_sessions.new_salt(), longest.size, longest.root)
        return await log_of_sessions.append(connection, tenant, leaf) + 1


def _read_manifest(folder: Path) -> Manifest:
    """What the backup holds, once every file has its hash.

    Raises:
        CannotGoOn: it is no backup, or something is missing, was added, or was altered.
    """
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
        signed_note.parse(manifest.checkpoint)
    except OSError as error:
        raise CannotGoOn(
            _("{file} cannot be read: {why}", file=folder / MANIFEST, why=error.strerror or error), Exit.NO_INPUT
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, ProtocolError):
        raise CannotGoOn(_("{path} is not a backup.", path=folder), Exit.NOT_A_LOG) from None
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {MANIFEST}
    for name in sorted(there | set(manifest.files)):
        if name not in there or manifest.files.get(name) != _hash(folder / name):
            raise CannotGoOn(
                _("{file} in the backup is missing, was added, or was altered. Nothing was restored.", file=name)
            )
    return manifest


def _check_stopped(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            raise CannotGoOn(_("The server runs. Stop it before restoring a backup.")) from None


def _hash(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
