"""The log's published states: signed, cosigned by witnesses, and carried beside the database, so that a rewound one is noticed.

A checkpoint is made when somebody needs one that is longer than the last; whoever needs one meanwhile gets the same.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol import merkle, signed_note
from protocol.errors import ProtocolError
from protocol.log_of_sessions import (
    Checkpoint,
    Logged,
    Trust,
    read_checkpoint,
    sign_checkpoint,
    verify_checkpoint,
    witnesses_of,
)
from protocol.signed_note import Note
from relay.desk.people import Tenant
from relay.evidence import log_of_sessions
from relay.evidence.witnesses import Witnesses
from relay.storage.database import Database, StorageFull
from relay.storage.files import replace_file

TRY_AGAIN_AFTER_S = 2.0

log = logging.getLogger("mainforte.evidence")


class LogWasRewound(Exception):
    """The database holds less of the log, or something else, than was published."""


class NotCosigned(Exception):
    """Too few witnesses answer for the moment."""


class LeafDeleted(Exception):
    """What the leaf said was deleted; only its hash is left."""


class Checkpoints:
    """The newest checkpoint, and proofs that lead to it."""

    def __init__(
        self,
        database: Database,
        tenant: Tenant,
        log_keys: Sequence[Ed25519PrivateKey],
        trust: Trust,
        witnesses: Witnesses,
        carried: Path,
    ) -> None:
        """`log_keys`: each signs; `carried`: the file with the newest published checkpoint."""
        self._database, self._tenant, self._log_keys, self._trust = database, tenant, log_keys, trust
        self._witnesses, self._carried = witnesses, carried
        self._newest = sign_checkpoint(Checkpoint(trust.origin, 0, merkle.EMPTY_ROOT), *log_keys)
        self._making = asyncio.Lock()
        self._failed_at = -TRY_AGAIN_AFTER_S

    @property
    def newest(self) -> Note:
        """The newest that was published, with what cosignatures there are."""
        return self._newest

    @property
    def size(self) -> int:
        """How many leaves it speaks of."""
        return read_checkpoint(self._newest).size

    async def begin(self) -> None:
        """Take up what was published before.

        Raises:
            LogWasRewound: the database does not hold it.
        """
        note = await asyncio.to_thread(read_carried, self._carried)
        if note is not None:
            async with self._database.transaction() as connection:
                await check_holds(connection, self._tenant, read_checkpoint(note))
            self._newest = self._signed_anew(note)

    def _signed_anew(self, note: Note) -> Note:
        """A checkpoint under the log's keys of now: it may have been published under others. What witnesses cosigned is the same."""
        signed = sign_checkpoint(read_checkpoint(note), *self._log_keys)
        others = tuple(line for line in note.signatures if line.name != self._trust.origin)
        return Note(note.text, signed.signatures + others)

    async def close(self) -> None:
        """Let go of connections to witnesses."""
        await self._witnesses.close()

    async def logged(self, index: int) -> Logged:
        """The proof that the leaf at `index` is in the log, under a checkpoint with as many cosignatures as the document asks for.

        Raises:
            NotCosigned: too few witnesses answer for the moment.
            StorageFull: the checkpoint cannot be carried.
            LeafDeleted: the leaf's text is gone.
        """
        _, proofs = await self.logged_together([index])
        if not proofs:
            raise LeafDeleted(f"leaf {index}")
        return proofs[0]

    async def logged_together(self, indices: Sequence[int]) -> tuple[Note, list[Logged]]:
        """One checkpoint, and the proofs of several leaves that lead to it; leaves whose text is gone are left out.

        Raises:
            NotCosigned, StorageFull: as `logged`.
        """
        note = await self.published(max(indices, default=-1) + 1)
        proofs = []
        async with self._database.transaction() as connection:
            for index in indices:
                if (text := await log_of_sessions.leaf_at(connection, self._tenant, index)) is not None:
                    hashes = await log_of_sessions.inclusion(
                        connection, self._tenant, index, read_checkpoint(note).size
                    )
                    proofs.append(Logged(text, index, hashes, str(note)))
        return note, proofs

    async def published(self, size: int) -> Note:
        """A checkpoint of at least `size` leaves, with as many cosignatures as the document asks for.

        Raises:
            NotCosigned: too few witnesses answer for the moment.
        """
        async with self._making:
            if self.size < size:
                await self._make(enough=self._trust.quorum)
            return self._newest

    async def keep_up(self) -> None:
        """Publish what nobody asked for yet, and gather the cosignatures that nobody waited for: witnesses are to see all of it."""
        async with self._making:
            async with self._database.transaction() as connection:
                size = await log_of_sessions.size_of(connection, self._tenant)
            if size and (size > self.size or self._missing(self._newest)):
                with contextlib.suppress(NotCosigned, StorageFull):
                    await self._make(enough=len(self._trust.witnesses))

    def _missing(self, note: Note) -> int:
        return len(self._trust.witnesses) - len(witnesses_of(note, self._trust.witnesses))

    async def _make(self, *, enough: int) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._failed_at < TRY_AGAIN_AFTER_S:
            raise NotCosigned("too few witnesses answered a moment ago")
        async with self._database.transaction() as connection:
            size = await log_of_sessions.size_of(connection, self._tenant)
            root = await log_of_sessions.root_of(connection, self._tenant, size)
        note = sign_checkpoint(Checkpoint(self._trust.origin, size, root), *self._log_keys)
        if note.text == self._newest.text:
            note = self._newest

        async def growth(older: int) -> list[bytes]:
            async with self._database.transaction() as connection:
                return await log_of_sessions.growth(connection, self._tenant, older, size)

        if enough and self._missing(note):
            note = await self._witnesses.cosign(note, growth, enough=enough)
        if (count := len(witnesses_of(note, self._trust.witnesses))) < self._trust.quorum:
            self._failed_at = asyncio.get_running_loop().time()
            raise NotCosigned(f"{count} of {self._trust.quorum} witnesses have cosigned")
        if note != self._newest:
            try:
                await asyncio.to_thread(replace_file, self._carried, str(note).encode())
            except OSError as error:  # what nobody could tell from a rewound log later is not published
                raise StorageFull from error
            self._newest = note


async def check_holds(connection: AsyncConnection, tenant: Tenant, checkpoint: Checkpoint) -> None:
    """Pass silently when the database holds what a checkpoint speaks of.

    Raises:
        LogWasRewound: it holds less, or something else.
    """
    size = await log_of_sessions.size_of(connection, tenant)
    if size < checkpoint.size:
        raise LogWasRewound(f"the log of sessions has {size} leaves where {checkpoint.size} were published")
    if await log_of_sessions.root_of(connection, tenant, checkpoint.size) != checkpoint.root:
        raise LogWasRewound(
            f"the first {checkpoint.size} leaves of the log of sessions are not those that were published"
        )


def read_carried(file: Path) -> Note | None:
    """The checkpoint in a file; None where there is no such file.

    Raises:
        LogWasRewound: it is damaged: what was published cannot be told any more.
    """
    try:
        note = signed_note.parse(file.read_text(encoding="utf-8"))
        read_checkpoint(note)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, ProtocolError) as error:
        raise LogWasRewound(f"{file.name} cannot be read: {error}") from None
    return note


def is_ours(note: Note, origin: str, log_keys: Sequence[bytes]) -> bool:
    """Whether the log itself signed this, with any of these keys, whoever cosigned it."""
    try:
        verify_checkpoint(str(note), Trust(origin, tuple(log_keys), (), 0))
    except ProtocolError:
        return False
    return True
