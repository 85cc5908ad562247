"""Media records: what the technician sees, sealed for all admitted viewers, for one, or for the store (PROTOCOL.md, section 7).

A record is a run of parts (media_codec.py), padded to a size class, sealed with the key of its epoch (AES-256-GCM) under its counter, with
the clear header as associated data. Inside a stream every record builds on those before it: counters leave no gap, and none is dropped.
"""

import struct
from collections import deque
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from protocol.envelope import Audience, MediaEnvelope, media_header
from protocol.errors import LocalProtocolError, NotAuthentic, RemoteProtocolError
from protocol.limits import EPOCHS_AHEAD_MAX, MEDIA_PLAIN_BYTES_MAX
from protocol.media_codec import read_parts
from protocol.media_parts import Part


def padded_bytes(size: int) -> int:
    """The size class of a record of `size` bytes: Padmé, at most 12 % larger and at least 256 bytes.

    Nikitin et al., Reducing Metadata Leakage from Encrypted Files and Communication with PURBs, 2019, section 4.
    """
    if size <= 256:
        return 256
    exponent = size.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (size + mask) & ~mask


class MediaSealer:
    """Seals the records of one agent. The counter of what goes to all runs on through every epoch, the others begin anew."""

    def __init__(self) -> None:
        self._aead: AESGCM | None = None
        self._next: dict[tuple[Audience, int], int] = {}
        self.epoch = 0
        self.next_counter = 0

    def start_epoch(self, key: bytes) -> None:
        """From the next record on, seal with `key` (32 fresh random bytes)."""
        self._aead = AESGCM(key)
        self._next.clear()
        self.epoch += 1

    def seal(self, parts: bytes, *, audience: Audience = Audience.ALL, peer: int = 0) -> bytes:
        """One whole envelope for the relay, of parts written by `write_part`, at most MEDIA_PLAIN_BYTES_MAX bytes."""
        if self._aead is None:
            raise LocalProtocolError("no epoch has started")
        if len(parts) > MEDIA_PLAIN_BYTES_MAX:
            raise LocalProtocolError(f"a media record of {len(parts)} bytes")
        counter = self._count(audience, peer)
        header = media_header(audience, peer, self.epoch, counter)
        padded = parts.ljust(padded_bytes(len(parts)), b"\0")
        return header + self._aead.encrypt(_nonce(audience, peer, counter), padded, header)

    def _count(self, audience: Audience, peer: int) -> int:
        if audience is Audience.ALL:
            self.next_counter += 1
            return self.next_counter - 1
        counter = self._next.get((audience, peer), 0)
        self._next[audience, peer] = counter + 1
        return counter


class EpochOpener:
    """Opens the records of one epoch, in whatever order; whether one is missing, others see."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def parts_of(self, envelope: MediaEnvelope) -> list[Part]:
        """The parts of a record.

        Raises:
            NotAuthentic: altered, or sealed with another key.
            RemoteProtocolError: malformed parts.
        """
        nonce = _nonce(envelope.audience, envelope.peer, envelope.counter)
        try:
            plain = self._aead.decrypt(nonce, envelope.sealed, envelope.header)
        except (InvalidTag, ValueError):
            raise NotAuthentic(f"media record {envelope.counter} does not verify") from None
        return read_parts(plain)


@dataclass(frozen=True, slots=True)
class _Epoch:
    """An epoch as the control channel announced it."""

    number: int
    opener: EpochOpener
    first_counter: int


class MediaOpener:
    """Opens the records that one viewer receives, in order; a gap, a repetition or a strange epoch ends it.

    Control records may overtake media records on the way: the key of an epoch counts from its first record on, and what comes before that
    is still of the epoch before.
    """

    def __init__(self) -> None:
        # The one of now, then those that were announced; empty before the first.
        self._epochs: deque[_Epoch] = deque()
        self._next_for_me = 0
        self.next_counter = 0

    def start_epoch(self, epoch: int, key: bytes, first_counter: int) -> None:
        """Take the key of an epoch, as the control channel brought it; `first_counter` is that of the stream to all.

        Raises:
            RemoteProtocolError: the epoch or its first counter runs backwards.
        """
        last = self._epochs[-1] if self._epochs else None
        at = max(self.next_counter, last.first_counter if last else 0)
        if (last and epoch <= last.number) or epoch < 1 or first_counter < at:
            came = f"epoch {epoch} from {first_counter}"
            raise RemoteProtocolError(f"{came} after {last.number if last else 0} at {at}")
        self._epochs.append(_Epoch(epoch, EpochOpener(key), first_counter))
        if last is None:
            self.next_counter = first_counter
        elif len(self._epochs) > EPOCHS_AHEAD_MAX:
            # Nothing is so late.
            self._begin(self._epochs[1])

    def open(self, envelope: MediaEnvelope) -> list[Part]:
        """The parts of the next record.

        Raises:
            RemoteProtocolError: another epoch or counter than the next, a record for the store, or malformed parts.
            NotAuthentic: altered on the way.
        """
        is_for_all = envelope.audience is Audience.ALL
        ahead = next((each for each in self._epochs if each.number == envelope.epoch), None)
        if ahead is None or envelope.audience is Audience.STORE:
            raise RemoteProtocolError(f"media record {_named(envelope)} which is of no epoch that was announced")
        begins = ahead is not self._epochs[0]
        for_all, for_me = (ahead.first_counter, 0) if begins else (self.next_counter, self._next_for_me)
        expected = for_all if is_for_all else for_me
        if envelope.counter != expected:
            raise RemoteProtocolError(f"media record {_named(envelope)} where {expected} was expected")
        parts = ahead.opener.parts_of(envelope)
        if begins:
            self._begin(ahead)
        if is_for_all:
            self.next_counter += 1
        else:
            self._next_for_me += 1
        return parts

    def _begin(self, epoch: _Epoch) -> None:
        while self._epochs[0] is not epoch:
            self._epochs.popleft()
        self.next_counter, self._next_for_me = epoch.first_counter, 0


def _named(envelope: MediaEnvelope) -> str:
    return f"{envelope.audience.name} {envelope.epoch}/{envelope.counter}"


def _nonce(audience: Audience, peer: int, counter: int) -> bytes:
    return struct.pack(">BHxQ", audience, peer, counter)
