"""The way of a case through the levels, and back with its solution. No I/O: decisions give events, events give the state.

level 1 ──escalate──► level 2 ──escalate──► level 3          refused until the procedure's table is satisfied
   ▲  ▲                  │                     │
   │  └──── returned ────┴─────────────────────┘             with the solution; level 1 checks that it fits
   │                     │
   └── rejected ──── the customer tries it ── accepted ──► closing
       and counted                                           refused while a new solution has no article
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from msgspec import Meta

from protocol.codec import Message
from protocol.text import Text
from relay.desk.ladders import USUAL, Ladder
from relay.desk.procedures import Escalation, Level, Procedure
from relay.desk.question_trees import Complexity
from relay.desk.rules import Incomplete, Line, NotPossible, Seconds, Slug, SomeLine, SomeText, Version

WORKING = "working"
RETURNED = "returned"
TESTING = "testing"
ACCEPTED = "accepted"
STAGES = (WORKING, RETURNED, TESTING, ACCEPTED)

PRIORITIES = (1, 2, 3, 4)
NORMAL = 3


class KindChosen(Message, frozen=True, tag="kind_chosen", omit_defaults=True):
    """What kind of request it is; from now on this version of its procedure counts."""

    procedure: Slug
    version: Version
    weight: Annotated[int, Meta(ge=1, le=5)] = 1
    """How much such a request matters."""
    record: Literal["contact", "incident"] = "contact"


class RecordChosen(Message, frozen=True, tag="record_chosen"):
    """Whether this is the sheet of a contact, or an incident that has to be mended."""

    record: Literal["contact", "incident"]


class PrioritySet(Message, frozen=True, tag="priority_set"):
    """How urgent, from 1 (at once) to 4, and why."""

    priority: Annotated[int, Meta(ge=1, le=4)]
    reason: SomeText


class Assessed(Message, frozen=True, tag="assessed"):
    """What the adviser understood."""

    key_points: SomeText
    complexity: Complexity


class Taken(Message, frozen=True, tag="taken"):
    """Somebody works on it now; `instead_of` is who was seen to have it, so that two cannot both believe they do."""

    by: SomeLine
    instead_of: Line


class StepDone(Message, frozen=True, tag="step_done"):
    """One step of the procedure was tried."""

    step: Slug
    outcome: Literal["helped", "no_effect", "not_possible"]
    remark: Line


class KnowledgeSearched(Message, frozen=True, tag="knowledge_searched"):
    """The articles were searched for this case."""

    words: SomeLine
    found: Annotated[int, Meta(ge=0, le=1_000_000)]


class ArticleLinked(Message, frozen=True, tag="article_linked"):
    """An article belongs to this case: it was used, or written or improved because of it."""

    article: Annotated[int, Meta(ge=1, lt=2**53)]
    version: Version
    how: Literal["used", "written"]


class CustomerInformed(Message, frozen=True, tag="customer_informed"):
    """The customer knows the ticket's number, what happens next and until when."""

    next_step: SomeText
    until: Seconds
    way: Literal["told", "sent"]


class EscalationApproved(Message, frozen=True, tag="escalation_approved"):
    """Whoever may has agreed to the next level."""

    to_level: Level
    reason: SomeText


class Escalated(Message, frozen=True, tag="escalated"):
    """The case goes to the next level, with all that it needs to know."""

    from_level: Level
    to_level: Level
    group: Slug
    reason: SomeText
    data: dict[Slug, SomeLine]


class SolutionGiven(Message, frozen=True, tag="solution_given"):
    """How it is solved. `is_new`: no article told it, so one has to be written."""

    text: SomeText
    is_new: bool
    to: Literal["adviser", "customer"]


class SolutionApplied(Message, frozen=True, tag="solution_applied"):
    """Level 1 saw that it fits this customer and handed it over for trying."""

    remark: Line


class CustomerTested(Message, frozen=True, tag="customer_tested"):
    """What the customer says after trying."""

    works: bool
    words: Text


class FollowUpPlanned(Message, frozen=True, tag="follow_up_planned"):
    """Somebody asks again later."""

    due: Seconds
    what: SomeLine


class FollowUpDone(Message, frozen=True, tag="follow_up_done"):
    """It was asked: does it still work, is the customer content?"""

    due: Seconds
    still_works: bool
    is_satisfied: bool
    words: Text


