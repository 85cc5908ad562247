"""CPace: two who share a short password agree on a strong key (draft-irtf-cfrg-cpace-21, suite CPACE-X25519-SHA512).

Initiator-responder setting. Numbers in comments are sections of the draft.
"""

import hashlib

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from protocol.errors import NotAuthentic

_DSI = b"CPace255"
_HASH_BLOCK_BYTES = 128
_FIELD_BYTES = 32
_P = 2**255 - 19
_A = 486662
_NON_SQUARE = 2  # Elligator2's Z for curve25519 (RFC 9380, section 6.7.1)

SCALAR_BYTES = 32
BASE_POINT = (9).to_bytes(32, "little")
"""The base point of X25519 itself (RFC 7748, section 4.1), for shares that no password protects."""


def prepend_len(data: bytes) -> bytes:
    """The length of `data` as LEB128, then `data`."""
    length, prefix = len(data), bytearray()
    while length >= 128:
        prefix.append(length % 128 + 128)
        length //= 128
    prefix.append(length)
    return bytes(prefix) + data


def lv_cat(*strings: bytes) -> bytes:
    """Strings in a row, each with its length before it, so that no two lists give the same bytes."""
    return b"".join(map(prepend_len, strings))


def generator_string(password: bytes, channel: bytes, session: bytes) -> bytes:
    """What is hashed to the generator: the password padded so that it fills the first block of the hash."""
    padding = max(0, _HASH_BLOCK_BYTES - 1 - len(prepend_len(password)) - len(prepend_len(_DSI)))
    return lv_cat(_DSI, password, bytes(padding), channel, session)


def generator(password: bytes, channel: bytes, session: bytes) -> bytes:
    """The base point that only those who know the password can compute: 32 bytes, a u-coordinate."""
    digest = hashlib.sha512(generator_string(password, channel, session)).digest()[:_FIELD_BYTES]
    return _elligator2(_decode_field(digest)).to_bytes(_FIELD_BYTES, "little")


def _decode_field(data: bytes) -> int:
    return (int.from_bytes(data, "little") & (2**255 - 1)) % _P


def _elligator2(r: int) -> int:
    """Map a field element to the u-coordinate of a point (RFC 9380, section 6.7.1)."""
    v = -_A * pow(1 + _NON_SQUARE * r * r, -1, _P) % _P
    is_square = pow(v**3 + _A * v**2 + v, (_P - 1) // 2, _P) in (0, 1)
    return v if is_square else (-v - _A) % _P


def share(scalar: bytes, base: bytes) -> bytes:
    """The public share, Y = scalar · generator."""
    return _multiply(scalar, base)


def shared_point(scalar: bytes, their_share: bytes) -> bytes:
    """K = scalar · Y of the other side.

    Raises:
        NotAuthentic: the other side sent a point of low order, which would make the key independent of the password.
    """
    return _multiply(scalar, their_share)


def _multiply(scalar: bytes, point: bytes) -> bytes:
    try:
        return X25519PrivateKey.from_private_bytes(scalar).exchange(X25519PublicKey.from_public_bytes(point))
    except ValueError:
        raise NotAuthentic("a share of low order, or of a wrong length") from None


def transcript(initiator_share: bytes, initiator_data: bytes, responder_share: bytes, responder_data: bytes) -> bytes:
    """transcript_ir: both shares, each with the data its sender vouches for."""
    return lv_cat(initiator_share, initiator_data) + lv_cat(responder_share, responder_data)


def intermediate_key(session: bytes, point: bytes, transcript_ir: bytes) -> bytes:
    """ISK: 64 bytes, equal on both sides exactly if password, channel, session and transcript are."""
    return hashlib.sha512(lv_cat(_DSI + b"_ISK", session, point) + transcript_ir).digest()
