"""What people do on a ticket's page: each button has a form, who may press it, and the events that it makes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from relay.desk import (
    correspondence,
    customer_store,
    document_store,
    forms,
    groups,
    guided_call,
    hours,
    levels,
    question_trees,
    reviews,
    tickets,
)
from relay.desk.asked import Asked, check_not_closed
from relay.desk.people import Person, insert_row, now_utc
from relay.desk.procedures import Procedure, Script
from relay.desk.requests import Refusal
from relay.desk.rights import APPROVERS, WRITERS
from relay.desk.rules import Incomplete, NotPossible
from relay.desk.tickets import TicketEvent
from relay.storage import tables


class BadForm(Exception):
    """What was typed cannot be taken; the page is shown again with it."""

    def __init__(
        self, action: str, form: Any, fields: dict[str, str], missing: tuple[str, ...] = (), *, fits: bool = True
    ) -> None:
        """`fits`: whether the ticket is where this can be done at all; else `missing` says what comes first, if anything."""
        super().__init__(action)
        self.fits = fits
        self.fields = fields
        self.action = action
        self.form = form
        self.missing = missing


Make = Callable[[Asked, Any], Awaitable[list[TicketEvent]]]


@dataclass(frozen=True)
class Action:
    form: type[Any]
    roles: tuple[str, ...]
    make: Make


ACTIONS: dict[str, Action] = {}


@cache
def empty_forms() -> dict[str, Any]:
    """Each action's form before anything was typed, as every page shows it; not to be changed.

    Being blank, they are drawn once (desk/templates.py): a page has dozens of fields.
    """
    found = {name: action.form() for name, action in ACTIONS.items()}
    for form in found.values():
        form.is_blank = True
    return found


def action(name: str, form: type[Any], roles: tuple[str, ...] = WRITERS) -> Callable[[Make], Make]:
    def register(make: Make) -> Make:
        ACTIONS[name] = Action(form, roles, make)
        return make

    return register


def typed(name: str, fields: dict[str, str]) -> Any:
    """The form of an action with what was typed into it."""
    return ACTIONS[name].form(forms.Typed(fields))


async def events_of(asked: Asked, name: str) -> list[TicketEvent]:
    """The events that this press of a button makes.

    Raises:
        Refusal: there is no such button, or not for this person.
        BadForm: what was typed is not what the form asks for, or something has to be done first.
        NotPossible: the ticket's state does not admit it; Incomplete where something comes first.
    """
    known = ACTIONS.get(name)
    if known is None:
        raise Refusal(400, "malformed")
    if not asked.person.roles & set(known.roles):
        raise Refusal(403, "not_allowed")
    form = typed(name, asked.fields)
    if not form.validate():
        raise BadForm(name, form, asked.fields)
    try:
        return await known.make(asked, form)
    except Incomplete as refused:
        raise BadForm(name, form, asked.fields, refused.missing) from None


@action("note", forms.Note)
async def _note(asked: Asked, form: Any) -> list[TicketEvent]:
    return [tickets.NoteAdded(form.text.data)]


@action("note-correct", forms.CorrectNote)
async def _correct_note(asked: Asked, form: Any) -> list[TicketEvent]:
    return [tickets.NoteCorrected(form.note.data, form.after.data, form.text.data)]


@action("close", forms.Close)
async def _close(asked: Asked, form: Any) -> list[TicketEvent]:
    unconfirmed, without = form.unconfirmed_because.data.strip(), form.without_article_because.data.strip()
    if asked.ticket.state != tickets.OPEN:
        raise NotPossible("only an open ticket is closed")
    if asked.ticket.parcel.is_going_on:
        raise Incomplete(("return",))
    levels.check_closing(asked.ticket.case, unconfirmed_because=unconfirmed, without_article_because=without)
    if form.ask.data:
        await correspondence.ask_how_it_was(asked)
    return [tickets.TicketClosed(form.text.data, unconfirmed, without)]


@action("reopen", forms.Nothing)
async def _reopen(asked: Asked, form: Any) -> list[TicketEvent]:
    return [tickets.TicketReopened()]


# --- the call ----------------------------------------------------------------------------------------------------------


def channels_of(person: Person) -> tuple[str, ...]:
    """A hotliner answers the telephone, and nothing else."""
    return ("phone",) if person.roles == {"hotliner"} else guided_call.CHANNELS


@action("call-begin", forms.BeginCall)
async def _call_begin(asked: Asked, form: Any) -> list[TicketEvent]:
    channel = form.channel.data
    row = asked.row
    if channel not in channels_of(asked.person):
        raise Refusal(403, "not_allowed")
    await customer_store.add_contact(
        asked.connection, asked.tenant, row.customer_id, row.id, channel, row.subject, is_incoming=True, state="done"
    )
    return [guided_call.CallBegun(channel)]


@action("call-end", forms.Remark)
async def _call_end(asked: Asked, form: Any) -> list[TicketEvent]:
    asked.after.append(
        lambda: reviews.note_handling(
            asked.connection, asked.tenant, asked.row.id, asked.person.id, asked.ticket.case.level
        )
    )
    return [guided_call.CallEnded(form.remark.data)]


@action("said", forms.Said)
async def _said(asked: Asked, form: Any) -> list[TicketEvent]:
    scripts = await document_store.in_force(asked.connection, asked.tenant, "script")
    if form.script.data not in scripts:
        raise NotPossible("that text is not in force")
    version, _, script = scripts[form.script.data]
    assert isinstance(script, Script)
    return [guided_call.ScriptSaid(script.moment, form.script.data, version)]


@action("identity", forms.Identity)
async def _identity(asked: Asked, form: Any) -> list[TicketEvent]:
    if form.result.data == "confirmed" and len(form.checks) < 2:
        raise Incomplete(("checks",))
    return [guided_call.IdentityChecked(form.result.data, form.checks)]


@action("words", forms.Words)
async def _words(asked: Asked, form: Any) -> list[TicketEvent]:
    return [guided_call.WordsHeard(form.words.data)]


@action("kind", forms.Chosen)
async def _kind(asked: Asked, form: Any) -> list[TicketEvent]:
    known = await document_store.in_force(asked.connection, asked.tenant, "procedure")
    if form.name.data not in known:
        raise NotPossible("that procedure is not in force")
    version, _, procedure = known[form.name.data]
    assert isinstance(procedure, Procedure)
    record: Any = "incident" if procedure.is_incident else "contact"
    events: list[TicketEvent] = [levels.KindChosen(form.name.data, version, procedure.weight, record)]
    trees = await document_store.in_force(asked.connection, asked.tenant, "tree")
    if procedure.tree in trees and procedure.tree != asked.ticket.call.tree:
        events.append(question_trees.TreeBegun(procedure.tree, trees[procedure.tree][0]))
    return events


@action("answer", forms.Answer)
async def _answer(asked: Asked, form: Any) -> list[TicketEvent]:
    tree = await asked.tree()
    if tree is None:
        raise NotPossible("no questions are being asked")
    try:
        answer = tree.question(form.question.data).check(form.answer.data)
    except NotPossible:
        raise Incomplete((form.question.data,)) from None
    return [question_trees.QuestionAnswered(asked.ticket.call.tree, form.question.data, answer)]


@action("assess", forms.Assess)
async def _assess(asked: Asked, form: Any) -> list[TicketEvent]:
    ticket = asked.ticket
    if ticket.call.is_going_on and not (ticket.call.words or ticket.description):
        raise Incomplete(("words",))
    return [levels.Assessed(form.key_points.data, form.complexity.data)]


@action("options", forms.Options)
async def _options(asked: Asked, form: Any) -> list[TicketEvent]:
    return [guided_call.OptionsProposed(form.options)]


@action("option", forms.Option)
async def _option(asked: Asked, form: Any) -> list[TicketEvent]:
    return [guided_call.OptionChosen(form.option.data)]


@action("done", forms.Note)
async def _done(asked: Asked, form: Any) -> list[TicketEvent]:
    return [guided_call.ActionDone(form.text.data)]


@action("step", forms.Step)
async def _step(asked: Asked, form: Any) -> list[TicketEvent]:
    procedure = await asked.procedure()
    if procedure is None or form.step.data not in {step.name for step in procedure.steps}:
        raise NotPossible("no such step")
    return [levels.StepDone(form.step.data, form.outcome.data, form.remark.data)]


@action("record", forms.Record)
async def _record(asked: Asked, form: Any) -> list[TicketEvent]:
    return [levels.RecordChosen(form.record.data)]


@action("priority", forms.Priority)
async def _priority(asked: Asked, form: Any) -> list[TicketEvent]:
    return [levels.PrioritySet(form.priority.data, form.reason.data)]


# --- from level to level -------------------------------------------------------------------------------------------------


@action("take", forms.Taken)
async def _take(asked: Asked, form: Any) -> list[TicketEvent]:
    asked.check_level()
    return [levels.Taken(asked.person.name, form.instead_of.data)]


@action("inform", forms.Inform)
async def _inform(asked: Asked, form: Any) -> list[TicketEvent]:
    until = await _until(asked, form.hours.data)
    row, way = asked.row, form.way.data
    if way == "sent":
        await correspondence.send_next_step(asked, form.next_step.data, until)
    else:
        text = f"{row.number} – {form.next_step.data}"
        await customer_store.add_contact(
            asked.connection, asked.tenant, row.customer_id, row.id, "phone", text, is_incoming=False, state="done"
        )
    return [levels.CustomerInformed(form.next_step.data, int(until.timestamp()), way)]


async def _until(asked: Asked, hours_given: int) -> datetime:
    """When so many hours have passed in which the group that takes over is there."""
    procedure = await asked.procedure()
    row = procedure.escalation(asked.ticket.case.level) if procedure else None
    group = await groups.named(asked.connection, asked.tenant, row.group) if row else None
    return hours.after_open_hours(group.spans if group else [], now_utc(), hours_given, ZoneInfo(asked.time_zone))


@action("approve", forms.Reason, APPROVERS)
async def _approve(asked: Asked, form: Any) -> list[TicketEvent]:
    return [levels.EscalationApproved(asked.ticket.case.level + 1, form.reason.data)]


@action("escalate", forms.Reason)
async def _escalate(asked: Asked, form: Any) -> list[TicketEvent]:
    asked.check_level()
    check_not_closed(asked)
    data = {name.removeprefix("need-"): value for name, value in asked.fields.items() if name.startswith("need-")}
    procedure, now = await asked.procedure(), int(now_utc().timestamp())
    ladder = asked.ladder
    return [levels.escalate(asked.ticket.case, procedure, reason=form.reason.data, data=data, now=now, ladder=ladder)]


@action("solve", forms.Solution)
async def _solve(asked: Asked, form: Any) -> list[TicketEvent]:
    asked.check_level()
    return [levels.SolutionGiven(form.text.data, form.is_new.data, form.to.data)]


@action("apply", forms.Remark)
async def _apply(asked: Asked, form: Any) -> list[TicketEvent]:
    return [levels.SolutionApplied(form.remark.data)]


@action("tested", forms.Tested)
async def _tested(asked: Asked, form: Any) -> list[TicketEvent]:
    return [levels.CustomerTested(form.works.data == "yes", form.words.data)]


@action("link", forms.LinkArticle)
async def _link(asked: Asked, form: Any) -> list[TicketEvent]:
    row = await document_store.find(asked.connection, asked.tenant, form.article.data, "article")
    document = await document_store.load(asked.connection, row.id) if row is not None else None
    if row is None or document is None or not document.readable:
        raise NotPossible("no such article")
    return [await link_article(asked, row.id, document.readable, form.how.data)]


async def link_article(asked: Asked, article: int, version: int, how: Any) -> levels.ArticleLinked:
    """Count the use of an article; the event that names it on the ticket."""
    use = tables.article_use
    where = use.c.document_id == article, use.c.ticket_id == asked.row.id, use.c.how == how
    if (await asked.connection.execute(select(use.c.id).where(*where))).first() is None:
        await insert_row(
            asked.connection,
            use,
            **asked.tenant.columns,
            document_id=article,
            ticket_id=asked.row.id,
            level=asked.ticket.case.level,
            how=how,
            at=now_utc(),
        )
    return levels.ArticleLinked(article, version, how)


# --- afterwards ----------------------------------------------------------------------------------------------------------


@action("follow-up", forms.FollowUp)
async def _follow_up(asked: Asked, form: Any) -> list[TicketEvent]:
    due = now_utc() + timedelta(days=form.days.data)
    return [levels.FollowUpPlanned(int(due.timestamp()), form.what.data)]


@action("follow-up-done", forms.FollowUpDone)
async def _follow_up_done(asked: Asked, form: Any) -> list[TicketEvent]:
    works = form.still_works.data == "yes"
    done = levels.FollowUpDone(form.due.data, works, form.is_satisfied.data == "yes", form.words.data)
    if not works and asked.ticket.state == tickets.CLOSED:
        return [done, tickets.TicketReopened()]
    return [done]


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
