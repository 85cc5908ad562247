"""relay/evidence/summary.py: what a log says happened."""

import re

import pytest
from msgspec import structs

from protocol.session_log import (
    AccessEnded,
    Answered,
    Asked,
    ClipboardMoved,
    Cut,
    DeviceDescribed,
    Entry,
    Event,
    HandedOver,
    InputCounted,
    Joined,
    Left,
    Opened,
    Resumed,
    Said,
    SessionEnded,
)
from protocol.vocabulary import Answer, Capability, Direction, Outcome, Role
from relay.desk import templates
from relay.desk.rendering import Times
from relay.evidence.summary import summarise
from tests.relay.evidence.packs import DEVICE

NONE = bytes(32)
OPENED = Opened(
    "0" * 32, "2041", "s", "r", "o", NONE, NONE, "Camille Durand", "camille", NONE, NONE, "0.1.0", "Linux", "built-in"
)
ASKED = Asked("camille", Capability.VIEW, "r", "words", "fr")


def entries(*events: Event) -> list[Entry]:
    return [Entry(number, NONE, 1000 * number, event) for number, event in enumerate(events)]


def test_a_grant_lasts_from_the_answer_until_it_is_taken_back() -> None:
    told = summarise(
        entries(
            OPENED,
            ASKED,
            Answered(1, Answer.ALLOWED, [Capability.VIEW, Capability.CONTROL], 99, 500),
            AccessEnded("camille", Capability.CONTROL, "customer"),
            SessionEnded(Outcome.COMPLETED, "technician", 2000, 1000),
        )
    )
    assert [(g.capability, g.began_ms, g.ended_ms, g.ended_by) for g in told.grants] == [
        ("view", 2000, 4000, "technician"),
        ("control", 2000, 3000, "customer"),
    ]
    assert (told.outcome, told.ended_by, told.view_ms, told.control_ms) == ("completed", "technician", 2000, 1000)


def test_a_refusal_grants_nothing_and_is_told() -> None:
    told = summarise(entries(OPENED, ASKED, Answered(1, Answer.REFUSED, [], 0, 700)))
    assert told.grants == []
    assert [(q.words, q.answer, q.took_ms) for q in told.questions] == [("words", "refused", 700)]


def test_messages_are_counted_and_a_run_of_one_persons_is_one_step() -> None:
    said = [Said("camille", NONE), Said("camille", b""), Said("", NONE), Said("camille", NONE)]
    told = summarise(entries(OPENED, *said))
    steps = [(step.participant, step.times, step.at_ms) for step in told.steps if step.kind == "said"]
    assert steps == [("camille", 2, 1000), ("", 1, 3000), ("camille", 1, 4000)]


def test_the_customers_questions_do_not_mix() -> None:
    control = Asked("camille", Capability.CONTROL, "r", "more", "fr")
    told = summarise(
        entries(
            OPENED,
            ASKED,
            control,
            Answered(2, Answer.ALLOWED, [Capability.CONTROL], 9, 1),
            Answered(1, Answer.TIMED_OUT, [], 0, 2),
        )
    )
    assert [q.answer for q in told.questions] == ["timed_out", "allowed"]


def test_input_is_counted_over_the_whole_session() -> None:
    told = summarise(entries(OPENED, InputCounted("camille", 2, 3, 4), InputCounted("camille", 5, 6, 7)))
    assert (told.clicks, told.keys, told.characters) == (7, 9, 11)


def test_participants_stay_until_the_end() -> None:
    told = summarise(entries(OPENED, SessionEnded(Outcome.STOPPED, "customer", 0, 0)))
    assert [(p.name, p.joined_ms, p.left_ms) for p in told.participants] == [("Camille Durand", 0, 1000)]


