"""Canonical JSON: the one encoding of everything but pictures (PROTOCOL.md, section 1.2).

RFC 8785 narrowed to objects, arrays, strings, booleans and integers below 2**53: members sorted by name, no white space, bytes as
base64 (RFC 4648, section 4). A text that is not exactly what we would have written is refused, so that one meaning has one encoding
and a signature over bytes is a signature over the meaning.
"""

from typing import Any, Generic, TypeVar

import msgspec

from protocol.errors import LocalProtocolError, RemoteProtocolError

M = TypeVar("M")

_encoder = msgspec.json.Encoder(order="sorted")


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be said: a flat record of typed, bounded fields, all of them always present."""


def encode(message: Any) -> bytes:
    """Write a message, or any plain value, as canonical JSON."""
    try:
        return _encoder.encode(message)
    except (TypeError, ValueError, UnicodeError, OverflowError) as error:
        raise LocalProtocolError(f"not encodable: {error}") from error


class Decoder(Generic[M]):
    """Reads one kind of message, or a union of tagged kinds, from bytes that may be hostile.

    >>> Decoder(Ping | Pong, bytes_max=4096).decode(data)
    """

    def __init__(self, kind: Any, *, bytes_max: int) -> None:
        self._decoder = msgspec.json.Decoder(kind, strict=True)
        self._bytes_max = bytes_max

    def decode(self, data: bytes) -> M:
        """Give the message that `data` holds.

        Raises:
            RemoteProtocolError: too large, not JSON, unknown type, missing or unknown field, a value outside its bounds, not canonical.
        """
        if len(data) > self._bytes_max:
            raise RemoteProtocolError(f"{len(data)} bytes where at most {self._bytes_max} are allowed")
        try:
            message: M = self._decoder.decode(data)
            canonical = _encoder.encode(message)
        except (msgspec.DecodeError, ValueError, UnicodeError, RecursionError, OverflowError) as error:
            raise RemoteProtocolError(f"malformed message: {_without_content(error)}") from None
        if canonical != data:
            raise RemoteProtocolError("malformed message: not canonical")
        return message


def _without_content(error: Exception) -> str:
    """Keep the reason and the place, which our types name; what the other end wrote stays out of our logs."""
    text = str(error)
    return text if isinstance(error, msgspec.ValidationError) and "Invalid value" not in text else type(error).__name__
