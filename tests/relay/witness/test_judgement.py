"""relay/witness/judgement.py: only what continues what was cosigned is cosigned, and anything else has its own answer."""

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis.strategies import binary

from protocol import merkle, signed_note
from protocol.identity import public_bytes
from protocol.log_of_sessions import Checkpoint, sign_checkpoint
from protocol.merkle import Node, Range
from relay.witness.judgement import Asked, Refused, judge, read_request
from tests.protocol.logs import LOG, ORIGIN, OTHER

LOGS = {ORIGIN: public_bytes(LOG)}


def tree(count: int, *, fork_at: int = 1000) -> dict[Node, bytes]:
    nodes: dict[Node, bytes] = {}
    for size in range(count):
        leaf = merkle.leaf_hash(b"%d%s" % (size, b"'" if size >= fork_at else b""))
        nodes |= merkle.append(nodes, size, leaf)
    return nodes


HONEST, FORKED = tree(40), tree(40, fork_at=12)


def state(size: int, nodes: dict[Node, bytes] = HONEST, origin: str = ORIGIN) -> Checkpoint:
    return Checkpoint(origin, size, merkle.root(nodes, Range(0, size)))


def asked(older: int, size: int, nodes: dict[Node, bytes] = HONEST, key: object = LOG, origin: str = ORIGIN) -> Asked:
    hashes = merkle.proof(nodes, merkle.consistency_ranges(older, size)) if 0 < older <= size else []
    note = sign_checkpoint(state(size, nodes, origin), key)  # type: ignore[arg-type]
    lines = "".join(f"{base64.b64encode(each).decode()}\n" for each in hashes)
    return read_request(f"old {older}\n{lines}\n{note}".encode())


@pytest.mark.parametrize(("older", "size"), [(0, 0), (0, 1), (0, 20), (1, 1), (7, 8), (8, 20), (20, 20), (13, 37)])
def test_a_log_that_only_grew_is_cosigned(older: int, size: int) -> None:
    judge(asked(older, size), LOGS, state(older) if older else None)


@pytest.mark.parametrize(
    ("status", "size", "wrong", "seen"),
    [
        (404, 0, asked(0, 5, origin="mainforte/sessions/B"), None),
        (403, 0, asked(0, 5, key=OTHER), None),
        (400, 0, asked(9, 5), state(9)),
        (409, 9, asked(0, 20), state(9)),
        (409, 9, asked(8, 20), state(9)),
        (409, 20, asked(9, 12), state(20)),
        (409, 0, asked(9, 20), None),
        (409, 20, asked(20, 20, FORKED), state(20)),
        (422, 0, asked(20, 30, FORKED), state(20)),
    ],
)
def test_anything_else_is_refused_with_its_own_status(
    status: int, size: int, wrong: Asked, seen: Checkpoint | None
) -> None:
    with pytest.raises(Refused) as refused:
        judge(wrong, LOGS, seen)
    assert (refused.value.status, refused.value.size) == (status, size)


@pytest.mark.parametrize("known", [LOG, OTHER])
def test_a_log_that_changes_its_key_is_cosigned_by_who_knows_either(known: Ed25519PrivateKey) -> None:
    request = asked(8, 20)
    both = replace(request, note=sign_checkpoint(request.checkpoint, OTHER, LOG))
    judge(both, {ORIGIN: public_bytes(known)}, state(8))
    with pytest.raises(Refused):
        judge(both, {ORIGIN: bytes(32)}, state(8))


def test_a_fork_before_what_was_cosigned_is_found_and_one_after_it_is_the_log() -> None:
    judge(asked(12, 30, FORKED), LOGS, state(12))
    with pytest.raises(Refused):
        judge(asked(13, 30, FORKED), LOGS, state(13))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0",
        b"old -1\n\n" + str(asked(0, 1).note).encode(),
        b"old 1e3\n\n" + str(asked(0, 1).note).encode(),
        b"old 0\nAAAA\n\n" + str(asked(0, 1).note).encode(),
        b"old 0\n" + (base64.b64encode(bytes(32)) + b"\n") * 65 + b"\n" + str(asked(0, 1).note).encode(),
        b"new 0\n\n" + str(asked(0, 1).note).encode(),
        b"old 0\n\nnot a note\n",
        b"old 0\n\n" + str(signed_note.sign("not a checkpoint\n", ORIGIN, LOG)).encode(),
    ],
)
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        read_request(body)
    assert refused.value.status == 400


@given(binary(max_size=500))
def test_any_bytes_at_all_are_a_request_or_are_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        read_request(body)
