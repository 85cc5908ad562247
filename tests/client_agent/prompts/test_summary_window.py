"""What is left to say at the end, and what is kept of it: nothing, or a file where the customer wants it."""

import asyncio
from pathlib import Path

import pytest

from client_agent.prompts.customer import Problem
from client_agent.prompts.summary_file import as_html, as_text
from client_agent.prompts.words import Words
from client_agent.screen.x11 import WAYLAND, WRONG_DEPTH
from tests.client_agent.prompts.onlooker import Onlooker
from tests.client_agent.prompts.played import Stage, play
from tests.client_agent.prompts.questions import CONTROLLED, SUMMARY
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_summary_stays_until_it_is_closed(desktop: VirtualDisplay, scale: float, language: str) -> None:
    async def scene(stage: Stage) -> None:
        display = Onlooker(desktop)
        stage.customer.show_bar(CONTROLLED)
        await stage.window(Words(language).stop())
        task = asyncio.ensure_future(stage.customer.show_summary(SUMMARY))
        await stage.window(Words(language).save())
        (window,) = display.new()
        left, top, right, bottom = display.area(window)
        assert 0 <= left < right <= desktop.width_px
        assert 0 <= top < bottom <= desktop.height_px
        assert not task.done()
        await stage.click(Words(language).close())
        await task
        assert stage.events == ["before question", "after question"]

    play(desktop, scene, language=language, scale=scale)


# As Tk calls it.
FIELD_OF_DIALOG = "__tk_filedialog.contents.f2.ent"


@pytest.mark.parametrize(("language", "name"), [("en", "kept.html"), ("fr", "garde.txt")])
def test_the_summary_is_saved_where_the_customer_wants_it(
    desktop: VirtualDisplay, tmp_path: Path, language: str, name: str
) -> None:
    words, path = Words(language), tmp_path / name

    async def scene(stage: Stage) -> None:
        display = Onlooker(desktop)
        task = asyncio.ensure_future(stage.customer.show_summary(SUMMARY))
        await stage.window(words.save())
        await stage.has_keyboard()
        await stage.click(words.save())
        await eventually(lambda: len(display.new()) == 2, "the dialog")
        # On its way from one window to the other the keyboard is with neither.
        await eventually(lambda: any(each.endswith(FIELD_OF_DIALOG) for each in stage.keyboard), "the dialog's field")
        await stage.press("ctrl+slash")
        await stage.do("type", "--delay", "1", str(path))
        await stage.press("Return")
        await eventually(path.exists, "the file")
        await eventually(lambda: len(display.new()) == 1, "the dialog is closed")
        task.cancel()

    play(desktop, scene, language=language)
    content = path.read_text(encoding="utf-8")
    assert "Camille Moreau" in content
    assert words.summary(SUMMARY).fingerprint in content
    assert words.summary(SUMMARY).title in content
    assert "<b>Petit" not in content or name.endswith(".txt")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_receipt_says_who_what_when_and_how_to_object_and_nothing_in_it_runs(language: str) -> None:
    words = Words(language).summary(SUMMARY)
    page = as_html(words, language)
    said = {
        "en": (
            "Dell Inc. Latitude 5440, Debian GNU/Linux 12",
            "3900 MB free of 502 GB",
            "asked to record the session; you said yes",
            "you said no",
            "90 days",
            "data protection authority",
        ),
        "fr": (
            "cœurs logiques\u00a0: 12",
            "mémoire 16\u00a0Go",
            "a demandé à enregistrer la session",
            "vous avez répondu non",
            "90 jours",
            "CNIL",
        ),
    }[language]
    for expected in (*said, words.fingerprint, "&lt;script&gt;", "Jean &lt;b&gt;Petit&lt;/b&gt;"):
        assert expected in page
    assert "<script" not in page
    assert "<b>" not in page
    assert all(decision in as_text(words) for decision in words.decisions)


@pytest.mark.parametrize("problem", [Problem.NOT_STORED, Problem.NO_SCREEN, Problem.FAILED])
def test_a_problem_is_shown_until_the_person_has_seen_it(desktop: VirtualDisplay, problem: Problem) -> None:
    async def scene(stage: Stage) -> None:
        task = asyncio.ensure_future(stage.customer.show_problem(problem))
        await stage.window("Close")
        assert stage.customer.is_question_open()
        assert not task.done()
        await stage.click("Close")
        await task
        assert stage.events == ["before question", "after question"]

    play(desktop, scene)


@pytest.mark.parametrize("why", [WAYLAND, WRONG_DEPTH])
def test_why_a_screen_cannot_be_shown_is_said_in_either_language(desktop: VirtualDisplay, why: str) -> None:
    async def scene(stage: Stage) -> None:
        english, french = (Words(language).problem(Problem.NO_SCREEN, why) for language in ("en", "fr"))
        assert english.startswith(why)
        assert why not in french
        task = asyncio.ensure_future(stage.customer.show_problem(Problem.NO_SCREEN, why))
        await stage.reads(english)
        await stage.click("Français")
        await stage.reads(french)
        await stage.click("Fermer")
        await task

    play(desktop, scene)