def test_it_tells_who_came_when_who_controlled_when_and_how_long_each_cut_was() -> None:
    told = summarise(
        entries(
            OPENED,
            Joined("nils-1", "Nils Roy", Role.TECHNICIAN, NONE, NONE, "r"),
            Asked("nils-1", Capability.CONTROL, "r", "w", "fr"),
            Answered(2, Answer.ALLOWED, [Capability.CONTROL], 99, 1),
            Cut("camille", 1500),
            Resumed("camille", 4200),
            HandedOver("camille", "nils-1"),
            Left("camille", "technician"),
            SessionEnded(Outcome.COMPLETED, "technician", 0, 0),
        )
    )
    assert told.is_shared
    assert [(p.name, p.role, p.joined_ms, p.left_ms) for p in told.participants] == [
        ("Camille Durand", "technician", 0, 7000),
        ("Nils Roy", "technician", 1000, 8000),
    ]
    (control,) = told.grants_of("nils-1", "control")
    assert (control.began_ms, control.ended_ms) == (3000, 8000)
    assert told.grants_of("camille", "control") == []
    assert [(s.kind, told.name_of(s.participant), s.lasted_ms) for s in told.steps if s.participant][3:] == [
        ("cut", "Camille Durand", 0),
        ("resumed", "Camille Durand", 4200),
        ("handed_over", "Nils Roy", 0),
        ("left", "Camille Durand", 0),
    ]


def test_the_first_technician_alone_is_not_a_shared_session() -> None:
    assert not summarise(entries(OPENED)).is_shared


def test_each_text_that_went_over_the_clipboard_is_told_with_its_length_and_its_way() -> None:
    told = summarise(
        entries(
            OPENED,
            ClipboardMoved("camille", Direction.TO_CUSTOMER, 12, b""),
            ClipboardMoved("camille", Direction.FROM_CUSTOMER, 1, NONE),
        )
    )
    assert [(step.kind, step.participant, step.characters) for step in told.steps[1:]] == [
        ("clipboard_put", "camille", 12),
        ("clipboard_read", "camille", 1),
    ]


def test_the_computer_is_known_once_it_is_described() -> None:
    assert summarise(entries(OPENED, ASKED)).device is None
    assert (
        summarise(entries(OPENED, ASKED, Answered(1, Answer.ALLOWED, [Capability.VIEW], 99, 1), DEVICE)).device
        == DEVICE
    )


@pytest.mark.parametrize(
    ("language", "computer"),
    [
        (
            "en",
            "Dell Inc. Latitude &lt;5440&gt; · Debian GNU/Linux 12 (bookworm) · GNOME (Wayland) 13th Gen Intel(R) Core(TM) i5-1345U"
            " · 12 logical cores · memory 16 GB · disk with the home folder: 3900 MB free of 502 GB"
            " · screens 1920 × 1080, 2560 × 1440 · agent 0.1.0",
        ),
        (
            "fr",
            "Dell Inc. Latitude &lt;5440&gt; · Debian GNU/Linux 12 (bookworm) · GNOME (Wayland) 13th Gen Intel(R) Core(TM) i5-1345U"
            " · 12 cœurs logiques · mémoire 16\xa0Go · disque du dossier personnel\xa0: 3900\xa0Mo libres sur 502\xa0Go"
            " · écrans 1920 × 1080, 2560 × 1440 · agent 0.1.0",
        ),
    ],
)
def test_the_report_says_which_computer_it_was_as_far_as_that_is_known(language: str, computer: str) -> None:
    assert computer_in_report(DEVICE, language) == computer
    unknown = DeviceDescribed("", "", "", "", "", "", 0, 0, 0, 0, [])
    assert computer_in_report(unknown, language) == "agent 0.1.0"
    named_twice = structs.replace(unknown, make="Dell", model="DELL Latitude", windowing="x11")
    assert computer_in_report(named_twice, language) == "DELL Latitude · X11 agent 0.1.0"


def computer_in_report(device: DeviceDescribed, language: str) -> str:
    """What the story's facts say of the computer, as text."""
    template = '{% import "session_story.html" as story with context %}{{ story.facts(summary, times) }}'
    shown = (
        templates.of(language)
        .from_string(template)
        .render(language=language, times=Times(language, "UTC"), summary=summarise(entries(OPENED, device)))
    )
    found = re.search(r"<dd>(.*?)</dd>", shown, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]*>", " ", found[1]).replace("\xa0", "\0").split()).replace("\0", "\xa0")