LevelEvent = (
    KindChosen
    | RecordChosen
    | PrioritySet
    | Assessed
    | Taken
    | StepDone
    | KnowledgeSearched
    | ArticleLinked
    | CustomerInformed
    | EscalationApproved
    | Escalated
    | SolutionGiven
    | SolutionApplied
    | CustomerTested
    | FollowUpPlanned
    | FollowUpDone
)


@dataclass(frozen=True)
class Case:
    """Where a case is and what is known for the next person."""

    level: int = 1
    reached: int = 1
    """The highest level so far."""
    stage: str = WORKING
    record: str = "contact"
    weight: int = 1
    procedure: str = ""
    procedure_version: int = 0
    priority: int = NORMAL
    priority_reason: str = ""
    key_points: str = ""
    complexity: str = ""
    handler: str = ""
    group: str = ""
    handlers: frozenset[str] = frozenset()
    steps: Mapping[str, str] = field(default_factory=dict)
    searches: int = 0
    articles: tuple[tuple[int, int, str], ...] = ()
    informed_until: int = 0
    next_step: str = ""
    approved_level: int = 0
    handed_over_because: str = ""
    """Why the level before was not enough."""
    data: Mapping[str, str] = field(default_factory=dict)
    solution: str = ""
    solution_is_new: bool = False
    rejections: int = 0
    reopenings: int = 0
    follow_ups: tuple[tuple[int, str], ...] = ()

    @property
    def has_article_of_its_own(self) -> bool:
        return any(how == "written" for _, _, how in self.articles)

    @property
    def needs_article(self) -> bool:
        """The closing gate: a new solution that nobody has written down yet."""
        return self.solution_is_new and not self.has_article_of_its_own


def apply(case: Case, event: LevelEvent) -> Case:
    """The case after one more event.

    Raises:
        NotPossible: it does not follow from the state.
    """
    match event:
        case KindChosen(procedure=procedure, version=version, weight=weight, record=record):
            if procedure != case.procedure:
                case = replace(case, steps={})
            return replace(case, procedure=procedure, procedure_version=version, weight=weight, record=record)
        case RecordChosen(record=record):
            return replace(case, record=record)
        case PrioritySet(priority=priority, reason=reason):
            return replace(case, priority=priority, priority_reason=reason)
        case Assessed(key_points=key_points, complexity=complexity):
            return replace(case, key_points=key_points, complexity=complexity)
        case Taken(by=by, instead_of=instead_of):
            return handed_to(case, by, instead_of)
        case StepDone(step=step, outcome=outcome):
            return replace(case, steps={**case.steps, step: outcome})
        case KnowledgeSearched():
            return replace(case, searches=case.searches + 1)
        case ArticleLinked(article=article, version=version, how=how):
            others = tuple(linked for linked in case.articles if (linked[0], linked[2]) != (article, how))
            return replace(case, articles=(*others, (article, version, how)))
        case CustomerInformed(next_step=next_step, until=until):
            return replace(case, informed_until=until, next_step=next_step)
        case EscalationApproved(to_level=to_level):
            if to_level <= case.level:
                raise NotPossible(f"the case is at level {case.level}")
            return replace(case, approved_level=to_level)
        case Escalated():
            return _escalated(case, event)
        case FollowUpPlanned(due=due, what=what):
            return replace(case, follow_ups=(*case.follow_ups, (due, what)))
        case FollowUpDone(due=due):
            done = next((planned for planned in case.follow_ups if planned[0] == due), None)
            if done is None:
                raise NotPossible("no follow-up for that time")
            rest = list(case.follow_ups)
            rest.remove(done)
            return replace(case, follow_ups=tuple(rest))
        case _:
            return _solved(case, event)


def _escalated(case: Case, event: Escalated) -> Case:
    if event.from_level != case.level or event.to_level <= case.level:
        raise NotPossible(f"from level {case.level}, not from {event.from_level} to {event.to_level}")
    if case.stage in (TESTING, ACCEPTED):
        raise NotPossible("the customer is trying a solution, or has accepted it")
    # What was told and approved belongs to this step; the next one needs its own.
    return replace(
        case,
        level=event.to_level,
        reached=max(case.reached, event.to_level),
        stage=WORKING,
        group=event.group,
        handler="",
        handed_over_because=event.reason,
        data={**case.data, **event.data},
        informed_until=0,
        approved_level=0,
    )


