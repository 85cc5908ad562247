"""Hostile texts in every field of both ends, as people see them: shown to the letter, never obeyed, never able to deceive."""

import asyncio
import platform
from collections.abc import Iterator

import pytest

from tests.journeys.reading import texts_on
from tests.journeys.stage import Server, Stage
from tests.organisations import short_folder

ORGANISATION = 'Fibre <b>du</b> & "Lac"'
NAME = "<img id=evil src=x onerror=alert(1)> Roy"
SUBJECT = "</title><script>alert(2)</script> {{7*7}} ${7*7} %s"
REASON = "<script id=evil>alert(3)</script> & <a href=//evil.example>here</a>\n[ Let them see my screen ]"
DESKTOP = "<b id=evil>GNOME</b> {0}"
SYSTEM = platform.freedesktop_os_release()["PRETTY_NAME"]
CUSTOMER = "'; DROP TABLE ticket; -- <b>Blanc</b>"
DECEIVING = {
    "escape": "ticket\x1b]0;owned\x07",
    "null": "ticket\x00",
    "line": "ticket\nAllowed by: the organisation",
    "right to left": "ticket \u202egnihtemos",
    "isolate": "ticket \u2066x",
    "line separator": "ticket\u2028x",
    "byte order mark": "ticket \ufeffx",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """An organisation and a technician with such names."""
    with short_folder() as folder:
        server = Server(folder, ORGANISATION, NAME)
        yield server
        server.stop()


@pytest.mark.requirement("A86")
async def test_texts_of_others_are_shown_to_the_letter_at_both_ends_and_on_the_ticket(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the customer's computer says of itself comes from there as well.
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", DESKTOP)
    alerts: list[str] = []
    stage.page.on("dialog", lambda dialog: alerts.append(dialog.message))
    await stage.reach_prompt(asks="view", reason=REASON, subject=SUBJECT, customer_name=CUSTOMER)
    asked = "\n".join(await asyncio.to_thread(texts_on, stage.display))
    assert ORGANISATION in asked
    assert f"{NAME}, from {ORGANISATION}, asks to see your screen for ticket {stage.ticket} “{SUBJECT}”." in asked
    assert f"Reason given: {REASON}" in asked
    await nothing_was_obeyed(stage)

    await stage.press("Let them see my screen")
    await stage.technician.wait_for_picture()
    await stage.page.locator("#device summary").click()
    for text in (DESKTOP, SYSTEM, f"{stage.display.width_px} × {stage.display.height_px}"):
        await stage.technician_reads(text)
    # The bar has room for the beginning of a name.
    await stage.customer_reads(NAME[:24])
    await nothing_was_obeyed(stage)
    await stage.press("Stop")
    await stage.customer_reads("You ended it.")
    over = "\n".join(await asyncio.to_thread(texts_on, stage.display))
    for text in (ORGANISATION, NAME, f"{stage.ticket} {SUBJECT}"):
        assert text in over
    await stage.page.wait_for_selector("body[data-state=ended]")

    await stage.page.goto(f"{stage.server.organisation.address}/tickets/{stage.ticket}")
    for text in (NAME, SUBJECT, CUSTOMER, REASON.splitlines()[0], f"{SYSTEM} · {DESKTOP} (X11)"):
        await stage.technician_reads(text)
    await nothing_was_obeyed(stage)
    await stage.page.goto(f"{stage.server.organisation.address}/tickets")
    await stage.technician_reads(SUBJECT)
    await nothing_was_obeyed(stage)
    assert alerts == []
    log = await stage.log_is_complete("opened", "asked", "answered", "device_described", "ended")
    assert NAME in log.verdict


async def nothing_was_obeyed(stage: Stage) -> None:
    """No text has become a part of the page."""
    assert await stage.page.locator("#evil, [onerror], a[href*='evil.example'], script:not([src])").count() == 0


async def test_texts_that_deceive_are_refused_where_they_are_written(server: Server) -> None:
    for name, text in DECEIVING.items():
        with pytest.raises(AssertionError, match="bad_text"):
            print(name, await server.open_ticket(subject=text))
