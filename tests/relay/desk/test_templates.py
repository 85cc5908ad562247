"""relay/desk/templates.py: what is written once and kept holds nothing that differs from page to page."""

import jinja2
import pytest

from relay.desk import actions, case_pages, forms, templates
from translations import LANGUAGES

assert case_pages.routes  # the buttons register themselves


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_template_compiles(language: str) -> None:
    environment = templates.of(language)
    for name in environment.list_templates():
        environment.get_template(name)


def test_what_is_written_once_is_written_in_the_language_of_the_page() -> None:
    page = '{% once %}<p lang="{{ language }}">{{ _("Tickets") }}</p>{% endonce %}'
    template = {one: templates.of(one).from_string(page) for one in LANGUAGES}
    for _ in range(2):
        written = {one: template[one].render(language=one) for one in LANGUAGES}
        assert len(set(written.values())) == len(LANGUAGES)
        assert all(f'lang="{one}"' in text for one, text in written.items())


def test_two_places_that_are_written_once_are_two(language: str) -> None:
    page = "{% for one in (1, 2) %}{% once %}a{% endonce %}{% once %}b{% endonce %}{% endfor %}"
    assert templates.of(language).from_string(page).render() == "abab"


@pytest.mark.parametrize(
    "inside",
    [
        "{{ person.csrf }}",
        "{% for one in tickets %}x{% endfor %}",
        "{% if person %}x{% endif %}",
        "{% set who = person %}{{ who }}",
        "{{ f.field('note', forms['note'], 'text', 'x') }}",
        "{{ _('%(name)s leads from now on', name=name) }}",
    ],
)
def test_nothing_of_a_page_can_be_written_once(inside: str) -> None:
    with pytest.raises(jinja2.TemplateSyntaxError, match="may differ"):
        templates.of("fr").from_string(f"{{% once %}}{inside}{{% endonce %}}")


def test_a_blank_field_is_drawn_once_and_one_that_was_typed_into_each_time(language: str) -> None:
    page = templates.of(language).from_string("{{ f.field('note', form, 'text', label) }}")
    blank = actions.empty_forms()["note"]
    assert page.render(form=blank, label="A") != page.render(form=blank, label="B")
    assert page.render(form=blank, label="A") == page.render(form=blank, label="A")
    for text in ("first secret", "second secret"):
        typed = actions.ACTIONS["note"].form(forms.Typed({"text": text}))
        assert text in page.render(form=typed, label="A")
    assert "secret" not in page.render(form=blank, label="A")


def test_what_is_wrong_with_a_field_is_said_each_time(language: str) -> None:
    page = templates.of(language).from_string("{{ f.field('note', form, 'text', 'A') }}")
    form = actions.ACTIONS["note"].form(forms.Typed({"text": ""}))
    assert "problem" not in page.render(form=form)
    assert not form.validate()
    assert "problem" in page.render(form=form)


def test_what_a_word_is_called_is_escaped(language: str) -> None:
    page = templates.of(language).from_string("{{ desk.title(word) }}{{ words.capability(word) }}")
    for _ in range(2):
        assert page.render(word="<b>") == "&lt;b&gt;&lt;b&gt;"


def test_a_part_knows_what_its_page_knows_and_leaves_nothing_behind(language: str) -> None:
    environment = templates.of(language)
    part = "{% with articles = found, ticket_number = 7 %}{% include 'suggestion_list.html' %}{% endwith %}"
    after = "{{ articles is defined or ticket_number is defined }}"
    found = [{"id": 3, "title": "<b>", "state": "published"}]
    written = environment.from_string(f"{part}|{after}").render(found=found, search="x")
    assert "&lt;b&gt;" in written
    assert "/knowledge/3" in written
    assert written.endswith("|False")
    alone = environment.get_template("suggestion_list.html").render(articles=found, ticket_number=7, search="x")
    assert written.startswith(alone)
