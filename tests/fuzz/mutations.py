"""Inputs that are nearly right: what a good one becomes when bytes or meanings are changed at random."""

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

_TOKENS = (
    b"\x00", b"\xff\xff\xff\xff", b"\x80\x00\x00\x00", b"\n\n", b'"', b"{", b"[" * 3000, b"}", b"\\ud800", b"\\u0000", b"\xc0\x80",
    b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", "\u202e".encode(), b"null", b"-0", b"1e999", b"9007199254740993", b"://", b"#", b"%", b"[::",
    "\u2014 ".encode(), "\u0661".encode(), "\u017f".encode(), "\u0130".encode(), b"=", b"&" * 20, b" ", b"A" * 5000,
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**16, 2**31, 2**53 - 1, 2**53, -(2**63), 10**40, 1.5, "", "a", "\u202e", "\n", "\u0000", "A" * 9000, "=",
    "AA==", [], {}, [[]], [None], {"type": "opened"}, {"": ""},
)  # fmt: skip
_CHANGES_MAX = 4


def mutations(samples: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Endless changed copies of `samples`; the same seed gives the same ones."""
    chance = random.Random(seed)
    yield from samples
    while True:
        data = chance.choice(samples)
        if chance.random() < 0.4 and (meant := _changed_meaning(data, chance)) is not None:
            data = meant
            if chance.random() < 0.7:
                yield data
                continue
        for _ in range(chance.randint(1, _CHANGES_MAX)):
            data = _changed_bytes(data, samples, chance)
        yield data


def _changed_bytes(data: bytes, samples: Sequence[bytes], chance: random.Random) -> bytes:
    at, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    match chance.randrange(7):
        case 0 if data:
            at = chance.randrange(len(data))
            return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
        case 1:
            return data[:at]
        case 2:
            return data[:at] + data[end:]
        case 3:
            return data[:end] + data[at:end] + data[end:]
        case 4:
            return data[:at] + chance.choice(_TOKENS) + data[at:]
        case 5:
            return data[:at] + chance.choice(samples)[at:]
        case _:
            return data[:at] + chance.randbytes(chance.randint(1, 16)) + data[end:]


def _changed_meaning(data: bytes, chance: random.Random) -> bytes | None:
    """Another value somewhere in a JSON text, written as canonically as before; None where it is not JSON."""
    start = data.find(b"{")
    try:
        value = json.loads(data[start:])
    except (ValueError, RecursionError):
        return None
    places = list(_places(value))
    if not places:
        return None
    holder, key = chance.choice(places)
    match chance.randrange(4):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[chance.choice(("x", "type", "", "__proto__", "constructor"))] = chance.choice(_VALUES)
        case _:
            holder[key] = chance.choice(_VALUES)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return data[: max(start, 0)] + text.encode("utf-8", "surrogatepass")


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        yield value, key
        yield from _places(inner)
