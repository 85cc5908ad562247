"""The main job, played: asked, allowed, seen, typed, taken back, stopped, and the ticket holds the proof."""

import asyncio
import json
from pathlib import Path

from playwright.async_api import Page, ViewportSize, async_playwright, expect

from demo.auditor import Auditor, verify_with_its_own_program
from demo.customer import Customer
from demo.desktop import Desktop
from demo.organisation import (
    COLLEAGUE,
    COLLEAGUE_FULL_NAME,
    NEW_AUDITOR,
    NEW_AUDITOR_ACCOUNT,
    TICKET,
    Organisation,
    Relay,
)
from demo.recorded import play_recording, same_pixels
from demo.report import Report
from demo.room import auditors_room
from demo.technician import Technician
from tests.conftest import CHROMIUM, CHROMIUM_OPTIONS
from tests.waiting import DEADLINE_S, eventually

VIEWPORT: ViewportSize = {"width": 1280, "height": 860}
WHY = {"fr": "Elle connaît bien ce téléviseur.", "en": "She knows this television well."}
NOTE = {"fr": "Le contraste était réglé à zéro.", "en": "The contrast was set to zero."}
ASKED = {"fr": "Quel voyant clignote sur la box ?", "en": "Which light blinks on the box?"}
ANSWERED = {"fr": "Le deuxieme, en rouge.", "en": "The second one, in red."}
GREETED = {"fr": "Bonjour, je suis là aussi.", "en": "Hello, I am here too."}
TEXT = "Bonjour ! L’œuvre est à 12 €, « naïve » : ß ñ Ж 中 😀 ê ë ù\nSeconde ligne."


async def play(report: Report, relay: Relay, desktop: Desktop, output: Path, language: str) -> None:
    """Play it to the end.

    Raises:
        AssertionError, TimeoutError: something was not as it should be.
    """
    organisation = relay.organisation
    async with async_playwright() as playwright:
        # Playwright's own five seconds are too short for a machine that does several things at once.
        expect.set_options(timeout=DEADLINE_S * 1000)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        context = await browser.new_context(locale=language, viewport=VIEWPORT)
        page = await context.new_page()
        page.on("console", lambda message: print(f"{'':12}page: {message.text[:300]}"))
        technician = Technician(page, organisation, output / "screenshots", language)
        elsewhere = await browser.new_context(locale=language, viewport=VIEWPORT)
        colleague = Technician(
            await elsewhere.new_page(), organisation, output / "screenshots", language, account=COLLEAGUE
        )
        customer = Customer(desktop.display, output / "screenshots", language)
        try:
            await _pair(report, organisation, desktop, technician, customer, language)
            await _help(report, desktop, technician, customer)
            await _cut(report, relay, desktop, technician, customer)
            await _hand_over(report, desktop, technician, colleague, customer)
            await _end(report, colleague, customer, output)
            await _read_ticket(report, organisation, technician, output)
            await _play_back(report, organisation, output)
            with report.step("a new auditor is named by the organisation's next document"):
                await asyncio.to_thread(_name_new_auditor, relay)
            newcomer = await (await browser.new_context(locale=language, viewport=VIEWPORT)).new_page()
            await _audit(report, organisation, desktop, await elsewhere.new_page(), newcomer, output, language)
        except BaseException:
            await technician.photograph("failure-page")
            await colleague.photograph("failure-colleague")
            customer.photograph("failure-desktop")
            raise
        finally:
            await browser.close()


async def _pair(
    report: Report,
    organisation: Organisation,
    desktop: Desktop,
    technician: Technician,
    customer: Customer,
    language: str,
) -> None:
    with report.step("the technician signs in"):
        await technician.sign_in()
    with report.step("the technician opens the ticket"):
        await technician.open_ticket()
    with report.step("the technician gets a support code"):
        code = await technician.get_code()
    with report.step("the customer starts the agent and gives the code"):
        desktop.start_agent(organisation.package, code, language)
        await asyncio.to_thread(customer.find_question)
    with report.step("the customer reads the question"):
        await technician.wait_for_prompt()
        customer.photograph("consent")
    with report.step("the customer allows seeing and control"):
        await asyncio.to_thread(customer.allow_control)
        await technician.wait_for_access("control")
    with report.step("the customer lets the session be recorded"):
        await asyncio.to_thread(customer.find_question, "Let it be recorded")
        customer.photograph("recording-question")
        await asyncio.to_thread(customer.press, "Let it be recorded")
        await technician.page.wait_for_selector("body[data-recording=on]", timeout=30_000)


