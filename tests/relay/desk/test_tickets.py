"""relay/desk/tickets.py: a ticket is what its events say."""

import pytest
from hypothesis import given
from hypothesis.strategies import lists, sampled_from

from protocol.codec import encode
from relay.desk import tickets
from relay.desk.tickets import NotPossible, Ticket, TicketEvent

OPENED = tickets.TicketOpened("Pas d’image", "Écran noir")
SESSIONS = ("a" * 32, "b" * 32)
EVENTS: list[TicketEvent] = [
    OPENED,
    tickets.NoteCorrected(1, 1, "corrigé"),
    tickets.NoteAdded("vu"),
    *(tickets.SessionStarted(session, "view") for session in SESSIONS),
    *(tickets.SessionFinished(session, "completed") for session in SESSIONS),
    tickets.TicketClosed("réglé"),
    tickets.TicketReopened(),
]


def play(wanted: list[TicketEvent]) -> tuple[Ticket, list[TicketEvent]]:
    """Apply what is possible; the ticket and the events that were stored."""
    ticket, stored = tickets.apply(Ticket(), OPENED), [OPENED]
    history: list[TicketEvent] = list(stored)
    for event in wanted:
        try:
            ticket = tickets.apply(ticket, event)
            history.append(event)
        except NotPossible:
            pass
    return ticket, history


@given(lists(sampled_from(EVENTS)))
def test_the_stored_events_alone_rebuild_the_same_ticket(wanted: list[TicketEvent]) -> None:
    ticket, stored = play(wanted)
    texts = [encode(event) for event in stored]
    assert tickets.rebuild(tickets.events.decode(text) for text in texts) == ticket


@given(lists(sampled_from(EVENTS)))
def test_a_closed_ticket_has_no_session_running(wanted: list[TicketEvent]) -> None:
    ticket, _ = play(wanted)
    assert (ticket.state == tickets.IN_SESSION) == bool(ticket.sessions_running)


@pytest.mark.parametrize("event", [event for event in EVENTS if event is not OPENED])
def test_nothing_happens_to_a_ticket_before_it_is_opened(event: TicketEvent) -> None:
    with pytest.raises(NotPossible):
        tickets.apply(Ticket(), event)


def test_the_end_of_a_session_that_does_not_run_leaves_a_closed_ticket_closed() -> None:
    closed = tickets.rebuild([OPENED, tickets.TicketClosed("réglé")])
    assert tickets.apply(closed, tickets.SessionFinished(SESSIONS[0], "")).state == tickets.CLOSED


def test_a_note_keeps_what_it_said_before_and_nothing_is_written_over_a_newer_version() -> None:
    noted: list[TicketEvent] = [
        OPENED,
        tickets.NoteAdded("Le voyant est rogue."),
        tickets.NoteAdded("Rappeler demain."),
    ]
    ticket = tickets.rebuild([*noted, tickets.NoteCorrected(1, 1, "Le voyant est rouge.")])
    assert ticket.notes == {1: ("Le voyant est rogue.", "Le voyant est rouge."), 2: ("Rappeler demain.",)}
    for too_late in (
        tickets.NoteCorrected(1, 1, "Vert."),
        tickets.NoteCorrected(0, 1, "x"),
        tickets.NoteCorrected(3, 1, "x"),
    ):
        with pytest.raises(NotPossible):
            tickets.apply(ticket, too_late)
