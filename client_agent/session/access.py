"""What the customer allows and takes back: asked, written down, put in force, and ended, each at once where it must not wait."""

import asyncio
from collections.abc import Callable

from client_agent.prompts.customer import Problem, Progress, QuestionKind
from client_agent.session.attendance import Attendance
from client_agent.session.case import Case
from client_agent.session.questions import Questions, Request
from client_agent.session.viewers import RemoteViewer
from protocol import session_log
from protocol.consent import NOBODY, Grant
from protocol.limits import ENTRY_STORED_TIMEOUT_S
from protocol.messages import AccessNotStored, PromptClosed
from protocol.vocabulary import Answer, Capability, Hold, Outcome, RecordingState


class Access:
    """The customer's decisions, carried out. `on_end` hears of the answers that end the session."""

    def __init__(
        self, case: Case, attendance: Attendance, questions: Questions, on_end: Callable[[Outcome, str], None]
    ) -> None:
        self._case, self._attendance, self._questions, self._on_end = case, attendance, questions, on_end
        self._waiting_for: dict[int, Request] = {}
        self.on_changed: Callable[[], None] = lambda: None
        """What is allowed, or held back, has changed."""

    # --- asking ---

    def ask_first(self, viewer: RemoteViewer, capability: Capability, reason: str) -> None:
        """The session's first question."""
        self._put(Request(viewer, capability, reason, is_first=True))

    def ask_to_join(self, viewer: RemoteViewer, reason: str) -> None:
        """One more wants to watch."""
        self._put(Request(viewer, Capability.VIEW, reason, QuestionKind.JOIN))

    def ask(self, viewer: RemoteViewer, capability: Capability, reason: str) -> None:
        """Somebody who is there asks for more."""
        controller = self._case.viewers.get(self._case.gate.controller) if self._case.gate.controller else None
        is_lead = viewer is self._case.viewers.lead
        if capability is Capability.RECORD:
            if viewer.may_control and viewer.is_admitted:
                self._ask_to_record(viewer, reason)
            return
        if capability is Capability.CLIPBOARD and not viewer.is_admitted:
            return
        if (
            capability in self._case.gate.capabilities_of(viewer.id)
            or self._questions.is_asking(viewer)
            or not viewer.may_control
            or not (viewer.is_admitted or is_lead)
        ):
            return
        if controller and capability is Capability.CONTROL:
            name = controller.certificate.name
            self._put(Request(viewer, capability, reason, QuestionKind.HAND_OVER, controller=name))
        else:
            self._put(Request(viewer, capability, reason))

    def ask_again(self, viewer: RemoteViewer) -> None:
        """Whose control was over before they came back after a cut get it again by one click of the customer, if nobody else has it."""
        if viewer.control_reason and self._case.gate.controller is None:
            self.ask(viewer, Capability.CONTROL, viewer.control_reason)

    def _ask_to_record(self, viewer: RemoteViewer, reason: str, waits: tuple[Grant, ...] = ()) -> None:
        """Ask for the recording, which `waits` for grants that there are not without it."""
        if (
            self._case.recording.is_available
            and not self._case.gate.is_recorded
            and not self._questions.is_recording_asked
        ):
            self._put(Request(viewer, Capability.RECORD, reason, QuestionKind.RECORD, waits=waits))

    def _put(self, request: Request) -> None:
        self._case.tasks.start(self._put_question(request))

    async def _put_question(self, request: Request) -> None:
        viewer, case = request.viewer, self._case
        answer = await self._questions.put(request)
        if answer is None or answer.answer is None:
            return
        until_ms = self._questions.until_ms(request, answer)
        whose = NOBODY if request.kind is QuestionKind.RECORD else viewer.id
        asked = session_log.Asked(
            whose, request.capability, request.reason, answer.words[: session_log.WORDS_MAX], answer.language
        )
        question = case.voices.write(asked)
        allowed = sorted(answer.allowed)
        number = case.voices.write(session_log.Answered(question, answer.answer, allowed, until_ms, answer.took_ms))
        case.voices.say(viewer, PromptClosed(request.capability, answer.answer))
        if allowed:
            grants = tuple(Grant(whose, each, until_ms) for each in allowed)
            unrecorded = tuple(each for each in grants if self._needs_recording(each))
            case.gate.allow((*(each for each in grants if each not in unrecorded), *request.waits), number)
            self._waiting_for[number] = request
            if request.is_first:
                case.customer.show_progress(Progress.STORING_ANSWER)
            asyncio.get_running_loop().call_later(ENTRY_STORED_TIMEOUT_S, self.not_stored, number)
            if request.is_first or unrecorded:
                self._ask_to_record(viewer, request.reason if unrecorded else "", unrecorded)
        elif request.kind is QuestionKind.RECORD:
            for grant in request.waits:
                case.voices.write(session_log.AccessEnded(grant.viewer, grant.capability, "recording"))
        elif request.is_first:
            declined = answer.answer is Answer.REFUSED
            self._on_end(Outcome.DECLINED if declined else Outcome.UNANSWERED, "customer")
        elif request.kind is QuestionKind.JOIN:
            self._attendance.send_away(viewer, "customer" if answer.answer is Answer.REFUSED else "time")

    def _needs_recording(self, grant: Grant) -> bool:
        """Whether the organisation allows this only to who is recorded, and that is not so."""
        is_control = grant.capability is Capability.CONTROL
        return is_control and self._case.recording.is_required and not self._case.gate.is_recorded

    # --- in force ---

    def stored(self, number: int) -> None:
        """The relay has stored this entry and all before it: what waited for them is in force now."""
        for entry in sorted(each for each in self._waiting_for if each <= number):
            self._put_in_force(entry, self._waiting_for.pop(entry))

    def _put_in_force(self, entry: int, request: Request) -> None:
        in_force = self._case.gate.entry_stored(entry)
        if in_force is None:
            return
        for grant in in_force.displaced:
            self._case.hands.release_all()
            self._close(grant, "passed")
        for grant in in_force.granted:
            self._case.accounts.began(grant.viewer, grant.capability)
            if grant.capability is Capability.CONTROL:
                request.viewer.control_reason = request.reason
        self._follow_recording()
        if request.viewer.is_admitted:
            self._attendance.set_pace()
        elif request.kind is not QuestionKind.RECORD:
            self._attendance.admit(request.viewer)
        self._tell()

    def not_stored(self, number: int) -> None:
        """An entry could not be stored, or not in time: what waited for it is not allowed."""
        request, forgotten = self._waiting_for.pop(number, None), self._case.gate.entry_not_stored(number)
        if request is None or not forgotten:
            return  # stored in time, or withdrawn meanwhile: by the customer, by leaving, by the end
        for grant in forgotten:
            self._case.voices.write(session_log.AccessEnded(grant.viewer, grant.capability, "storage"))
        self._case.voices.say(request.viewer, AccessNotStored(request.capability))
        self._case.tasks.start(self._case.customer.show_problem(Problem.NOT_STORED))
        if request.is_first:
            self._on_end(Outcome.FAILED, "network")
        elif request.kind is QuestionKind.JOIN:
            self._attendance.send_away(request.viewer, "time")

    # --- at once, and without asking anybody ---

    def end(self, capability: Capability, by: str, viewer: RemoteViewer | None = None) -> None:
        """End a capability, of one viewer or of all; what still waits to come into force is over too, and the log says so."""
        self._case.hands.release_all()
        waited = self._case.gate.waiting
        ended = self._case.gate.take_back(capability, viewer.id if viewer else None)
        for grant in ended | (waited - self._case.gate.waiting):
            self._close(grant, by)
        self._follow_recording()
        self._tell()

    def end_all(self) -> None:
        """Nothing is allowed any more."""
        self._case.count_input()
        for grant in self._case.gate.take_back(Capability.VIEW):
            self._case.accounts.ended(grant.viewer, grant.capability)

    def expire(self, now_ms: int) -> None:
        """End the grants whose time is over; who may no longer see is shown out, but for the one who leads and may ask again."""
        over = self._case.gate.expire(now_ms)
        if not over:
            return
        self._case.hands.release_all()
        for grant in over:
            self._close(grant, "time")
            viewer = self._case.viewers.get(grant.viewer)
            if viewer and grant.capability is Capability.VIEW:
                if viewer is self._case.viewers.lead:
                    self._attendance.lose_sight(viewer)
                else:
                    self._attendance.send_away(viewer, "time")
        self._follow_recording()
        self._tell()

    def pause(self) -> None:
        """Nobody sees, nobody acts."""
        self.hold(Hold.PAUSED)
        self._case.pictures.pause()

    def go_on(self) -> None:
        """Let go of whatever the customer held: a pause, the stop key, or both."""
        was_paused = Hold.PAUSED in self._case.gate.holds
        for hold in (Hold.PAUSED, Hold.STOP_KEY):
            if self._case.gate.release(hold):
                self._case.voices.write(session_log.Continued(hold))
        if was_paused:
            self._case.pictures.go_on()
            self._attendance.start_epoch()
            self._attendance.set_pace()
        self._tell()

    # --- the recording ---

    def pause_recording(self) -> None:
        """What comes from now on nobody can watch later, until the customer lets it go on."""
        if self._case.recording.state is RecordingState.ON:
            self._case.recording.is_paused = True
            self._case.accounts.ended(NOBODY, Capability.RECORD)
            self._case.voices.write(session_log.RecordingPaused())
            self._follow_recording()
            self._tell()

    def continue_recording(self) -> None:
        """Record again, copying nothing from before."""
        if self._case.recording.state is RecordingState.PAUSED:
            self._case.recording.is_paused = False
            self._case.accounts.began(NOBODY, Capability.RECORD)
            self._case.voices.write(session_log.RecordingContinued())
            self._follow_recording()
            self._tell()

    def _follow_recording(self) -> None:
        """Record, or not, as the customer allows now: under a key of its own, and beginning with a complete picture."""
        case, recording = self._case, self._case.recording
        recording.is_allowed = case.gate.is_recorded
        recording.is_paused &= recording.is_allowed
        is_wanted = recording.state is RecordingState.ON
        if recording.is_required:
            if not recording.is_allowed and case.gate.controller:
                self.end(Capability.CONTROL, "recording")
            if recording.state is RecordingState.PAUSED:
                self.hold(Hold.UNRECORDED)
            else:
                self.release(Hold.UNRECORDED)
        if is_wanted == recording.recorder.is_recording or not case.pictures.has_begun:
            return
        self._attendance.start_epoch()
        if is_wanted:
            case.pictures.begin_anew()

    def hold(self, hold: Hold) -> None:
        """Hold input back; what is pressed comes up."""
        is_new = self._case.gate.hold(hold)
        self._case.hands.release_all()
        if is_new:
            if hold not in (Hold.PROMPT, Hold.UNRECORDED):
                self._case.voices.write(session_log.Held(hold))
            self._tell()

    def release(self, hold: Hold) -> None:
        """Let go of one reason to hold input back."""
        if self._case.gate.release(hold):
            self._tell()

    def _close(self, grant: Grant, by: str) -> None:
        if grant.capability is Capability.CONTROL:
            self._case.count_input(grant.viewer)
            if by != "grace" and (viewer := self._case.viewers.get(grant.viewer)):
                viewer.control_reason = ""
        self._case.accounts.ended(grant.viewer, grant.capability)
        self._case.voices.write(session_log.AccessEnded(grant.viewer, grant.capability, by))

    def _tell(self) -> None:
        for viewer in self._case.viewers:
            self._case.voices.tell_access(viewer)
            self._case.voices.tell_recording(viewer, self._case.recording.state)
        self._case.voices.tell_participants()
        self.on_changed()
