"""What must be true of any history of a session, whatever was cut, lost or taken back on the way.

`History` plays one with the protocol's own objects: the two ends of a control channel, the consent gate, the two sides of a resume.
Its `check_…` say what a reader of the session log may rely on.
"""

import random
from dataclasses import dataclass, field

from protocol.channel import ControlChannel, agent_channel, viewer_channel
from protocol.codec import Message
from protocol.consent import ConsentGate, Grant, ViewerId
from protocol.key_schedule import ChannelSecrets, Randomness
from protocol.messages import (
    AccessChanged,
    AccessNotStored,
    ControlGivenBack,
    EntryAppended,
    FromAgent,
    FromViewer,
    TextTyped,
)
from protocol.resume import AgentResume, Position, ViewerResume, meeting_of
from protocol.session_log import AccessEnded, LogReader, LogWriter, Opened, last_hash
from protocol.vocabulary import Capability

VIEWER = ViewerId("a" * 32)
_FOR_EVER_MS = 2**50


@dataclass
class History:
    """One session, step by step; every chance comes from `chance`."""

    chance: random.Random
    met: ChannelSecrets
    opened: Opened
    sent: int = 0
    """Inputs, each with its number as its text."""
    applied: list[int] = field(default_factory=list)
    without_grant: list[int] = field(default_factory=list)
    """Applied while nothing was allowed: before a grant's entry was stored, or after a withdrawal."""
    cuts: int = 0

    def __post_init__(self) -> None:
        self.gate = ConsentGate()
        self.agent: ControlChannel[FromViewer] = agent_channel(self.met)
        self.viewer: ControlChannel[FromAgent] = viewer_channel(self.met)
        self.at_agent, self.at_viewer = [self.met.resume], [self.met.resume]
        self.to_agent: list[bytes] = []
        self.to_viewer: list[bytes] = []
        self.log, self.reader = LogWriter(), LogReader()
        self.stored: list[str] = []
        """What the relay has acknowledged, which may be less than what it was sent."""
        self.submitted = 0
        self.allows: set[Capability] = set()
        self.is_connected = True
        # What is allowed by our own reckoning, which asks the gate nothing.
        self.may_apply, self.waiting = False, set[int]()
        self._write(self.opened)

    # --- steps --------------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Something happens."""
        steps = {
            self.type: 8, self.deliver: 8, self.store: 6, self.allow: 2, self.come_back: 4,
            self.withdraw: 1, self.give_back: 1, self.cut: 1,
        }  # fmt: skip
        (step,) = self.chance.choices(list(steps), list(steps.values()))
        step()

    def type(self) -> None:
        """The technician types, connected or not, and whatever may be applied."""
        self.sent += 1
        message = TextTyped(str(self.sent))
        if self.is_connected:
            self.to_agent.append(self.viewer.seal(message))
        else:
            self.viewer.say_later(message)

    def give_back(self) -> None:
        if self.is_connected:
            self.to_agent.append(self.viewer.seal(ControlGivenBack()))
        else:
            self.viewer.say_later(ControlGivenBack())

    def deliver(self) -> None:
        """Some of what is on its way arrives."""
        for _ in range(self.chance.randint(0, len(self.to_agent))):
            self._heard(self.agent.open(self.to_agent.pop(0)))
        for _ in range(self.chance.randint(0, len(self.to_viewer))):
            self._told(self.viewer.open(self.to_viewer.pop(0)))

    def allow(self) -> None:
        """The customer says yes; it waits for its entry to be stored."""
        number = len(self.log.texts)
        self._write(AccessEnded(VIEWER, Capability.VIEW, "storage"))  # any entry: what counts is its number
        self.waiting.add(number)
        self.gate.allow(tuple(Grant(VIEWER, each, _FOR_EVER_MS) for each in Capability), number)

    def store(self) -> None:
        """The relay stores some of what it was sent, or says that it could not keep the next."""
        for _ in range(self.chance.randint(0, self.submitted - len(self.stored))):
            number = len(self.stored)
            if self.chance.random() < 0.1:
                self.gate.entry_not_stored(number)
                self.waiting.discard(number)
                self._say(AccessNotStored(Capability.CONTROL))
                break
            self.stored.append(self.log.texts[number])
            if number in self.waiting:
                self.waiting.discard(number)
                self.may_apply = True
            if self.gate.entry_stored(number):
                self._tell()

    def withdraw(self) -> None:
        """The customer takes back, which waits for nothing."""
        self.gate.take_back(Capability.CONTROL)
        self.may_apply = False
        self.waiting.clear()
        self._write(AccessEnded(VIEWER, Capability.CONTROL, "customer"))
        self._tell()

    def cut(self) -> None:
        """The relay is killed: what is on its way is lost, and what it had not stored."""
        self.cuts += 1
        self.is_connected = False
        self.to_agent.clear()
        self.to_viewer.clear()
        self.submitted = len(self.stored)

    def come_back(self) -> None:
        """Both try to meet again; any message of the three may be lost."""
        if self.is_connected:
            return
        self.submitted = len(self.log.texts)
        texts = self.reader.texts
        position = Position(self.viewer.received, False, len(texts), last_hash(texts))
        viewer = ViewerResume(self.at_viewer, position, self._randomness())
        agent = AgentResume(self._randomness())
        known = {meeting_of(secret): secret for secret in self.at_agent}
        if self.chance.random() < 0.2:
            return
        answer = agent.answer(viewer.hello, known, self.agent.received)
        self.at_agent = agent.secrets
        if self.chance.random() < 0.2:
            return
        (confirmation,) = viewer.receive(answer)
        assert viewer.channel
        self.at_viewer = viewer.secrets
        self.viewer.renew(viewer.channel.of_viewer, viewer.agent_received)
        if self.chance.random() < 0.2:
            return
        agent.confirm(confirmation)
        assert agent.channel
        self.agent.renew(agent.channel.of_agent, position.received)
        self.at_agent = self.at_agent[:1]
        self.is_connected = True
        self.to_agent, self.to_viewer = self.viewer.again(), self.agent.again()

    def settle(self) -> None:
        """The network holds from now on: everything arrives, everything is stored."""
        while not self.is_connected:
            self.come_back()
        while self.to_agent or self.to_viewer:
            self.deliver()
        self.submitted = len(self.log.texts)
        while len(self.stored) < self.submitted:
            self.store()
        while self.to_agent or self.to_viewer:
            self.deliver()

    # --- what follows from them ---------------------------------------------------------------------------------------

    def _heard(self, message: FromViewer) -> None:
        if isinstance(message, ControlGivenBack):
            self.gate.take_back(Capability.CONTROL, VIEWER)
            self.may_apply = False
            self.waiting.clear()
            self._tell()
        elif isinstance(message, TextTyped) and self.gate.admits(VIEWER, message, 0):
            number = int(message.text)
            self.applied.append(number)
            if not self.may_apply:
                self.without_grant.append(number)

    def _told(self, message: FromAgent) -> None:
        if isinstance(message, EntryAppended):
            self.reader.add(message.entry)
        elif isinstance(message, AccessChanged):
            self.allows = set(message.capabilities)

    def _say(self, message: Message) -> None:
        if self.is_connected:
            self.to_viewer.append(self.agent.seal(message))
        else:
            self.agent.say_later(message)

    def _tell(self) -> None:
        self._say(AccessChanged(sorted(self.gate.capabilities_of(VIEWER)), [], 0))

    def _write(self, event: Opened | AccessEnded) -> None:
        text = self.log.append(event, 0)
        if self.is_connected:
            self.submitted = len(self.log.texts)
        self._say(EntryAppended(text))

    def _randomness(self) -> Randomness:
        return Randomness(self.chance.randbytes(32), self.chance.randbytes(32))

    # --- what must be true --------------------------------------------------------------------------------------------

    def check(self) -> None:
        """At any moment."""
        assert not self.without_grant, f"applied without a grant: {self.without_grant}"
        assert self.applied == sorted(set(self.applied)), "input applied twice, or out of order"
        assert self.stored == self.log.texts[: len(self.stored)], "an acknowledged entry was lost"
        assert self.reader.texts == self.log.texts[: len(self.reader.texts)], "the technician holds another log"

    def check_settled(self) -> None:
        """After `settle`: nothing that was to be said is missing anywhere."""
        self.check()
        assert self.stored == self.log.texts == self.reader.texts
        assert self.allows == self.gate.capabilities_of(VIEWER)
