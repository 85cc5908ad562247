"""The guided call: contact, identity, listening, assessment, proposal, action, conclusion. No I/O.

The four phases that the trade counts lie over it: contact (greeting), listening, answer (identity to action), conclusion. Each event's
time is the time of its step.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta

from protocol.codec import Message
from protocol.text import Text
from relay.desk.levels import Assessed, CustomerInformed, CustomerTested, LevelEvent, SolutionGiven
from relay.desk.question_trees import QuestionAnswered, TreeBegun
from relay.desk.rules import Incomplete, Line, NotPossible, Slug, SomeLine, SomeText, Version

STEPS = ("contact", "identity", "listening", "assessment", "proposal", "action", "conclusion")
PHASE_OF: Mapping[str, str] = {
    "contact": "contact",
    "listening": "listening",
    "identity": "answer",
    "assessment": "answer",
    "proposal": "answer",
    "action": "answer",
    "conclusion": "conclusion",
}
PHASES = ("contact", "listening", "answer", "conclusion")
LASTING = frozenset(("listening", "assessment", "proposal", "action"))
"""What is done once for the case. Who greets, who it is and how it ended is asked in each contact anew."""
CHANNELS = ("phone", "email", "web", "counter")
CHECKS = ("name", "customer_number", "address", "birth_date", "last_bill", "call_back")
"""What identity can be checked by; the customer number alone is known to whoever holds a bill."""


class CallBegun(Message, frozen=True, tag="call_begun"):
    """A contact begins, on one channel."""

    channel: Literal["phone", "email", "web", "counter"]


class ScriptSaid(Message, frozen=True, tag="script_said"):
    """An approved text was said, in this version."""

    moment: Literal["greeting", "expectation", "empathy", "closing"]
    script: Slug
    version: Version


class IdentityChecked(Message, frozen=True, tag="identity_checked"):
    """Whether it is the customer, and by what."""

    result: Literal["confirmed", "failed"]
    checks: tuple[Literal["name", "customer_number", "address", "birth_date", "last_bill", "call_back"], ...]


class WordsHeard(Message, frozen=True, tag="words_heard"):
    """What the customer says, word for word, before anybody judges."""

    words: SomeText


class OptionsProposed(Message, frozen=True, tag="options_proposed"):
    """What could be done."""

    options: Annotated[tuple[SomeLine, ...], Meta(min_length=1, max_length=5)]


class OptionChosen(Message, frozen=True, tag="option_chosen"):
    """What the customer wants of it."""

    option: SomeLine


class ActionDone(Message, frozen=True, tag="action_done"):
    """What was done, as agreed."""

    text: SomeText


class CallEnded(Message, frozen=True, tag="call_ended"):
    """The contact is over."""

    remark: Line


CallEvent = (
    CallBegun
    | ScriptSaid
    | IdentityChecked
    | WordsHeard
    | OptionsProposed
    | OptionChosen
    | ActionDone
    | CallEnded
    | TreeBegun
    | QuestionAnswered
)


@dataclass(frozen=True)
class Call:
    """The conversation so far; what was learned outlives the single call."""

    channel: str = ""
    """Of the call that is going on; empty between calls."""
    calls: int = 0
    step: str = ""
    """The furthest that this call has come; steps before it may have been skipped."""
    done: frozenset[str] = frozenset()
    """The steps of this call that were really done."""
    held: frozenset[str] = frozenset()
    """The steps that were done for this case, in whichever contact or between two, and need not be done again."""
    said: frozenset[str] = frozenset()
    identity: str = ""
    checks: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    tree: str = ""
    tree_version: int = 0
    answers: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    chosen: str = ""
    actions: tuple[str, ...] = ()

    @property
    def is_going_on(self) -> bool:
        return bool(self.channel)

    @property
    def next_step(self) -> str:
        """Where the guide stands: the first step after the furthest of this call that is still to be done."""
        if not self.is_going_on:
            return ""
        done = STEPS.index(self.step) + 1 if self.step else 0
        return next((step for step in STEPS[done:] if step not in self.held), STEPS[-1])


def apply(call: Call, event: CallEvent, *, is_assessed: bool) -> Call:
    """The conversation after one more event.

    Raises:
        NotPossible: it comes too early, or outside of a call.
    """
    match event:
        case CallBegun(channel=channel):
            if call.is_going_on:
                raise NotPossible("a call is going on")
            return replace(
                call,
                channel=channel,
                calls=call.calls + 1,
                step="",
                done=frozenset(),
                said=frozenset(),
                identity="",
                checks=(),
            )
        case TreeBegun(tree=tree, version=version):
            return replace(call, tree=tree, tree_version=version, answers={})
        case QuestionAnswered(tree=tree, question=question, answer=answer):
            if tree != call.tree:
                raise NotPossible("these questions are not being asked")
            return replace(call, answers={**call.answers, question: answer})
        case ActionDone(text=text):
            # Levels 2 and 3 act without the customer on the line.
            return _reach(replace(call, actions=(*call.actions, text)), "action")
    if not call.is_going_on:
        raise Incomplete(("call",))
    match event:
        case ScriptSaid(moment=moment):
            said = replace(call, said=call.said | {moment})
            return _reach(said, "contact") if moment == "greeting" else said
        case IdentityChecked(result=result, checks=checks):
            if "greeting" not in call.said:
                raise Incomplete(("greeting",))
            return _reach(replace(call, identity=result, checks=tuple(checks)), "identity")
        case WordsHeard(words=words):
            return _reach(replace(call, words=(*call.words, words)), "listening")
        case OptionsProposed(options=options):
            if not is_assessed:
                raise Incomplete(("assessment",))
            return replace(call, options=options, chosen="")
        case OptionChosen(option=option):
            if option not in call.options:
                raise NotPossible("this was not proposed")
            return _reach(replace(call, chosen=option), "proposal")
        case CallEnded():
            return replace(call, channel="", step="", done=frozenset())
    raise AssertionError(event)


def follow(call: Call, event: LevelEvent) -> Call:
    """What events of the levels mean for the guide: the assessment and the customer's verdict are steps of it."""
    match event:
        case Assessed():
            return _reach(call, "assessment")
        case SolutionGiven(to="customer"):
            return _reach(call, "action")
        case CustomerTested(works=works):
            return _reach(call if works else begun_anew(call), "conclusion")
    return call


