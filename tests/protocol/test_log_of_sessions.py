"""protocol/log_of_sessions.py: what proves that a session is in the log, and everything that does not."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis.strategies import binary, integers, text

from protocol import merkle, signed_note
from protocol.errors import LogTampered, NotLogged, RemoteProtocolError
from protocol.identity import public_bytes
from protocol.log_of_sessions import (
    Checkpoint,
    Leaf,
    Logged,
    SessionClosed,
    SessionJoined,
    SessionOpened,
    Trust,
    check_growth,
    check_logged_joining,
    check_logged_session,
    leaf_text,
    parse_leaf,
    read_checkpoint,
    sign_checkpoint,
    verify_checkpoint,
    verify_logged,
)
from protocol.merkle import Node, Range

LOG, OTHER, *WITNESSES = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(1, 6))
NAMES = ("first.example/w", "second.example/w", "third.example/w")
ORIGIN, SESSION, CERTIFICATE, AGENT, DOCUMENT = "mainforte/sessions/A", "5" * 32, b"c" * 32, b"a" * 32, b"d" * 32
OPENED = SessionOpened(b"s" * 16, SESSION, CERTIFICATE, AGENT, DOCUMENT)
JOINED = SessionJoined(b"t" * 16, SESSION, b"j" * 32)
TRUST = Trust(ORIGIN, (public_bytes(LOG),), tuple(zip(NAMES, map(public_bytes, WITNESSES), strict=True)), 0)


def log_of(leaves: Sequence[Leaf], index: int, *, key: Ed25519PrivateKey = LOG, origin: str = ORIGIN) -> Logged:
    nodes: dict[Node, bytes] = {}
    for size, leaf in enumerate(leaves):
        nodes |= merkle.append(nodes, size, merkle.leaf_hash(leaf_text(leaf).encode()))
    checkpoint = Checkpoint(origin, len(leaves), merkle.root(nodes, Range(0, len(leaves))))
    hashes = merkle.proof(nodes, merkle.inclusion_ranges(index, len(leaves)))
    return Logged(leaf_text(leaves[index]), index, hashes, str(sign_checkpoint(checkpoint, key)))


def closed(number: int) -> SessionClosed:
    return SessionClosed(bytes([number]) * 16, f"{number:032x}", number, bytes(32), "completed")


def demand(logged: Logged, trust: Trust = TRUST) -> Checkpoint:
    return check_logged_session(
        logged, trust, session=SESSION, certificate=CERTIFICATE, agent_key=AGENT, document=DOCUMENT
    )


LEAVES: list[Leaf] = [closed(1), closed(2), OPENED, closed(3), JOINED]


def test_a_session_that_is_in_the_log_passes() -> None:
    assert demand(log_of(LEAVES, 2)).size == 5
    check_logged_joining(log_of(LEAVES, 4), TRUST, session=SESSION, certificate=b"j" * 32)


@pytest.mark.parametrize(
    "wrong",
    [
        log_of([*LEAVES[:2], msgspec.structs.replace(OPENED, agent_key=bytes(32))], 2),
        log_of([*LEAVES[:2], msgspec.structs.replace(OPENED, certificate=bytes(32))], 2),
        log_of([*LEAVES[:2], msgspec.structs.replace(OPENED, document=bytes(32))], 2),
        log_of([*LEAVES[:2], msgspec.structs.replace(OPENED, session="6" * 32)], 2),
        log_of(LEAVES, 3),
        log_of(LEAVES, 2, key=OTHER),
        log_of(LEAVES, 2, origin="mainforte/sessions/B"),
        msgspec.structs.replace(log_of(LEAVES, 2), index=1),
        msgspec.structs.replace(log_of(LEAVES, 2), index=7),
        msgspec.structs.replace(log_of(LEAVES, 2), hashes=log_of(LEAVES, 1).hashes),
        msgspec.structs.replace(log_of(LEAVES, 2), leaf=leaf_text(msgspec.structs.replace(OPENED, salt=bytes(16)))),
        msgspec.structs.replace(log_of(LEAVES, 2), checkpoint=log_of(LEAVES[:3], 2).checkpoint),
    ],
)
def test_another_agent_certificate_log_key_place_or_state_is_refused(wrong: Logged) -> None:
    with pytest.raises((NotLogged, LogTampered)):
        demand(wrong)


def test_a_session_is_no_joining_and_a_joining_no_session() -> None:
    with pytest.raises(NotLogged):
        demand(log_of(LEAVES, 4))
    with pytest.raises(NotLogged):
        check_logged_joining(log_of(LEAVES, 2), TRUST, session=SESSION, certificate=CERTIFICATE)


def test_as_many_witnesses_as_the_document_asks_for_must_have_cosigned() -> None:
    asks_two = replace(TRUST, quorum=2)
    logged = log_of(LEAVES, 2)
    note = signed_note.parse(logged.checkpoint)
    for key, name in zip(WITNESSES, NAMES, strict=True):
        with pytest.raises(NotLogged, match="of 2 cosignatures"):
            demand(msgspec.structs.replace(logged, checkpoint=str(note)), asks_two)
        # The same witness again, and one that nobody named, are nobody more.
        twice = signed_note.cosign(
            signed_note.cosign(note, "stranger.example/w", OTHER, at_s=9), NAMES[0], OTHER, at_s=9
        )
        with pytest.raises(NotLogged, match="of 2 cosignatures"):
            demand(msgspec.structs.replace(logged, checkpoint=str(twice)), asks_two)
        note = signed_note.cosign(note, name, key, at_s=9)
        if name == NAMES[1]:
            break
    demand(msgspec.structs.replace(logged, checkpoint=str(note)), asks_two)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n",
        f"{ORIGIN}\n1\n",
        f"{ORIGIN}\n01\n{'A' * 43}=\n",
        f"{ORIGIN}\n-1\n{'A' * 43}=\n",
        f"{ORIGIN}\n٣\n{'A' * 43}=\n",
        f"{ORIGIN}\n{2**40}\n{'A' * 43}=\n",
        f"{ORIGIN}\n1\n{'A' * 42}==\n",
        f"{ORIGIN}\n1\n{'A' * 42}B=\n",
        f"{ORIGIN}\n1\n{'A' * 43}=\nmore\n",
        f"\n1\n{'A' * 43}=\n",
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        read_checkpoint(signed_note.Note(text, ()))


@given(text(max_size=300))
def test_any_text_at_all_is_a_checkpoint_or_is_refused(anything: str) -> None:
    for attempt in (lambda: verify_checkpoint(anything, TRUST), lambda: parse_leaf(anything)):
        with pytest.raises(RemoteProtocolError):
            attempt()


@given(binary(min_size=16, max_size=16), integers(0, 2**53 - 1))
def test_a_leaf_is_read_as_it_was_written(salt: bytes, entries: int) -> None:
    leaf = SessionClosed(salt, SESSION, entries, bytes(32), "")
    assert parse_leaf(leaf_text(leaf)) == leaf


def test_a_log_that_grew_passes_and_one_that_was_shortened_or_changed_does_not() -> None:
    nodes: dict[Node, bytes] = {}
    for size in range(20):
        nodes |= merkle.append(nodes, size, merkle.leaf_hash(bytes([size])))
    states = [Checkpoint(ORIGIN, size, merkle.root(nodes, Range(0, size))) for size in range(21)]
    hashes = merkle.proof(nodes, merkle.consistency_ranges(7, 20))
    check_growth(states[7], states[20], hashes)
    check_growth(states[0], states[20], [])
    with pytest.raises(LogTampered):
        check_growth(states[20], states[7], hashes)
    with pytest.raises(LogTampered):
        check_growth(Checkpoint(ORIGIN, 7, bytes(32)), states[20], hashes)


def test_a_proof_says_what_was_proven() -> None:
    leaf, checkpoint = verify_logged(log_of(LEAVES, 0), TRUST)
    assert (leaf, checkpoint.size) == (LEAVES[0], 5)
