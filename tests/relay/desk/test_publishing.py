"""relay/desk/publishing.py: versions, a second person, and nothing overwritten."""

import pytest
from hypothesis import given
from hypothesis.strategies import SearchStrategy, builds, integers, just, lists, one_of, sampled_from

from protocol.codec import encode
from relay.desk import publishing
from relay.desk.procedures import Script
from relay.desk.publishing import (
    Content,
    Document,
    DocumentEvent,
    Drafted,
    Published,
    SentBack,
    Stale,
    Submitted,
    Withdrawn,
)
from relay.desk.rules import BothTexts, NotPossible
from tests.relay.desk.examples import ARTICLE, PROCEDURE, TREE, both

FIRST = Drafted(ARTICLE, "camille", 0)


def document(*events: DocumentEvent) -> Document:
    return publishing.rebuild(events)


@pytest.mark.requirement("A58")
@pytest.mark.requirement("A150")
def test_a_document_is_in_force_once_a_second_person_has_read_it() -> None:
    written = document(FIRST, Submitted())
    assert written.published is None
    assert written.readable == 1
    with pytest.raises(NotPossible, match="second person"):
        publishing.apply(written, Published(1, "camille"))
    assert publishing.apply(written, Published(1, "hugo")).published == ARTICLE


def test_the_published_version_stays_in_force_while_the_next_one_is_written() -> None:
    revised = document(FIRST, Submitted(), Published(1, "hugo"), Drafted(ARTICLE, "lea", 1), Submitted())
    assert (revised.in_force, revised.newest, revised.state) == (1, 2, publishing.REVIEW)
    assert publishing.apply(revised, Published(2, "camille")).in_force == 2


def test_what_was_written_after_an_older_version_is_refused_and_nothing_is_overwritten() -> None:
    twice = document(FIRST, Drafted(ARTICLE, "hugo", 1))
    with pytest.raises(Stale):
        publishing.apply(twice, Drafted(ARTICLE, "lea", 1))
    assert twice.authors == ("camille", "hugo")


@pytest.mark.parametrize(
    ("before", "event"),
    [
        ([], Submitted()),
        ([FIRST], Published(1, "hugo")),
        ([FIRST], SentBack("x")),
        ([FIRST], Withdrawn("x")),
        ([FIRST, Submitted()], Submitted()),
        ([FIRST, Submitted()], Published(2, "hugo")),
        ([FIRST], Drafted(TREE, "camille", 1)),
    ],
)
def test_what_does_not_follow_from_the_state_is_refused(before: list[DocumentEvent], event: DocumentEvent) -> None:
    with pytest.raises(NotPossible):
        document(*before, event)


def test_a_withdrawn_document_is_read_by_nobody_until_it_is_revised() -> None:
    gone = document(FIRST, Submitted(), Published(1, "hugo"), Withdrawn("Faux depuis la version 5."))
    assert (gone.readable, gone.state) == (0, publishing.WITHDRAWN)
    assert (
        document(FIRST, Submitted(), Published(1, "hugo"), Withdrawn("x"), Drafted(ARTICLE, "lea", 1)).state == "draft"
    )


@pytest.mark.parametrize("content", [ARTICLE, TREE, PROCEDURE])
def test_every_kind_of_document_is_read_as_it_was_written(content: Content) -> None:
    event = Drafted(content, "camille", 0)
    assert publishing.events.decode(encode(event)) == event


@pytest.mark.requirement("A43")
def test_a_script_fills_in_names_and_leaves_hostile_ones_as_they_are() -> None:
    script = Script(both("Accueil"), "greeting", BothTexts("{organisation} bonjour, {name}.", "Hello, {name}."))
    assert script.say("fr", name="Léa", organisation="Fibre du Lac") == "Fibre du Lac bonjour, Léa."
    assert script.say("en", name="{__class__}{0}") == "Hello, {__class__}{0}."


some_events: SearchStrategy[DocumentEvent] = one_of(
    builds(Drafted, just(ARTICLE), sampled_from(["camille", "hugo"]), integers(0, 3)),
    just(Submitted()),
    builds(Published, integers(1, 3), sampled_from(["camille", "hugo"])),
    just(SentBack("x")),
    just(Withdrawn("x")),
)


@given(lists(some_events, max_size=20))
def test_the_stored_events_alone_rebuild_the_same_document(wanted: list[DocumentEvent]) -> None:
    played, stored = Document(), []
    for event in wanted:
        try:
            played = publishing.apply(played, event)
        except NotPossible:
            continue
        stored.append(encode(event))
        if played.in_force and isinstance(event, Published):
            assert played.authors[played.in_force - 1] != event.approver
    assert publishing.rebuild(publishing.events.decode(text) for text in stored) == played


def test_a_text_that_was_stored_before_groups_had_texts_of_their_own_is_read() -> None:
    stored = (
        b'{"after":0,"author":"claire","content":{"moment":"greeting","text":{"en":"Hello","fr":"Bonjour"},'
        b'"title":{"en":"Greeting","fr":"Accueil"},"type":"script"},"type":"drafted"}'
    )
    drafted = publishing.events.decode(stored)
    assert encode(drafted) == stored