def begun_anew(call: Call) -> Call:
    """What was proposed and done did not solve it: the customer's words and the assessment hold, the rest is to be done again."""
    return replace(call, held=call.held - {"proposal", "action"})


@dataclass(frozen=True)
class Timed:
    """When the contact that is going on began, and when each phase of it was last worked at; None and nothing between contacts."""

    begun_at: datetime | None = None
    phases: Mapping[str, datetime] = field(default_factory=dict)


def timed(history: Iterable[tuple[datetime, Any]]) -> Timed:
    """The times of the contact that is going on, out of all events of a ticket with theirs, in order."""
    found = Timed()
    for at, event in history:
        match event:
            case CallBegun():
                found = Timed(at, {"contact": at})
            case CallEnded():
                found = Timed()
            case _ if found.begun_at and (step := _step_of(event)):
                found = replace(found, phases={**found.phases, PHASE_OF[step]: at})
    return found


def _step_of(event: Any) -> str:
    """To which step of a contact an event belongs; empty for none."""
    match event:
        case ScriptSaid(moment="greeting" | "expectation"):
            return "contact"
        case IdentityChecked():
            return "identity"
        case WordsHeard() | ScriptSaid(moment="empathy"):
            return "listening"
        case TreeBegun() | QuestionAnswered() | Assessed():
            return "assessment"
        case OptionsProposed() | OptionChosen():
            return "proposal"
        case ActionDone() | SolutionGiven():
            return "action"
        case ScriptSaid(moment="closing") | CustomerTested() | CustomerInformed():
            return "conclusion"
    return ""


def _reach(call: Call, step: str) -> Call:
    """One more step done. The guide never walks back by itself."""
    call = replace(call, held=call.held | LASTING & {step})
    if not call.is_going_on:
        return call
    furthest = max(step, call.step or step, key=STEPS.index)
    return replace(call, step=furthest, done=call.done | {step})


__all__ = [
    "CHANNELS",
    "CHECKS",
    "LASTING",
    "PHASES",
    "PHASE_OF",
    "STEPS",
    "Call",
    "CallEvent",
    "Text",
    "Timed",
    "apply",
    "begun_anew",
    "follow",
    "timed",
]
