"""protocol/recording_keys.py: auditors open what was sealed for them, and nobody opens anything else."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec import structs

from protocol.codec import encode
from protocol.errors import LogTampered, NotAuthentic, NotForThisKey, RemoteProtocolError
from protocol.identity import Auditor
from protocol.recording_keys import (
    SUITE,
    RecordingKey,
    Seal,
    Seals,
    auditor_id,
    epoch_commitment,
    key_commitment,
    open_recording_key,
    read_seals,
    seal_for,
    seal_recording_key,
)
from protocol.session_log import EpochBegan
from tests.protocol.pairs import SESSION

KEY = bytes(range(32))
EPOCH_KEY = bytes(range(32, 64))
ALICE, BRUNO, STRANGER = (X25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))
OTHER_SESSION = "f" * 32


def auditor(name: str, key: X25519PrivateKey) -> Auditor:
    return Auditor(name, "", key.public_key().public_bytes_raw(), bytes(32))


AUDITORS = [auditor("Alice", ALICE), auditor("Bruno", BRUNO)]


def test_the_suite_opens_what_another_implementation_sealed(shared_vectors: Path) -> None:
    sample = json.loads((shared_vectors / "hpke_mlkem_interop_sample.json").read_text())
    private = X25519PrivateKey.from_private_bytes(bytes.fromhex(sample["sk"]))
    assert private.public_key().public_bytes_raw().hex() == sample["pk"]
    sealed, info = bytes.fromhex(sample["ct"]), bytes.fromhex(sample["info"])
    assert SUITE.decrypt(sealed, private, info).hex() == sample["pt"]


@pytest.mark.parametrize("private", [ALICE, BRUNO])
def test_every_auditor_of_the_document_opens_the_key(private: X25519PrivateKey) -> None:
    seals = read_seals(seal_recording_key(SESSION, KEY, AUDITORS), SESSION)
    assert open_recording_key(seals, private, key_commitment(SESSION, KEY)) == KEY


def test_who_is_not_named_opens_nothing() -> None:
    seals = read_seals(seal_recording_key(SESSION, KEY, AUDITORS), SESSION)
    with pytest.raises(NotForThisKey):
        open_recording_key(seals, STRANGER, key_commitment(SESSION, KEY))


def test_a_seal_that_was_renamed_to_a_stranger_does_not_open() -> None:
    seals = read_seals(seal_recording_key(SESSION, KEY, AUDITORS), SESSION)
    stolen = structs.replace(seals.seals[0], auditor=auditor_id(STRANGER.public_key().public_bytes_raw()))
    with pytest.raises(NotAuthentic):
        open_recording_key(structs.replace(seals, seals=[stolen]), STRANGER, key_commitment(SESSION, KEY))


def test_a_seal_of_another_session_does_not_open() -> None:
    seals = Seals(OTHER_SESSION, 1, [seal_for(SESSION, KEY, ALICE.public_key().public_bytes_raw())])
    with pytest.raises(NotAuthentic):
        open_recording_key(seals, ALICE, key_commitment(OTHER_SESSION, KEY))
    with pytest.raises(RemoteProtocolError):
        read_seals(encode(seals), SESSION)


def test_a_key_that_a_hostile_relay_sealed_for_the_auditor_is_not_the_one_in_the_log() -> None:
    seals = Seals(SESSION, 1, [seal_for(SESSION, bytes(32), ALICE.public_key().public_bytes_raw())])
    with pytest.raises(LogTampered):
        open_recording_key(seals, ALICE, key_commitment(SESSION, KEY))


def test_two_shares_are_refused_until_two_can_open_them_together() -> None:
    seals = Seals(SESSION, 2, [Seal(bytes(32), share, bytes(80)) for share in (0, 1)])
    assert read_seals(encode(seals), SESSION) == seals
    with pytest.raises(RemoteProtocolError):
        open_recording_key(seals, ALICE, key_commitment(SESSION, KEY))
    with pytest.raises(RemoteProtocolError):
        read_seals(encode(Seals(SESSION, 1, [Seal(bytes(32), 1, bytes(80))])), SESSION)


def test_an_old_auditor_passes_a_recording_on_to_a_new_one() -> None:
    seals = read_seals(seal_recording_key(SESSION, KEY, AUDITORS), SESSION)
    opened = open_recording_key(seals, ALICE, key_commitment(SESSION, KEY))
    again = structs.replace(seals, seals=[seal_for(SESSION, opened, STRANGER.public_key().public_bytes_raw())])
    assert open_recording_key(again, STRANGER, key_commitment(SESSION, KEY)) == KEY


def began(epoch: int = 3, key: bytes = EPOCH_KEY, session: str = SESSION) -> EpochBegan:
    wrapped = RecordingKey(session, KEY).wrap(epoch, key)
    return EpochBegan(epoch, 7, epoch_commitment(session, epoch, key), wrapped)


def test_an_epoch_opens_with_the_recording_key() -> None:
    assert RecordingKey(SESSION, KEY).unwrap(began()) == EPOCH_KEY


@pytest.mark.parametrize(
    "changed",
    [
        structs.replace(began(), epoch=4),
        structs.replace(began(), commitment=epoch_commitment(SESSION, 3, bytes(32))),
        structs.replace(began(), wrapped=began(4).wrapped),
        structs.replace(began(), wrapped=bytes(48)),
        began(session=OTHER_SESSION),
    ],
    ids=["of another epoch", "another commitment", "the key of another epoch", "no key at all", "of another session"],
)
def test_an_epoch_that_was_tampered_with_does_not_open(changed: EpochBegan) -> None:
    with pytest.raises(LogTampered):
        RecordingKey(SESSION, KEY).unwrap(changed)


def test_an_epoch_that_was_not_recorded_cannot_be_opened_by_anybody() -> None:
    with pytest.raises(RemoteProtocolError):
        RecordingKey(SESSION, KEY).unwrap(structs.replace(began(), wrapped=b""))


def test_what_lies_beside_an_entry_opens_once_it_is_whole() -> None:
    key = RecordingKey(SESSION, KEY)
    sealed = key.seal_content("Écran noir".encode(), bytes(12))
    assert key.open_content(sealed).decode() == "Écran noir"
    for altered in (sealed[:-1], bytes([sealed[0] ^ 1]) + sealed[1:], b""):
        with pytest.raises(NotAuthentic):
            key.open_content(altered)
    with pytest.raises(NotAuthentic):
        RecordingKey(OTHER_SESSION, KEY).open_content(sealed)
