"""protocol/signed_note.py: the published example, keys as text, and cosignatures."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import signed_note
from protocol.errors import NotAuthentic, RemoteProtocolError
from protocol.identity import public_bytes

KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (7, 8))


def test_every_published_note_is_judged_as_published(shared_vectors: Path) -> None:
    cases = json.loads((shared_vectors / "signed_note_vectors.json").read_text())["cases"]
    assert cases
    for case in cases:
        name, key = signed_note.parse_verifier(case["vkey"], signed_note.ED25519)
        assert signed_note.verifier_text(name, key, signed_note.ED25519) == case["vkey"]
        note = signed_note.parse(case["note"])
        assert str(note) == case["note"]
        assert case["valid"] is True
        signed_note.verify(note, name, key)
        with pytest.raises(NotAuthentic):
            signed_note.verify(signed_note.Note("Another message.\n", note.signatures), name, key)
        with pytest.raises(NotAuthentic):
            signed_note.verify(note, name, public_bytes(OTHER))
        with pytest.raises(NotAuthentic):
            signed_note.verify(note, "example.com/bar", key)


def test_a_key_as_text_is_read_again_and_a_mistyped_one_is_not() -> None:
    text = signed_note.verifier_text("witness.example/w", public_bytes(KEY), signed_note.COSIGNATURE)
    assert signed_note.parse_verifier(f" {text}\n", signed_note.COSIGNATURE) == ("witness.example/w", public_bytes(KEY))
    for wrong in (
        "",
        "+",
        "a+b+c",
        text[:-2],
        text.replace("witness", "witmess"),
        text.replace("+B", "+A"),
        text + "A",
    ):
        with pytest.raises(RemoteProtocolError):
            signed_note.parse_verifier(wrong, signed_note.COSIGNATURE)
    with pytest.raises(RemoteProtocolError):
        signed_note.parse_verifier(text, signed_note.ED25519)


def test_a_cosignature_says_when_and_cannot_be_moved_to_another_time_or_text() -> None:
    note = signed_note.cosign(signed_note.sign("a\n", "log", KEY), "witness", OTHER, at_s=1000)
    assert signed_note.cosigned_at(note, "witness", public_bytes(OTHER)) == 1000
    signed_note.verify(note, "log", public_bytes(KEY))
    own, theirs = note.signatures
    later = signed_note.SignatureLine(theirs.name, theirs.key_id, (1001).to_bytes(8) + theirs.signature[8:])
    for wrong in (
        signed_note.Note("b\n", note.signatures),
        signed_note.Note("a\n", (own,)),
        signed_note.Note("a\n", (own, later)),
    ):
        with pytest.raises(NotAuthentic):
            signed_note.cosigned_at(wrong, "witness", public_bytes(OTHER))
