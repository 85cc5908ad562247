"""The support code on the technician's page: how it looks, and what the page tells while the customer types it and decides."""

import asyncio
import re
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import WebSocketRoute, expect

from protocol.support_code import parse
from technician_viewer.word_lists import words
from tests.journeys.stage import Stage


async def test_a_code_is_two_words_of_the_pages_language_by_default(stage: Stage) -> None:
    code = await stage.reach_code()
    _, *chosen = code.split()
    assert len(chosen) == 2
    assert set(chosen) <= set(words("en"))


async def test_a_code_is_shown_only_once_somebody_would_be_behind_it(stage: Stage) -> None:
    claims: list[tuple[WebSocketRoute, str | bytes]] = []
    claimed = asyncio.Event()

    def hold(route: WebSocketRoute) -> None:
        def keep(message: str | bytes) -> None:
            claims.append((route, message))
            claimed.set()

        route.on_message(keep)

    await stage.page.route_web_socket(re.compile("/room$"), hold)
    showing = asyncio.create_task(stage.reach_code())
    await asyncio.wait_for(claimed.wait(), 30)
    await stage.page.wait_for_selector("body[data-state=waiting]")
    await expect(stage.page.locator("#code")).to_have_text("")
    await expect(stage.page.locator("#link")).to_have_value("")
    ((route, claim),) = claims
    relay = route.connect_to_server()
    route.on_message(relay.send)
    relay.send(claim)
    assert await showing


async def test_a_code_may_be_words_of_the_other_language_or_digits_and_the_browser_remembers_it(stage: Stage) -> None:
    stage.page.on("dialog", lambda dialog: dialog.accept())
    for form, looks in (("digits", r"\d{5} \d{3} \d{4}"), ("fr", r"\d{5} [^\s\d]+ [^\s\d]+")):
        ticket = await stage.server.open_ticket(device_type="television", device_name="TV5")
        await stage.page.goto(f"{stage.server.organisation.address}/assist/?ticket={ticket}")
        # Nobody types again what the ticket knows.
        await expect(stage.page.locator("#subject")).to_have_text("Agnès Blanc – Television, TV5")
        await expect(stage.page.locator("#reason")).to_have_value("No picture on the television")
        await stage.page.locator("#reason").fill("To look.")
        await stage.page.locator("#code-form").select_option(form)
        await stage.page.locator("#start").click()
        await expect(stage.page.locator("#code")).to_have_text(re.compile(f"^{looks}$"))
        await stage.page.goto(f"{stage.server.organisation.address}/assist/?ticket={await stage.server.open_ticket()}")
        await expect(stage.page.locator("#code-form")).to_have_value(form)


async def test_the_link_holds_the_same_code_and_both_can_be_copied(stage: Stage) -> None:
    await stage.context.grant_permissions(["clipboard-read", "clipboard-write"])
    code = await stage.reach_code()
    clipboard = "navigator.clipboard.readText()"
    await stage.page.locator("#copy-code").click()
    await expect(stage.page.locator("#copied")).to_have_text("Copied.")
    assert await stage.page.evaluate(clipboard) == code
    await stage.page.locator("#copy-link").click()
    await expect(stage.page.locator("#copy-link")).to_have_text("✓ Copied")
    link = await stage.page.evaluate(clipboard)
    assert link.isascii()
    fields = parse_qs(urlsplit(link).fragment)
    assert parse(fields["code"][0]) == parse(code)
    assert fields["root"] == [stage.server.organisation.root_fingerprint]


async def test_a_customer_who_types_the_first_four_letters_without_accents_is_connected(stage: Stage) -> None:
    room, first, second = (await stage.reach_code()).split()
    stage.start_agent(f"{room} {first[:4].upper()} {second[:4]}")
    await stage.technician.wait_for_prompt()


async def test_one_press_turns_the_code_into_digits_and_the_words_are_worth_nothing(stage: Stage) -> None:
    words_code = await stage.reach_code()
    await stage.page.locator("#other-form").click()
    await expect(stage.page.locator("#code")).to_have_text(re.compile(r"^\d{5} \d{3} \d{4}$"))
    stage.start_agent(words_code)
    await stage.customer_reads("The code does not match.")
    await expect(stage.page.locator("#step-waiting")).to_have_attribute("aria-current", "step")


async def test_ten_more_minutes_are_given_to_the_code(stage: Stage) -> None:
    await stage.reach_code()
    async with stage.page.expect_response("**/extend") as answered:
        await stage.page.locator("#extend").click()
    assert (await answered.value).ok
    await expect(stage.page.locator("#expires")).to_have_text(re.compile(r"^Valid until \d\d:\d\d, for one use\.$"))
    await expect(stage.page.locator("#status")).to_have_text("Waiting for the customer to type the code.")


async def test_the_page_tells_how_far_the_customer_has_come(stage: Stage) -> None:
    await stage.reach_code()
    now = stage.page.locator(".progress [aria-current=step]")
    await expect(now).to_have_text("The customer types the code")
    stage.start_agent(stage.code)
    await stage.technician.wait_for_prompt()
    await expect(now).to_have_text("The customer reads your question")
    await expect(stage.page.locator("#reading-left")).to_have_text(re.compile(r"^[12]:\d\d left to answer$"))
    await expect(stage.page.locator("#code")).to_be_hidden()
    await stage.technician_reads("The customer is reading your question.")
    await stage.press("Let them see my screen")
    await stage.technician.wait_for_access("view")
    await expect(stage.page.locator("#live")).to_be_visible()


async def test_a_no_is_said_and_nothing_was_shown(stage: Stage) -> None:
    await stage.reach_prompt()
    await stage.press("Refuse")
    await stage.technician_reads("The customer said no")
    await expect(stage.page.locator("#after-title")).to_be_focused()
    await expect(stage.page.locator("#live")).to_be_hidden()


async def test_a_customer_who_is_gone_may_come_back_or_the_ticket_takes_a_new_session(stage: Stage) -> None:
    await stage.reach_view()
    stage.kill_agent()
    await stage.technician_reads("Connection interrupted", deadline_s=30)
    await stage.technician_reads("end the session and give a new code")
    await stage.page.locator("#end").click()
    await stage.technician_reads("You ended the session")
    await stage.page.locator("#again").click()
    await stage.page.locator("#reason").fill("Once more.")
    await stage.page.locator("#start").click()
    await stage.read_code()


async def test_giving_up_frees_the_ticket(stage: Stage) -> None:
    await stage.reach_code()
    await stage.page.locator("#give-up").click()
    await stage.technician_reads("You ended the session")
    await stage.page.locator("#again").click()
    await stage.page.locator("#reason").fill("Now they have time.")
    await stage.page.locator("#start").click()
    await stage.read_code()
