"""Questions to the customer: one before their eyes, the others waiting, each withdrawn when whoever asked is gone."""

from dataclasses import dataclass

from client_agent.organisation import Organisation, RootKnownBy
from client_agent.prompts.customer import ConsentAnswer, ConsentQuestion, Customer, QuestionKind
from client_agent.session.clock import now_ms
from client_agent.session.recording import Recording
from client_agent.session.viewers import RemoteViewer
from client_agent.session.voices import Voices
from protocol.consent import Grant
from protocol.limits import GRANT_S_MAX, PROMPT_S, PROMPT_S_MAX
from protocol.messages import PromptOpened
from protocol.vocabulary import Capability


@dataclass(frozen=True, eq=False)
class Request:
    """What one viewer asks for, or the organisation for a recording; `controller` would lose control by a yes."""

    viewer: RemoteViewer
    capability: Capability
    reason: str
    kind: QuestionKind = QuestionKind.ACCESS
    is_first: bool = False
    controller: str = ""
    waits: tuple[Grant, ...] = ()
    """What was allowed already, and comes into force with this."""


class Questions:
    """Puts requests to the customer, and tells each viewer when its own is the one being read."""

    def __init__(self, customer: Customer, organisation: Organisation, voices: Voices, recording: Recording) -> None:
        self._customer, self._organisation, self._voices, self._recording = customer, organisation, voices, recording
        self._ticket = self._subject = ""
        self._open: list[Request] = []
        self._seconds = PROMPT_S

    def begin(self, ticket: str, subject: str) -> None:
        """The ticket that all questions are about."""
        self._ticket, self._subject = ticket, subject

    def is_asking(self, viewer: RemoteViewer) -> bool:
        """Whether this viewer has asked for something that is not answered yet."""
        return any(request.viewer is viewer for request in self._open)

    @property
    def is_recording_asked(self) -> bool:
        """Whether the customer is being asked for the recording, or is about to be."""
        return any(request.kind is QuestionKind.RECORD for request in self._open)

    async def put(self, request: Request) -> ConsentAnswer | None:
        """Ask, and give the answer; None where the request was withdrawn before there was one."""
        self._open.append(request)
        self._announce(of=request)
        while request in self._open:
            answer = await self._customer.ask_consent(self._question(request))
            if answer.answer is not None:
                if request in self._open:
                    self._take(request)
                    return answer
                return None
        return None

    def withdraw(self, viewer: RemoteViewer) -> None:
        """Whoever asked is gone; what others asked is put again."""
        if self.is_asking(viewer):
            for request in [each for each in self._open if each.viewer is viewer]:
                self._take(request)
            self._customer.close_question()

    def withdraw_all(self) -> None:
        """The session is over."""
        self._open.clear()
        self._customer.close_question()

    def more_time(self, seconds: int) -> None:
        """The customer takes more time over the open question."""
        self._seconds = max(1, min(seconds, PROMPT_S_MAX))
        self._tell_open()

    def remind(self, viewer: RemoteViewer) -> None:
        """Tell a viewer that is back, if the customer is reading its question."""
        if self._open and self._open[0].viewer is viewer:
            self._tell_open()

    def until_ms(self, request: Request, answer: ConsentAnswer) -> int:
        """When what is allowed ends by itself: with the viewer's certificate at the latest. 0 where nothing is."""
        if not answer.allowed:
            return 0
        valid_until_ms = request.viewer.certificate.valid_until * 1000
        if request.kind is QuestionKind.RECORD:
            return valid_until_ms
        return min(now_ms() + GRANT_S_MAX * 1000, valid_until_ms)

    def _take(self, request: Request) -> None:
        was_open = self._open[0]
        self._open.remove(request)
        if self._open and self._open[0] is not was_open:
            self._announce(of=self._open[0])

    def _announce(self, *, of: Request) -> None:
        if self._open[0] is of:
            self._seconds = PROMPT_S
            self._tell_open()

    def _tell_open(self) -> None:
        if self._open:
            self._voices.say(self._open[0].viewer, PromptOpened(self._open[0].capability, self._seconds))

    def _question(self, request: Request) -> ConsentQuestion:
        organisation, certificate = self._organisation, request.viewer.certificate
        return ConsentQuestion(
            organisation=organisation.document.name,
            is_verified=organisation.known_by is not RootKnownBy.ADDRESS,
            address=organisation.address,
            technician=certificate.name,
            ticket=self._ticket,
            subject=self._subject,
            reason=request.reason,
            asks=request.capability,
            is_first=request.is_first,
            kind=request.kind,
            role=certificate.role,
            controller=request.controller,
            seconds=PROMPT_S,
            recording_days=organisation.document.recording_days,
            is_recording_required=self._recording.is_required and not self._recording.is_allowed,
            may_be_recorded=self._recording.is_available,
        )
