"""protocol/session_log.py: nothing altered, dropped, inserted or reordered goes unnoticed."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis.strategies import integers, sampled_from

from protocol import session_log
from protocol.errors import LogTampered, ProtocolError
from protocol.session_log import (
    Answered,
    Asked,
    DeviceDescribed,
    Event,
    Joined,
    LogReader,
    LogWriter,
    Opened,
    ScreenSize,
    SessionEnded,
)
from protocol.vocabulary import Answer, Capability, Outcome, Role
from tests.protocol.pairs import ISSUING, SESSION, TECHNICIAN

AGENT = ISSUING
AGENT_KEY = AGENT.public_key().public_bytes_raw()
TECHNICIAN_KEY = TECHNICIAN.public_key().public_bytes_raw()


def opened_log() -> list[str]:
    writer = LogWriter()
    opened = Opened(
        SESSION,
        "2041",
        "Pas d’image",
        "Voir",
        "Fibre du Lac",
        bytes(32),
        bytes(32),
        "Camille Roy",
        "a" * 32,
        AGENT_KEY,
        bytes(range(32)),
        "1.0.0",
        "Linux",
        "built-in",
    )
    writer.append(opened, 1)
    writer.append(Asked("a" * 32, Capability.VIEW, "Voir", "Camille Roy demande…", "fr"), 2)
    writer.append(Answered(1, Answer.ALLOWED, [Capability.VIEW], 99, 1500), 3)
    writer.append(SessionEnded(Outcome.STOPPED, "customer", 10, 0), 4)
    return writer.texts


DEVICE = DeviceDescribed(
    "Dell Inc.", "Latitude 5440", "Debian GNU/Linux 12 (bookworm)", "GNOME", "wayland", "Intel(R) Core(TM) i5", 12,
    16_450_000_000, 502_000_000_000, 3_900_000_000, [ScreenSize(1920, 1080)],
)  # fmt: skip


def described_log() -> list[str]:
    """The computer is described once somebody may see."""
    return log_of(*_events()[:3], DEVICE, *_events()[3:])


def misplaced() -> dict[str, list[str]]:
    """Logs whose last entry describes the computer where it may not, by what is wrong."""
    opened, asked, answered, _ = _events()
    refused = Answered(1, Answer.REFUSED, [], 0, 1500)
    recorded = Answered(1, Answer.ALLOWED, [Capability.RECORD], 99, 1500)
    return {
        "before the question": log_of(opened, DEVICE),
        "before the answer": log_of(opened, asked, DEVICE),
        "after a no": log_of(opened, asked, refused, DEVICE),
        "after a yes to something else": log_of(opened, asked, recorded, DEVICE),
        "twice": log_of(opened, asked, answered, DEVICE, DEVICE),
        "again after another yes": log_of(opened, asked, answered, DEVICE, asked, answered, DEVICE),
    }


def log_of(*events: Event) -> list[str]:
    writer = LogWriter()
    for number, event in enumerate(events):
        writer.append(event, number)
    return writer.texts


def _events() -> list[Event]:
    return [session_log.parse_entry(text).event for text in opened_log()]


def _heads(texts: list[str], technician_s: int = 1000) -> list[str]:
    note = session_log.make_head(SESSION, texts, AGENT, at_s=1000)
    return [session_log.countersign_head(note, SESSION, texts, AGENT_KEY, TECHNICIAN, at_s=technician_s)]


def test_after_a_hand_over_the_one_who_joined_signs() -> None:
    colleague = Ed25519PrivateKey.from_private_bytes(bytes(range(96, 128)))
    writer = LogWriter()
    writer.texts += opened_log()[:3]
    key = colleague.public_key().public_bytes_raw()
    writer.append(Joined("b" * 32, "Paul Martin", Role.TECHNICIAN, bytes(32), key, "Suite"), 5)
    head = session_log.make_head(SESSION, writer.texts, AGENT, at_s=1000)
    signed = session_log.countersign_head(head, SESSION, writer.texts, AGENT_KEY, colleague, at_s=1001)
    assert session_log.verify(writer.texts, [signed], TECHNICIAN_KEY).both == 4
    early = session_log.make_head(SESSION, writer.texts[:3], AGENT, at_s=1000)
    signed_early = session_log.countersign_head(early, SESSION, writer.texts, AGENT_KEY, colleague, at_s=1001)
    with pytest.raises(LogTampered):
        session_log.verify(writer.texts, [signed_early], TECHNICIAN_KEY)


def test_a_log_signed_by_both_is_complete() -> None:
    texts = opened_log()
    verdict = session_log.verify(texts, _heads(texts), TECHNICIAN_KEY)
    assert verdict.is_complete
    assert (verdict.both, verdict.agent) == (4, 4)
    assert not verdict.clocks_differ


def test_what_only_the_agent_signed_is_said_to_be_so() -> None:
    texts = opened_log()
    verdict = session_log.verify(
        texts, [*_heads(texts[:2]), session_log.make_head(SESSION, texts, AGENT, at_s=1)], TECHNICIAN_KEY
    )
    assert (verdict.both, verdict.agent, verdict.is_complete) == (2, 4, False)


def test_clocks_that_differ_are_flagged_and_not_invalid() -> None:
    texts = opened_log()
    assert session_log.verify(texts, _heads(texts, technician_s=5000), TECHNICIAN_KEY).clocks_differ


@given(integers(0, 3), integers(0, 10**6), sampled_from(["flip", "delete", "swap", "repeat"]))
def test_any_change_to_a_signed_log_is_found(entry: int, where: int, change: str) -> None:
    texts = opened_log()
    heads = _heads(texts)
    altered = list(texts)
    if change == "flip":
        data = bytearray(altered[entry].encode())
        data[where % len(data)] ^= 1
        altered[entry] = data.decode(errors="replace")
    elif change == "delete":
        del altered[entry]
    elif change == "swap":
        altered[entry], altered[(entry + 1) % 4] = altered[(entry + 1) % 4], altered[entry]
    else:
        altered.insert(entry, altered[entry])
    with pytest.raises(ProtocolError):
        session_log.verify(altered, heads, TECHNICIAN_KEY)


@pytest.mark.parametrize("length", range(1, 4))
def test_a_shortened_log_is_found(length: int) -> None:
    texts = opened_log()
    with pytest.raises(LogTampered):
        session_log.verify(texts[:length], _heads(texts), TECHNICIAN_KEY)


def test_a_head_signed_by_somebody_else_is_found() -> None:
    texts = opened_log()
    with pytest.raises(LogTampered):
        session_log.verify(texts, [session_log.make_head(SESSION, texts, TECHNICIAN, at_s=1)], TECHNICIAN_KEY)
    with pytest.raises(LogTampered):
        session_log.verify(texts, _heads(texts), AGENT_KEY)


def test_the_technician_signs_only_what_was_received() -> None:
    texts = opened_log()
    note = session_log.make_head(SESSION, texts, AGENT, at_s=1)
    with pytest.raises(LogTampered):
        session_log.countersign_head(note, SESSION, texts[:3], AGENT_KEY, TECHNICIAN, at_s=1)


@pytest.mark.requirement("A86")
def test_the_computer_is_described_once_and_only_to_somebody_who_may_see() -> None:
    texts = described_log()
    verdict = session_log.verify(texts, _heads(texts), TECHNICIAN_KEY)
    assert verdict.is_complete
    assert verdict.entries[3].event == DEVICE
    for wrong in misplaced().values():
        reader = LogReader()
        for text in wrong[:-1]:
            reader.add(text)
        with pytest.raises(LogTampered, match="describes the computer"):
            reader.add(wrong[-1])
        # What was refused is not part of the log that is followed.
        assert reader.texts == wrong[:-1]


@pytest.mark.parametrize(
    ("told", "instead"),
    [
        ('"Dell Inc."', '"Dell\u202e"'),
        ('"Dell Inc."', f'"{"x" * 201}"'),
        ('"wayland"', '"quartz"'),
        ('"cores":12', '"cores":-1'),
        ('"width_px":1920', '"width_px":0'),
        ('{"height_px":1080,"width_px":1920}', ",".join(17 * ['{"height_px":1080,"width_px":1920}'])),
        ('"cores":12', '"cores":12,"serial":"1234"'),
    ],
)
def test_a_computer_of_which_more_or_something_else_is_said_is_refused(told: str, instead: str) -> None:
    text = described_log()[3]
    assert told in text
    with pytest.raises(ProtocolError):
        session_log.parse_entry(text.replace(told, instead))