async def _help(report: Report, desktop: Desktop, technician: Technician, customer: Customer) -> None:
    with report.step("the technician sees the picture") as seen:
        await technician.wait_for_picture()
        # The pointer is not in the picture, so any place away from windows shows the colour of the desktop.
        await eventually(
            lambda: technician.shows((1200, 780), (0x2B, 0x5D, 0x8A)), "the desktop's colour on the canvas"
        )
        seen["colour_at_1200_780"] = "#2b5d8a"
        await technician.photograph("session")
        customer.photograph("bar")
    with report.step("the technician types a text into the editor") as typed:
        x, y = await asyncio.to_thread(customer.place_in_editor)
        await technician.click_remote(x, y)
        await technician.type_text(TEXT)
        await technician.keyboard_is_remote()
        await technician.page.keyboard.type(" abc")

        async def is_saved() -> bool:
            await technician.page.keyboard.press("Control+s")
            return desktop.letter.read_text(encoding="utf-8").strip() == TEXT + " abc"

        try:
            await eventually(is_saved, "the text in the editor's file")
        finally:
            typed["read_back"] = desktop.letter.read_text(encoding="utf-8")
        await technician.photograph("typed")
    with report.step("the technician writes a note for the auditors"):
        await technician.write_note(NOTE[technician.language])
    with report.step("technician and customer write to each other"):
        asked, answered = ASKED[technician.language], ANSWERED[technician.language]
        await technician.say(asked)
        await asyncio.to_thread(customer.say, answered)
        await technician.reads(asked, answered)
        await technician.photograph("chat")
        customer.photograph("chat")
        await technician.close_chat()
        await asyncio.to_thread(customer.press, "Close")


async def _cut(report: Report, relay: Relay, desktop: Desktop, technician: Technician, customer: Customer) -> None:
    with report.step("the relay is killed, and both sides see it"):
        relay.kill()
        await technician.page.wait_for_selector("body[data-picture=late]")
        await technician.photograph("interrupted")
        customer.photograph("interrupted")
    with report.step("the relay is back, and so is everybody, without a question"):
        await asyncio.to_thread(relay.start)
        await technician.wait_for_picture()
        await technician.wait_for_access("control")
        await _type(desktop, technician, customer, " def", TEXT + " abc def")
        await technician.photograph("resumed")


async def _type(desktop: Desktop, technician: Technician, customer: Customer, keys: str, whole: str) -> None:
    """Press these keys in the editor, and see that its file holds the whole text afterwards, each letter once."""
    x, y = await asyncio.to_thread(customer.place_in_editor)
    await technician.click_remote(x, y)
    await technician.keyboard_is_remote()
    await technician.page.keyboard.type(keys)

    async def is_saved() -> bool:
        await technician.page.keyboard.press("Control+s")
        return desktop.letter.read_text(encoding="utf-8").strip() == whole

    await eventually(is_saved, f"{keys!r} in the editor's file")


async def _hand_over(
    report: Report, desktop: Desktop, technician: Technician, colleague: Technician, customer: Customer
) -> None:
    with report.step("a colleague is invited, and the customer lets them see"):
        await colleague.sign_in()
        await technician.invite(COLLEAGUE_FULL_NAME, WHY[technician.language])
        await colleague.follow_invitation()
        await asyncio.to_thread(customer.find_question, "Let them see my screen")
        customer.photograph("joining")
        await asyncio.to_thread(customer.press, "Let them see my screen")
        await colleague.wait_for_access("view")
        await colleague.wait_for_picture()
    with report.step("what is said now, the colleague reads too, and nothing of before"):
        greeted = GREETED[technician.language]
        await technician.say(greeted)
        await colleague.reads(greeted)
        await colleague.close_chat()
        await technician.close_chat()
        await asyncio.to_thread(customer.press, "Close")
    with report.step("control passes to the colleague, who leads from now on; the first one leaves"):
        await colleague.page.locator("#ask-control").click()
        await asyncio.to_thread(customer.press, "Let them control")
        await colleague.wait_for_access("control")
        await technician.wait_for_access("view")
        await technician.hand_over(COLLEAGUE_FULL_NAME)
        await colleague.photograph("handed-over")
        customer.photograph("bar-two-people")
        await technician.leave()
    with report.step("the colleague goes on typing where the first one stopped"):
        await _type(desktop, colleague, customer, " ghi", TEXT + " abc def ghi")