def _solved(case: Case, event: SolutionGiven | SolutionApplied | CustomerTested) -> Case:
    match event:
        case SolutionGiven(text=text, is_new=is_new, to=to):
            if case.stage not in (WORKING, RETURNED):
                raise NotPossible(f"a solution while {case.stage}")
            given = replace(case, solution=text, solution_is_new=is_new)
            if to == "customer":
                return replace(given, stage=TESTING)
            if case.level == 1:
                raise NotPossible("level 1 hands its solution to the customer")
            return replace(given, level=1, stage=RETURNED, handler="", group="")
        case SolutionApplied():
            if case.stage != RETURNED:
                raise NotPossible("no solution has come back")
            return replace(case, stage=TESTING)
        case CustomerTested(works=works):
            if case.stage != TESTING:
                raise NotPossible("the customer has nothing to try")
            if works:
                return replace(case, stage=ACCEPTED)
            return replace(
                case,
                level=1,
                stage=WORKING,
                handler="" if case.level > 1 else case.handler,
                group="",
                rejections=case.rejections + 1,
                solution_is_new=False,
            )


def handed_to(case: Case, to: str, instead_of: str) -> Case:
    """The case in the hands of `to`. Raises NotPossible where somebody else has it by now."""
    if instead_of != case.handler:
        raise NotPossible(f"{case.handler or 'nobody'} has the case, not {instead_of or 'nobody'}")
    return replace(case, handler=to, handlers=case.handlers | {to})


def reopened(case: Case) -> Case:
    """A case that was closed and is taken up again starts at level 1 with all that is known."""
    return replace(
        case, level=1, stage=WORKING, handler="", group="", reopenings=case.reopenings + 1, solution_is_new=False
    )


# --- decisions: what a person wants, judged by the tables ---------------------------------------------------------------


def escalate(
    case: Case, procedure: Procedure | None, *, reason: str, data: Mapping[str, str], now: int, ladder: Ladder = USUAL
) -> Escalated:
    """The event that hands the case to the next level.

    `data` holds the answers to what the procedure's table needs, by name; `now` is in UTC seconds.

    Raises:
        Incomplete: what the table asks for is not all there; nothing may be left out.
        NotPossible: there is nowhere to go.
    """
    row = procedure.escalation(case.level) if procedure else None
    if procedure is None:
        raise Incomplete(("kind",))
    if row is None:
        raise NotPossible(f"level {case.level} is the last one for this kind of request")
    missing, checked = [], {}
    for need in row.needs:
        try:
            checked[need.name] = need.check(data.get(need.name, ""))
        except NotPossible:
            missing.append(need.name)
    missing += missing_before(case, procedure, row, now, ladder)
    if not reason.strip():
        missing.append("reason")
    if missing:
        raise Incomplete(tuple(missing))
    return Escalated(case.level, row.to_level, row.group, reason, checked)


def missing_before(case: Case, procedure: Procedure, row: Escalation, now: int, ladder: Ladder = USUAL) -> list[str]:
    """What has to be done before the case may be handed over, apart from the data that goes along."""
    missing = []
    if not case.key_points:
        missing.append("assessment")
    if row.steps_required:
        missing += [f"step:{step.name}" for step in procedure.steps_of(case.level) if step.name not in case.steps]
    if row.search_required and not case.searches:
        missing.append("search")
    if ladder.is_only_for_difficult(row.to_level) and case.complexity not in ("complex", "very_complex"):
        missing.append("complexity")
    if row.approval_required and case.approved_level < row.to_level:
        missing.append("approval")
    if case.informed_until <= now:
        missing.append("informed")
    return missing


def check_closing(case: Case, *, unconfirmed_because: str, without_article_because: str) -> None:
    """Pass silently when the case may be closed.

    Raises:
        Incomplete: `confirmation` where the customer has said neither yes nor is there a reason; `article` where a new solution is not
            written down and no reason is given.
        NotPossible: the customer is still trying.
    """
    if case.stage == TESTING:
        raise NotPossible("the customer is still trying the solution")
    missing = []
    if case.stage != ACCEPTED and not unconfirmed_because.strip():
        missing.append("confirmation")
    if case.needs_article and not without_article_because.strip():
        missing.append("article")
    if missing:
        raise Incomplete(tuple(missing))
