"""protocol/log_of_sessions.py: what proves that a session is in the log, and everything that does not."""

from dataclasses import replace
from typing import TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis.strategies import binary, integers, text

from protocol import merkle, signed_note
from protocol.errors import LogTampered, NotLogged, RemoteProtocolError
from protocol.log_of_sessions import (
    Checkpoint,
    Leaf,
    Logged,
    SessionClosed,
    SessionJoined,
    SessionOpened,
    Trust,
    check_growth,
    check_logged,
    leaf_of,
    leaf_text,
    parse_leaf,
    read_checkpoint,
    verify_checkpoint,
    verify_logged,
)
from protocol.merkle import Node, Range
from protocol.session_log import Held, Joined, LogWriter, Opened, SessionEnded, entry_hash
from protocol.vocabulary import Hold, Outcome, Role
from tests.protocol.logs import NAMES, ORIGIN, OTHER, TRUST, WITNESSES, log_of

SESSION = "5" * 32
ENTRIES = LogWriter()
ENTRIES.append(
    Opened(
        SESSION, "2041", "Pas d’image", "Voir", "Fibre du Lac", b"d" * 32, b"c" * 32, "Camille Roy", "a" * 32, b"a" * 32,
        b"j" * 32, "1.0.0", "Linux", "link",
    ),
    1,
)  # fmt: skip
ENTRIES.append(Joined("b" * 32, "Noé Martin", Role.OBSERVER, b"n" * 32, b"k" * 32, "Voir aussi"), 2)
ENTRIES.append(Held(Hold.PAUSED), 3)
ENTRIES.append(SessionEnded(Outcome.COMPLETED, "technician", 4, 5), 4)
LeafKind = TypeVar("LeafKind")


def said(kind: type[LeafKind], entry: int) -> LeafKind:
    """The leaf that this entry makes, which is of this kind."""
    leaf = leaf_of(ENTRIES.texts[entry], SESSION, bytes([entry + 1]) * 16)
    assert isinstance(leaf, kind)
    return leaf


OPENED, JOINED, CLOSED = said(SessionOpened, 0), said(SessionJoined, 1), said(SessionClosed, 3)


def closed(number: int) -> SessionClosed:
    return SessionClosed(bytes([number]) * 16, f"{number:032x}", number, bytes(32), "completed")


def demand(logged: Logged, trust: Trust = TRUST, entry: int = 0) -> Checkpoint:
    return check_logged(logged, trust, SESSION, ENTRIES.texts[entry])


LEAVES: list[Leaf] = [closed(1), CLOSED, OPENED, closed(3), JOINED]


def test_a_session_that_is_in_the_log_passes_and_so_do_who_joined_and_the_end() -> None:
    assert demand(log_of(LEAVES, 2)).size == 5
    demand(log_of(LEAVES, 4), entry=1)
    demand(log_of(LEAVES, 1), entry=3)
    assert (CLOSED.entries, CLOSED.last_hash) == (4, entry_hash(ENTRIES.texts[3]))


def test_of_most_entries_the_log_of_sessions_says_nothing() -> None:
    assert leaf_of(ENTRIES.texts[2], SESSION, bytes(16)) is None
    for index in range(len(LEAVES)):
        with pytest.raises(NotLogged):
            demand(log_of(LEAVES, index), entry=2)


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


@pytest.mark.parametrize(("index", "entry"), [(4, 0), (1, 0), (2, 1), (3, 3), (0, 3), (2, 3)])
def test_what_is_logged_of_one_entry_passes_for_no_other(index: int, entry: int) -> None:
    with pytest.raises(NotLogged):
        demand(log_of(LEAVES, index), entry=entry)


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