async def _end(report: Report, technician: Technician, customer: Customer, output: Path) -> None:
    with report.step("the customer takes control back"):
        await asyncio.to_thread(customer.take_back)
        await technician.wait_for_access("view")
        await technician.photograph("taken-back")
    with report.step("the customer stops the session"):
        await asyncio.to_thread(customer.stop)
        await technician.page.wait_for_selector("body[data-state=ended]")
        await technician.photograph("ended")
        (output / "last-picture.png").write_bytes(await technician.canvas())
        await asyncio.to_thread(customer.find_summary)
        customer.photograph("summary")


async def _read_ticket(report: Report, organisation: Organisation, technician: Technician, output: Path) -> None:
    with report.step("the ticket holds the session"):
        await technician.page.goto(f"{organisation.address}/tickets/{TICKET}")
        await technician.page.screenshot(path=output / "screenshots" / "ticket.png", full_page=True)
    with report.step("the session log is downloaded and checked") as checked:
        link = technician.page.locator("a[href*='/log']").first
        answer = await technician.page.request.get(f"{organisation.address}{await link.get_attribute('href')}")
        log = output / "session-log.json"
        log.write_bytes(await answer.body())
        entries = [json.loads(entry)["event"]["type"] for entry in json.loads(log.read_text())["entries"]]
        checked["entries"] = entries
        expected = ["opened", "cut", "resumed", "joined", "handed_over", "left", "ended"]
        assert [kind for kind in entries if kind in expected] == expected, entries
        assert [entries.count(kind) for kind in ("asked", "answered")] == [4, 4], entries
        checked["verdict"] = organisation.command("check-log", str(log), "--root", organisation.root_fingerprint)
        altered = output / "altered-log.json"
        altered.write_text(log.read_text().replace("allowed", "refused", 1))
        try:
            said = organisation.command("check-log", str(altered), "--root", organisation.root_fingerprint)
        except RuntimeError as error:
            said = str(error)
        assert "ALTERED" in said, said
        altered.unlink()


async def _play_back(report: Report, organisation: Organisation, output: Path) -> None:
    with report.step("the auditor plays the recording back to the exact last picture") as played:
        last = await asyncio.to_thread((output / "last-picture.png").read_bytes)

        def is_exact() -> bool:
            played.update(play_recording(organisation, output / "session-log.json", output / "replayed.png"))
            return same_pixels(output / "replayed.png", last)

        await eventually(is_exact, "the last picture of the recording")


def _name_new_auditor(relay: Relay) -> None:
    relay.stop()
    relay.organisation.add_auditor()
    relay.start()


async def _audit(
    report: Report,
    organisation: Organisation,
    desktop: Desktop,
    page: Page,
    newcomer: Page,
    output: Path,
    language: str,
) -> None:
    screenshots = output / "screenshots"
    with auditors_room(organisation) as address:
        auditor = Auditor(page, organisation, address, screenshots, language)
        with report.step("the auditor signs in to the room on their own machine, finds the session and says why"):
            await auditor.sign_in()
            await auditor.find_session()
        with report.step(
            "the recording is opened there, its windows are searched, and it ends with the exact last picture"
        ):
            await auditor.open_recording(organisation.auditor_key)
            await auditor.find_window(desktop.letter.name)
            await auditor.find_message(ANSWERED[language])
            await auditor.go_to_end()

            async def is_exact() -> bool:
                return same_pixels(output / "last-picture.png", await auditor.canvas())

            await eventually(is_exact, "the last picture in the browser")
            await auditor.photograph("session")
        with report.step("the recording is passed on to a new auditor, who opens it with their own key"):
            await auditor.pass_on(NEW_AUDITOR)
            auditor = Auditor(newcomer, organisation, address, screenshots, language)
            await auditor.sign_in(NEW_AUDITOR_ACCOUNT)
            await auditor.find_session()
            await auditor.open_recording(organisation.new_auditor_key)
            await auditor.go_to_end()
            await eventually(is_exact, "the last picture with the new auditor's key")
        with report.step("the evidence pack is verified by the program inside it, on its own") as verified:
            pack = output / "evidence.zip"
            await auditor.export(pack)
            code, said = await verify_with_its_own_program(pack, organisation.root_fingerprint)
            verified["said"] = said
            assert code == 0, said
            assert (await verify_with_its_own_program(pack, ""))[0] == 3
