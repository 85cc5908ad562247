"""client_agent/session/chat.py: who reads what is said, what of it is kept, and how much of it there may be."""

import json
from typing import Any, cast

import pytest

from client_agent.prompts.customer import ChatLine, ChatRefusal, Customer
from client_agent.session import chat as chat_module
from client_agent.session.chat import Chat
from client_agent.session.recording import Recording
from client_agent.session.viewers import RemoteViewer
from protocol.limits import CHAT_LINES_MAX, CONTENT_PADDING_BYTES
from protocol.messages import ChatRefused, ChatSaid
from protocol.session_log import KeySealed, Said, parse_entry
from tests.client_agent.session.test_recorder import Made
from tests.client_agent.session.test_voices import Company


class RememberingCustomer:
    """What the customer was shown, in its order."""

    def __init__(self) -> None:
        self.shown: list[ChatLine | ChatRefusal] = []

    def show_chat(self, line: ChatLine) -> None:
        self.shown.append(line)

    def refuse_chat(self, why: ChatRefusal) -> None:
        self.shown.append(why)


class Conversation(Company):
    """The three, a customer, and a recording whose key the auditor has; the clock stands unless a test moves it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.customer, self.made, self.now_s = RememberingCustomer(), Made(), 0.0
        self.kept: list[tuple[Said, bytes]] = []
        monkeypatch.setattr(chat_module, "awake_or_asleep_s", lambda: self.now_s)
        write = self.voices.write

        def writing(event: Any, beside: bytes = b"") -> int:
            if isinstance(event, Said):
                self.kept.append((event, beside))
            return write(event, beside)

        monkeypatch.setattr(self.voices, "write", writing)
        self.chat = Chat(cast(Customer, self.customer), self.viewers, self.voices, self.recording)

    @property
    def recording(self) -> Recording:
        return self.made.recording

    def heard(self, *viewers: RemoteViewer) -> list[list[ChatSaid | ChatRefused]]:
        """What of the chat each of them was sent since the last call."""
        records, self.line.records = self.line.records, []
        said = [(peer, self._theirs[peer].open(record)) for peer, record in records]
        chat = [(peer, message) for peer, message in said if isinstance(message, ChatSaid | ChatRefused)]
        return [[message for peer, message in chat if peer == viewer.peer] for viewer in viewers]

    def read(self, *viewers: RemoteViewer) -> list[list[str]]:
        """The texts of it."""
        return [[m.text for m in each if isinstance(m, ChatSaid)] for each in self.heard(*viewers)]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Conversation:
    return Conversation(monkeypatch)


def test_everybody_who_is_admitted_reads_the_same_by_the_names_of_their_certificates(made: Conversation) -> None:
    made.chat.viewer_says(made.observer, "Bonjour")
    made.chat.customer_says("Oui ?")
    first, colleague, observer = made.heard(made.first, made.colleague, made.observer)
    assert first == colleague == observer
    name = made.observer.certificate.name
    assert [(m.participant, m.name, m.text) for m in first if isinstance(m, ChatSaid)] == [
        (made.observer.id, name, "Bonjour"),
        ("", "", "Oui ?"),
    ]
    shown = [(line.name, line.text, line.is_own) for line in made.customer.shown if isinstance(line, ChatLine)]
    assert shown == [(name, "Bonjour", False), ("", "Oui ?", True)]
    entries = [parse_entry(text) for text in made.evidence.texts]
    assert [m.entry for m in first if isinstance(m, ChatSaid)] == [
        entry.number for entry in entries if isinstance(entry.event, Said)
    ]


def test_half_a_character_of_the_customers_is_no_reason_to_end_a_session(made: Conversation) -> None:
    made.recording.is_allowed = True
    made.chat.customer_says("un \ud83d deux")
    assert made.read(made.first) == [["un ? deux"]]


def test_who_is_admitted_later_reads_nothing_of_before(made: Conversation) -> None:
    made.observer.is_admitted = False
    made.chat.customer_says("Mon code est 1234")
    made.observer.is_admitted = True
    made.chat.customer_says("Bonjour à tous")
    assert made.read(made.first, made.observer) == [["Mon code est 1234", "Bonjour à tous"], ["Bonjour à tous"]]


def test_who_was_cut_off_reads_what_was_said_meanwhile_and_who_lost_everything_all_again(made: Conversation) -> None:
    made.chat.customer_says("un")
    made.read(made.observer)
    peer, made.observer.peer = made.observer.peer, None
    made.chat.customer_says("deux")
    made.observer.peer = peer
    made.voices.feed(made.observer)
    assert made.read(made.observer) == [["deux"]]
    made.observer.next_chat = 0
    made.voices.feed(made.observer)
    assert made.read(made.observer) == [["un", "deux"]]


def test_what_was_said_is_read_by_the_auditor_only_where_it_was_recorded(made: Conversation) -> None:
    for text, is_allowed, is_paused in (
        ("avant", False, False),
        ("é" * 1000, True, False),
        ("mot de passe", True, True),
        ("après", True, False),
        ("fin", False, False),
    ):
        made.recording.is_allowed, made.recording.is_paused = is_allowed, is_paused
        made.chat.customer_says(text)
    assert [bool(event.content) for event, _ in made.kept] == [False, True, False, True, False]
    sealed = [beside for event, beside in made.kept if event.content]
    assert not any(beside for event, beside in made.kept if not event.content)
    read = [json.loads(made.made.key().open_content(each))["text"] for each in sealed]
    assert read == ["é" * 1000, "après"]
    assert all((len(each) - 28) % CONTENT_PADDING_BYTES == 0 for each in sealed)
    assert sum(isinstance(event, KeySealed) for event, _ in made.made.written) == 1


def test_where_nothing_may_be_recorded_people_talk_all_the_same(made: Conversation) -> None:
    made.made = Made(policy="off")
    made.chat = Chat(cast(Customer, made.customer), made.viewers, made.voices, made.recording)
    made.chat.viewer_says(made.first, "Bonjour")
    assert made.read(made.observer) == [["Bonjour"]]
    assert made.kept == [(Said(made.first.id, b""), b"")]


def test_a_flood_is_refused_to_who_makes_it_and_to_nobody_else(made: Conversation) -> None:
    for number in range(100):
        made.chat.viewer_says(made.observer, str(number))
    made.chat.viewer_says(made.first, "Attendez")
    made.chat.customer_says("Oui")
    first, observer = made.heard(made.first, made.observer)
    assert [m.text for m in first if isinstance(m, ChatSaid)] == [*map(str, range(10)), "Attendez", "Oui"]
    assert [m for m in observer if isinstance(m, ChatRefused)] == [ChatRefused("too_fast")] * 90
    made.now_s += 2
    made.chat.viewer_says(made.observer, "plus lentement")
    made.chat.viewer_says(made.observer, "encore")
    assert made.read(made.first) == [["plus lentement"]]


def test_a_flood_of_the_customers_own_machine_is_refused_as_well(made: Conversation) -> None:
    for number in range(12):
        made.chat.customer_says(str(number))
    assert made.customer.shown[10:] == [ChatRefusal.TOO_FAST] * 2
    assert made.read(made.first) == [[*map(str, range(10))]]


def test_a_conversation_that_others_have_filled_still_has_room_for_the_customer(made: Conversation) -> None:
    for number in range(CHAT_LINES_MAX + 1):
        made.now_s += 2
        made.chat.viewer_says(made.first if number % 2 else made.observer, str(number))
    assert made.heard(made.observer)[0][-1] == ChatRefused("full")
    made.chat.customer_says("Je vous appelle")
    assert made.customer.shown[-1] == ChatLine("", "Je vous appelle", made.customer.shown[-1].at, is_own=True)  # type: ignore[union-attr]
    assert len(made.kept) == CHAT_LINES_MAX + 1
