"""Who leaves, and what was waiting or counted for them; the line is one that nobody hears."""

import asyncio
from typing import Any, cast

import pytest

from client_agent.eyes import Eyes
from client_agent.hands import Counts, Hands
from client_agent.organisation import Organisation, RootKnownBy
from client_agent.prompts.customer import ConsentAnswer, ConsentQuestion, Customer, Problem
from client_agent.screen.abilities import EVERYBODY
from client_agent.screen.source import Screen
from client_agent.session.access import Access
from client_agent.session.accounts import Accounts
from client_agent.session.arrivals import Arrivals
from client_agent.session.attendance import Attendance
from client_agent.session.case import Case, Tasks
from client_agent.session.evidence import Evidence
from client_agent.session.line import Line
from client_agent.session.pictures import Pictures
from client_agent.session.questions import Questions
from client_agent.session.recorder import Recorder
from client_agent.session.recording import Recording
from client_agent.session.viewers import RemoteViewer, Viewers
from client_agent.session.voices import Voices
from protocol.channel import agent_channel
from protocol.consent import ConsentGate, Grant
from protocol.identity import verify_certificate
from protocol.nodes import Nodes
from protocol.session_log import AccessEnded, InputCounted, parse_entry
from protocol.vocabulary import Answer, Capability
from tests.client_agent.screen.memory_desktop import MemoryDesktop
from tests.protocol.logs import TRUST
from tests.protocol.pairs import FINGERPRINT, papers, secrets
from tests.waiting import eventually


class CountingHands:
    """Input that took effect, as the test says; nothing is held."""

    def __init__(self) -> None:
        self.counts = Counts()

    def take_counts(self) -> Counts:
        counts, self.counts = self.counts, Counts()
        return counts

    def release_all(self) -> None:
        """Nothing is down."""


class ScriptedCustomer:
    """Allows everything at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.questions: list[ConsentQuestion] = []

    async def ask_consent(self, question: ConsentQuestion) -> ConsentAnswer:
        self.questions.append(question)
        return ConsentAnswer(Answer.ALLOWED, frozenset({question.asks}), 1, "May they?", "en")

    async def show_problem(self, problem: Problem, why: str = "") -> None:
        self.problems.append(problem)

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


class Room:
    """The parts of a session with one technician, and nobody at the other end of the line."""

    def __init__(self) -> None:
        paper, line = papers(), Line(Nodes("http://127.0.0.1:9"))
        self.hands, self.customer = CountingHands(), ScriptedCustomer()
        organisation = Organisation(
            paper.document, paper.document_text, FINGERPRINT, "https://help.example", RootKnownBy.LINK
        )
        customer = cast(Customer, self.customer)
        viewers, gate, evidence = Viewers(), ConsentGate(), Evidence(line, TRUST)
        voices = Voices(line, viewers, evidence, gate, on_deaf=lambda viewer: None)
        recording = Recording(organisation, Recorder(line, voices.write), voices.write)
        pictures = Pictures(line, Eyes(MemoryDesktop(Screen(0, 0, 0, 8, 8, "all"))), recording)
        self.case = Case(
            organisation, customer, line, viewers, gate, evidence, Accounts(), voices, recording, pictures,
            cast(Hands, self.hands), Tasks(lambda: None),
        )  # fmt: skip
        questions = Questions(customer, organisation, voices, recording)
        self.attendance = Attendance(self.case, questions, Arrivals(viewers, bytes(32)), "Linux")
        self.access = Access(self.case, self.attendance, questions, lambda outcome, by: None)
        certificate = verify_certificate(paper.certificate_text, paper.document, now=paper.now)
        channel = secrets()
        self.viewer = RemoteViewer(
            certificate, paper.certificate_text, agent_channel(channel), 0, EVERYBODY, [channel.resume]
        )
        viewers.add(self.viewer)

    def allow(self, *capabilities: Capability) -> None:
        grants = tuple(Grant(self.viewer.id, each, 2**52) for each in capabilities)
        self.case.gate.allow(grants, 0)
        self.case.gate.entry_stored(0)


async def test_what_a_technician_did_before_leaving_is_counted_as_theirs() -> None:
    room = Room()
    room.allow(Capability.VIEW, Capability.CONTROL)
    room.hands.counts = Counts(clicks=3)
    room.attendance.remove(room.viewer, "technician")
    events = [parse_entry(text).event for text in room.case.evidence.texts]
    assert InputCounted(room.viewer.id, 3, 0, 0) in events
    assert room.case.accounts.counts[room.viewer.id].clicks == 3


async def test_a_yes_withdrawn_before_it_was_stored_is_no_problem_to_tell_the_customer_later() -> None:
    room = Room()
    room.access.ask_first(room.viewer, Capability.VIEW, "The picture is black")
    await eventually(lambda: len(room.case.evidence.texts) == 2, "the answer's entry")
    room.access.end_all()
    room.access.not_stored(1)
    await asyncio.sleep(0)
    assert room.customer.problems == []
    assert len(room.case.evidence.texts) == 2


async def test_the_log_tells_that_control_was_taken_back_before_it_came_into_force() -> None:
    room = Room()
    room.access.ask_first(room.viewer, Capability.CONTROL, "The picture is black")
    await eventually(lambda: len(room.case.evidence.texts) == 2, "the answer's entry")
    room.access.end(Capability.CONTROL, "customer")
    ended = parse_entry(room.case.evidence.texts[-1]).event
    assert ended == AccessEnded(room.viewer.id, Capability.CONTROL, "customer")
    room.access.stored(2)
    assert room.case.gate.controller is None


async def controlled(room: Room) -> None:
    """The customer has allowed control, and it is in force."""
    room.access.ask_first(room.viewer, Capability.CONTROL, "The picture is black")
    await eventually(lambda: len(room.case.evidence.texts) == 2, "the answer's entry")
    room.access.stored(1)
    assert room.case.gate.controller == room.viewer.id


async def test_after_the_grace_control_is_one_click_of_the_customer_away_and_not_without_it() -> None:
    room = Room()
    await controlled(room)
    room.access.end(Capability.CONTROL, "grace", room.viewer)
    assert room.case.gate.controller is None
    room.access.ask_again(room.viewer)
    await eventually(lambda: len(room.customer.questions) == 2, "the question")
    again = room.customer.questions[1]
    assert (again.asks, again.reason, again.is_first) == (Capability.CONTROL, "The picture is black", False)


@pytest.mark.parametrize("by", ["customer", "technician", "time"])
async def test_what_ended_otherwise_is_not_asked_for_by_itself(by: str) -> None:
    room = Room()
    await controlled(room)
    room.access.end(Capability.CONTROL, by, room.viewer)
    room.access.ask_again(room.viewer)
    await asyncio.sleep(0)
    assert len(room.customer.questions) == 1
