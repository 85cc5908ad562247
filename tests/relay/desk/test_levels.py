"""relay/desk/levels.py and guided_call.py: from level 1 up and back again, and the call that begins it."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis.strategies import SearchStrategy, booleans, builds, just, lists, one_of, sampled_from

from protocol.codec import encode
from relay.desk import guided_call, levels, tickets
from relay.desk.levels import Case
from relay.desk.rules import Incomplete, NotPossible
from relay.desk.tickets import Ticket, TicketEvent
from tests.relay.desk.examples import NOON, PROCEDURE

OPENED = tickets.TicketOpened("Pas d’image", "Écran noir")
DATA = {"serial": "TV4-0091", "rebooted": "yes"}

ready_for_level_2: list[TicketEvent] = [
    OPENED,
    levels.KindChosen("no-picture", 1),
    levels.Assessed("Le son marche, pas l’image.", "complex"),
    levels.StepDone("restart", "no_effect", ""),
    levels.StepDone("cables", "no_effect", ""),
    levels.KnowledgeSearched("image noire", 0),
    levels.CustomerInformed("Un technicien vous rappelle.", NOON + 3600, "told"),
]
escalated = levels.Escalated(1, 2, "technical", "Rien n’a aidé.", DATA)


def played(*events: TicketEvent) -> Ticket:
    return tickets.rebuild(events)


def at_level_2(*more: TicketEvent) -> Ticket:
    return played(*ready_for_level_2, escalated, *more)


def missing(case: Case, **given_: Any) -> tuple[str, ...]:
    values: dict[str, Any] = {"reason": "Rien n’a aidé.", "data": DATA, "now": NOON} | given_
    try:
        levels.escalate(case, PROCEDURE, **values)
    except Incomplete as refused:
        return refused.missing
    return ()


@pytest.mark.requirement("A76")
@pytest.mark.requirement("A77")
@pytest.mark.requirement("A99")
@pytest.mark.requirement("A100")
@pytest.mark.requirement("A101")
def test_a_complete_case_goes_to_the_level_and_group_of_its_table_with_its_data() -> None:
    case = played(*ready_for_level_2).case
    event = levels.escalate(case, PROCEDURE, reason="Rien n’a aidé.", data=DATA, now=NOON)
    assert event == escalated
    after = levels.apply(case, event)
    assert (after.level, after.group, after.handler, after.data) == (2, "technical", "", DATA)


@pytest.mark.requirement("A101")
@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ({"data": {}}, ("serial", "rebooted")),
        ({"data": {**DATA, "rebooted": "perhaps"}}, ("rebooted",)),
        ({"data": {**DATA, "serial": "   "}}, ("serial",)),
        ({"reason": " "}, ("reason",)),
        ({"now": NOON + 7200}, ("informed",)),
    ],
)
def test_an_escalation_that_lacks_something_names_it(given_: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert missing(played(*ready_for_level_2).case, **given_) == expected


@pytest.mark.requirement("A90")
@pytest.mark.requirement("A145")
@pytest.mark.requirement("A61")
@pytest.mark.parametrize(
    ("left_out", "expected"),
    [(2, "assessment"), (3, "step:restart"), (4, "step:cables"), (5, "search"), (6, "informed")],
)
def test_an_escalation_is_refused_until_everything_before_it_is_done(left_out: int, expected: str) -> None:
    events = ready_for_level_2[:left_out] + ready_for_level_2[left_out + 1 :]
    assert missing(played(*events).case) == (expected,)


def test_a_case_of_no_known_kind_goes_nowhere() -> None:
    with pytest.raises(Incomplete, match="kind"):
        levels.escalate(Case(), None, reason="x", data={}, now=NOON)


@pytest.mark.requirement("A87")
@pytest.mark.requirement("A88")
def test_level_3_needs_a_difficult_case_with_its_steps_recorded_and_an_approval() -> None:
    ticket = at_level_2(levels.Assessed("Simple.", "low"))
    assert missing(ticket.case) == ("step:settings", "complexity", "approval", "informed")
    ready = tickets.rebuild(
        [
            *ready_for_level_2,
            escalated,
            levels.Assessed("Panne intermittente.", "very_complex"),
            levels.StepDone("settings", "no_effect", ""),
            levels.EscalationApproved(3, "Le client a déjà attendu."),
            levels.CustomerInformed("Rendez-vous", NOON + 60, "sent"),
        ]
    )
    assert levels.escalate(ready.case, PROCEDURE, reason="x", data={}, now=NOON).to_level == 3


def test_level_3_is_the_last_one() -> None:
    with pytest.raises(NotPossible, match="last"):
        levels.escalate(Case(level=3), PROCEDURE, reason="x", data={}, now=NOON)


def test_what_was_told_and_approved_for_one_step_does_not_count_for_the_next() -> None:
    case = at_level_2().case
    assert (case.informed_until, case.approved_level) == (0, 0)


@pytest.mark.requirement("A95")
@pytest.mark.requirement("A96")
@pytest.mark.requirement("A97")
def test_a_solution_comes_back_to_level_1_is_checked_and_then_tried_by_the_customer() -> None:
    solved = at_level_2(levels.SolutionGiven("Sortie HDMI 1080p", is_new=False, to="adviser"))
    assert (solved.case.level, solved.case.stage) == (1, levels.RETURNED)
    tried = tickets.apply(solved, levels.SolutionApplied(""))
    assert tried.case.stage == levels.TESTING
    with pytest.raises(NotPossible):
        tickets.apply(tried, tickets.TicketClosed("trop tôt"))
    accepted = tickets.apply(tried, levels.CustomerTested(works=True, words="L’image est là."))
    assert tickets.apply(accepted, tickets.TicketClosed("Réglé.")).state == tickets.CLOSED


@pytest.mark.requirement("A98")
def test_a_rejected_solution_reopens_the_case_at_level_1_and_is_counted() -> None:
    events = (
        levels.SolutionGiven("Redémarrer", is_new=False, to="customer"),
        levels.CustomerTested(works=False, words="Toujours noir."),
    )
    ticket = at_level_2(*events)
    assert (ticket.case.level, ticket.case.stage, ticket.case.rejections) == (1, levels.WORKING, 1)
    again = tickets.apply(tickets.apply(ticket, events[0]), events[1])
    assert again.case.rejections == 2


@pytest.mark.requirement("A147")
def test_a_new_solution_closes_nothing_until_it_is_an_article_or_there_is_a_reason() -> None:
    ticket = at_level_2(
        levels.SolutionGiven("Sortie HDMI 1080p", is_new=True, to="customer"), levels.CustomerTested(True, "")
    )
    with pytest.raises(Incomplete, match="article"):
        levels.check_closing(ticket.case, unconfirmed_because="", without_article_because="")
    with pytest.raises(NotPossible):
        tickets.apply(ticket, tickets.TicketClosed("Réglé."))
    used = tickets.apply(ticket, levels.ArticleLinked(7, 1, "used"))
    assert used.case.needs_article
    written = tickets.apply(ticket, levels.ArticleLinked(8, 1, "written"))
    levels.check_closing(written.case, unconfirmed_because="", without_article_because="")
    assert tickets.apply(written, tickets.TicketClosed("Réglé.")).state == tickets.CLOSED
    reason = tickets.TicketClosed("Réglé.", without_article_because="Panne unique du réseau.")
    assert tickets.apply(ticket, reason).state == tickets.CLOSED


@pytest.mark.requirement("A41")
@pytest.mark.requirement("A60")
def test_closing_needs_the_customers_yes_or_a_reason() -> None:
    with pytest.raises(Incomplete, match="confirmation"):
        levels.check_closing(Case(), unconfirmed_because=" ", without_article_because="")
    levels.check_closing(Case(), unconfirmed_because="Le client ne répond plus.", without_article_because="")
    levels.check_closing(Case(stage=levels.ACCEPTED), unconfirmed_because="", without_article_because="")


def test_of_two_people_who_take_the_same_case_the_second_is_refused() -> None:
    ticket = at_level_2(levels.Taken("camille", instead_of=""))
    with pytest.raises(NotPossible, match="camille has the case"):
        tickets.apply(ticket, levels.Taken("hugo", instead_of=""))
    taken_over = tickets.apply(ticket, levels.Taken("hugo", instead_of="camille"))
    assert taken_over.case.handlers == {"camille", "hugo"}


@pytest.mark.requirement("A48")
def test_a_priority_has_its_reason() -> None:
    case = played(OPENED, levels.PrioritySet(1, "Télétravail impossible.")).case
    assert (case.priority, case.priority_reason) == (1, "Télétravail impossible.")
    with pytest.raises(Exception, match="length"):
        msgspec.convert({"priority": 1, "reason": ""}, levels.PrioritySet)


@pytest.mark.requirement("A40")
def test_a_planned_follow_up_is_done_once() -> None:
    planned = played(OPENED, levels.FollowUpPlanned(NOON, "Rappeler"))
    done = tickets.apply(planned, levels.FollowUpDone(NOON, True, True, "Tout va bien."))
    assert done.case.follow_ups == ()
    with pytest.raises(NotPossible):
        tickets.apply(done, levels.FollowUpDone(NOON, True, True, ""))


def test_a_reopened_case_starts_again_at_level_1_with_what_is_known() -> None:
    ticket = at_level_2(tickets.TicketClosed("x"), tickets.TicketReopened())
    assert (ticket.case.level, ticket.case.reopenings, ticket.case.data) == (1, 1, DATA)


# --- the call ----------------------------------------------------------------------------------------------------------

in_order: list[TicketEvent] = [
    guided_call.CallBegun("phone"),
    guided_call.ScriptSaid("greeting", "greeting", 1),
    guided_call.IdentityChecked("confirmed", ("name", "customer_number")),
    guided_call.WordsHeard("Je n’ai plus d’image."),
    levels.Assessed("Pas d’image.", "low"),
    guided_call.OptionsProposed(("Redémarrer", "Rappeler demain")),
    guided_call.OptionChosen("Redémarrer"),
    guided_call.ActionDone("Box redémarrée."),
    levels.SolutionGiven("Redémarrer la box", is_new=False, to="customer"),
    levels.CustomerTested(True, "Ça marche."),
    guided_call.ScriptSaid("closing", "closing", 1),
]


@pytest.mark.requirement("A42")
@pytest.mark.requirement("A56")
@pytest.mark.requirement("A57")
def test_the_guide_walks_through_the_call_in_its_order() -> None:
    ticket = played(OPENED)
    steps = []
    for event in in_order:
        ticket = tickets.apply(ticket, event)
        steps.append(ticket.call.next_step)
    once = list(dict.fromkeys(steps))
    assert once == list(guided_call.STEPS)
    assert tickets.apply(ticket, guided_call.CallEnded("")).call.next_step == ""


def test_a_step_that_was_skipped_is_not_done_until_it_is_done_after_all() -> None:
    ticket = played(OPENED, *in_order[:2], guided_call.ActionDone("Box redémarrée."))
    assert ticket.call.done == {"contact", "action"}
    ticket = tickets.apply(ticket, guided_call.IdentityChecked("confirmed", ("name", "customer_number")))
    assert ticket.call.done == {"contact", "identity", "action"}
    assert ticket.call.step == "action"


def test_the_next_call_asks_anew_who_it_is_and_goes_on_with_what_is_still_to_be_done() -> None:
    first, ended = in_order[:5], guided_call.CallEnded("")
    again = played(OPENED, *first, ended, *in_order[:2])
    assert (again.call.identity, again.call.next_step) == ("", "identity")
    again = tickets.apply(again, in_order[2])
    assert again.call.next_step == "proposal"
    assert again.call.held == {"listening", "assessment"}
    assert again.call.done == {"contact", "identity"}
    # What level 2 did between two calls is done, too.
    later = played(OPENED, *first, ended, guided_call.ActionDone("Ligne réinitialisée."), *in_order[:3])
    assert "action" in later.call.held
    assert later.call.next_step == "proposal"


@pytest.mark.parametrize("over", [False, True], ids=["did not help", "taken up again"])
def test_what_did_not_solve_it_is_not_done_for_the_next_call(over: bool) -> None:
    verdict = levels.CustomerTested(over, "")
    ticket = played(OPENED, *in_order[:-2], verdict, guided_call.CallEnded(""))
    if over:
        assert ticket.call.held == guided_call.LASTING
        ticket = tickets.apply(tickets.apply(ticket, tickets.TicketClosed("x")), tickets.TicketReopened())
    assert ticket.call.held == {"listening", "assessment"}


@pytest.mark.requirement("A34")
@pytest.mark.requirement("A38")
@pytest.mark.requirement("A44")
@pytest.mark.parametrize(
    ("before", "too_early"),
    [
        ([], guided_call.WordsHeard("x")),
        ([guided_call.CallBegun("phone")], guided_call.IdentityChecked("confirmed", ("name",))),
        ([guided_call.CallBegun("phone")], guided_call.OptionsProposed(("x",))),
        ([guided_call.CallBegun("phone")], guided_call.OptionChosen("never proposed")),
        ([guided_call.CallBegun("phone")], guided_call.CallBegun("email")),
        ([], guided_call.CallEnded("")),
    ],
)
def test_a_step_that_comes_too_early_is_refused(before: list[TicketEvent], too_early: TicketEvent) -> None:
    with pytest.raises(NotPossible):
        played(OPENED, *before, too_early)


def test_answers_go_to_the_version_of_the_tree_that_was_begun() -> None:
    from relay.desk.question_trees import QuestionAnswered, TreeBegun

    call = played(OPENED, TreeBegun("no-picture", 3), QuestionAnswered("no-picture", "link", "wifi")).call
    assert (call.tree, call.tree_version, call.answers) == ("no-picture", 3, {"link": "wifi"})
    with pytest.raises(NotPossible):
        played(OPENED, TreeBegun("no-picture", 3), QuestionAnswered("other", "link", "wifi"))


# --- replay ------------------------------------------------------------------------------------------------------------

some_events: SearchStrategy[TicketEvent] = one_of(
    sampled_from([*ready_for_level_2[1:], *in_order, escalated]),
    builds(levels.Taken, sampled_from(["camille", "hugo"]), sampled_from(["", "camille", "hugo"])),
    builds(levels.SolutionGiven, just("x"), booleans(), sampled_from(["adviser", "customer"])),
    builds(levels.CustomerTested, booleans(), just("")),
    builds(levels.ArticleLinked, sampled_from([1, 2]), just(1), sampled_from(["used", "written"])),
    just(levels.SolutionApplied("")),
    just(levels.FollowUpPlanned(NOON, "x")),
    just(levels.FollowUpDone(NOON, True, True, "")),
    just(tickets.TicketClosed("x")),
    just(tickets.TicketReopened()),
    just(guided_call.CallEnded("")),
)


def play(wanted: list[TicketEvent]) -> tuple[Ticket, list[TicketEvent]]:
    """Apply what is possible; the ticket and what was stored."""
    ticket, stored = tickets.apply(Ticket(), OPENED), [OPENED]
    history: list[TicketEvent] = list(stored)
    for event in wanted:
        try:
            ticket = tickets.apply(ticket, event)
        except NotPossible:
            continue
        history.append(event)
    return ticket, history


@given(lists(some_events, max_size=40))
def test_the_stored_events_alone_rebuild_the_same_case_and_call(wanted: list[TicketEvent]) -> None:
    ticket, stored = play(wanted)
    texts = [encode(event) for event in stored]
    assert tickets.rebuild(tickets.events.decode(text) for text in texts) == ticket


@given(lists(some_events, max_size=40))
def test_no_closed_ticket_has_an_unwritten_solution_or_a_customer_who_is_still_trying(
    wanted: list[TicketEvent],
) -> None:
    ticket, _ = play(wanted)
    if ticket.state == tickets.CLOSED:
        assert not ticket.case.needs_article
        assert ticket.case.stage != levels.TESTING


@given(lists(some_events, max_size=40))
def test_a_case_climbs_only_by_escalation(wanted: list[TicketEvent]) -> None:
    ticket = tickets.apply(Ticket(), OPENED)
    for event in wanted:
        try:
            after = tickets.apply(ticket, event)
        except NotPossible:
            continue
        assert after.case.level <= ticket.case.level or isinstance(event, levels.Escalated)
        ticket = after


def test_a_closing_of_before_these_rules_is_still_read() -> None:
    old = b'{"resolution":"R\xc3\xa9gl\xc3\xa9.","type":"closed"}'
    assert tickets.events.decode(old) == tickets.TicketClosed("Réglé.")
