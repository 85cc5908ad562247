"""The technician's page during a session: picture, monitors, keyboard, special keys, and what holds input back."""

import asyncio
import re
import signal
from functools import partial

from playwright.async_api import Page, expect

from protocol.limits import PROOF_OF_LIFE_S
from tests.client_agent.desktop import Ears
from tests.journeys.stage import Stage
from tests.waiting import DEADLINE_S, eventually

# X keycodes of an evdev keyboard.
CONTROL, ALT, DELETE, SUPER, W, LEFT, RIGHT = 37, 64, 119, 133, 25, 113, 114


async def canvas_size(page: Page) -> tuple[int, int]:
    width, height = await page.evaluate(
        "(() => { const c = document.getElementById('screen'); return [c.width, c.height]; })()"
    )
    return width, height


async def size_on_page(page: Page) -> tuple[float, float]:
    box = await page.locator("#screen").bounding_box()
    assert box
    return box["width"], box["height"]


KEEPS_SLOWLY = f"""
const request = navigator.locks.request.bind(navigator.locks);
navigator.locks.request = async (...what) => {{
    await new Promise((resolve) => setTimeout(resolve, {3 * PROOF_OF_LIFE_S * 1000}));
    return request(...what);
}};
"""


async def test_whoever_comes_is_introduced_before_any_sign_of_life_even_if_the_browser_keeps_slowly(
    stage: Stage,
) -> None:
    await stage.context.add_init_script(KEEPS_SLOWLY)
    await stage.reach_view()


async def test_the_picture_fits_the_window_or_has_one_pixel_for_one(stage: Stage) -> None:
    await stage.reach_view()
    page = stage.page
    stage_box = await page.locator("#stage").bounding_box()
    assert stage_box
    width, height = await size_on_page(page)
    assert width <= stage_box["width"]
    assert height <= stage_box["height"]
    assert abs(width / height - 1280 / 800) < 0.01
    await page.locator("#exact").click()
    assert await size_on_page(page) == (1280, 800)
    await page.set_viewport_size({"width": 700, "height": 500})
    assert await size_on_page(page) == (1280, 800)
    await page.locator("#fit").click()
    await eventually(lambda: _is_narrower(page, 700), "a picture that fits again")


async def _is_narrower(page: Page, width_px: int) -> bool:
    return (await size_on_page(page))[0] <= width_px


async def test_each_monitor_is_seen_by_itself_and_one_press_changes_between_them(stage: Stage) -> None:
    await stage.reach_view()
    stage.display.run("xrandr", "--setmonitor", "left", "640/160x800/200+0+0", "screen")
    stage.display.run("xrandr", "--setmonitor", "right", "640/160x800/200+640+0", "none")
    page = stage.page
    await expect(page.locator("#screens option")).to_have_count(2)
    await eventually(lambda: _has_size(page, (640, 800)), "one monitor on the canvas")
    right = await page.locator("#screens option", has_text="right").get_attribute("value")
    shown = int(await page.locator("body").get_attribute("data-shown") or 0)
    await page.locator("#screens").select_option(right)
    await eventually(lambda: _is_newer(page, shown), "a picture of the other monitor")
    await expect(page.locator("body")).to_have_attribute("data-picture", "live")
    await expect(page.locator("#keyboard")).to_be_focused()


async def _has_size(page: Page, size: tuple[int, int]) -> bool:
    return await canvas_size(page) == size


async def _is_newer(page: Page, picture: int) -> bool:
    return int(await page.locator("body").get_attribute("data-shown") or 0) > picture


class Keys:
    """All that a window of the customer's heard of keys since this began; not what its window manager takes, as Print and Alt+Tab."""

    def __init__(self, ears: Ears) -> None:
        self._ears, self._heard = ears, list[tuple[str, int]]()

    def down(self) -> list[int]:
        return [code for kind, code in self._all() if kind == "key down"]

    def were_pressed(self, codes: list[int]) -> bool:
        """These keys and no others went down, in this order, and came up again."""
        return self.down() == codes and all(("key up", code) in self._all() for code in codes)

    def _all(self) -> list[tuple[str, int]]:
        self._heard += self._ears.heard()
        return self._heard


async def test_special_keys_of_the_menu_reach_the_customer_as_physical_keys(stage: Stage) -> None:
    ears = await stage.reach_control()
    page = stage.page
    for label, codes in (("Ctrl+Alt+Del", [CONTROL, ALT, DELETE]), ("Windows", [SUPER]), ("Ctrl+W", [CONTROL, W])):
        keys = Keys(ears)
        await page.locator("#special summary").click()
        await page.locator("#special-keys button", has_text=label).first.click()
        await expect(page.locator("#special-keys")).to_be_hidden()
        await expect(page.locator("#keyboard")).to_be_focused()
        await eventually(partial(keys.were_pressed, codes), f"{label} at the customer's window")


async def test_a_shortcut_that_is_shown_brings_the_keyboard_back_to_the_page(stage: Stage) -> None:
    keys = Keys(await stage.reach_control())
    page = stage.page
    await expect(page.locator("#leave-hint")).to_be_visible()
    await expect(page.locator("#leave-hint")).to_contain_text("Ctrl+Alt+Shift+Q")
    await page.keyboard.press("Control+Alt+Shift+Q")
    await expect(page.locator("#special summary")).to_be_focused()
    await expect(page.locator("#leave-hint")).to_be_hidden()
    await expect(page.locator("#keyboard-state")).to_contain_text("stays here")
    await page.keyboard.press("?")
    await expect(page.locator("#help")).to_be_visible()
    await page.locator("#help button.main").click()
    await expect(page.locator("#keyboard")).to_be_focused()
    await stage.technician.keyboard_is_remote()

    async def arrives() -> bool:
        # What is pressed while the picture is late goes nowhere, also not afterwards.
        await page.keyboard.press("ArrowLeft")
        return LEFT in keys.down()

    await eventually(arrives, "the arrow at the customer's window")
    assert set(keys.down()) <= {LEFT, CONTROL, ALT}


async def test_closing_the_tab_asks_first_while_a_session_is_going_on(stage: Stage) -> None:
    await stage.reach_control()
    asked = asyncio.Event()

    async def stay(dialog) -> None:  # type: ignore[no-untyped-def]
        assert dialog.type == "beforeunload"
        asked.set()
        await dialog.dismiss()

    stage.page.on("dialog", stay)
    await stage.page.close(run_before_unload=True)
    await asyncio.wait_for(asked.wait(), DEADLINE_S)
    await expect(stage.page.locator("body")).to_have_attribute("data-picture", "live")


async def test_full_screen_takes_the_keys_that_a_browser_keeps_and_says_how_to_leave(stage: Stage) -> None:
    await stage.page.add_init_script(
        "window.locks = []; const k = navigator.keyboard;"
        "if (k) { const lock = k.lock.bind(k); k.lock = (...a) => { locks.push('lock'); return lock(...a); };"
        "const unlock = k.unlock.bind(k); k.unlock = () => { locks.push('unlock'); return unlock(); }; }"
    )
    await stage.reach_control()
    page = stage.page
    await page.locator("#full-screen").click()
    await expect(page.locator("#full-screen")).to_have_attribute("aria-pressed", "true")
    await eventually(lambda: page.evaluate("locks.includes('lock')"), "the keys are taken")
    await stage.technician_reads("Hold Esc to leave it")
    await page.keyboard.press("Control+Alt+Shift+Q")
    await eventually(lambda: page.evaluate("locks.at(-1) === 'unlock'"), "the keys are given back")
    await page.locator("#full-screen").click()
    await expect(page.locator("#full-screen")).to_have_attribute("aria-pressed", "false")


async def test_control_is_asked_for_allowed_and_given_back(stage: Stage) -> None:
    await stage.reach_view()
    page = stage.page
    await expect(page.locator("#type-text")).to_be_disabled()
    await page.locator("#ask-control").click()
    await stage.technician_reads(re.compile(r"reading your question; \d:\d\d left"))
    await stage.press("Let them control")
    await stage.technician.wait_for_access("control")
    await page.locator("#people summary").click()
    await expect(page.locator("#people-list li")).to_contain_text(["shows the screen", "controls"])
    await page.locator("#give-back").click()
    await stage.technician.wait_for_access("view")
    await expect(page.locator("#people-list")).to_contain_text("sees")


async def test_a_no_to_control_leaves_the_picture_and_control_can_be_asked_for_again(stage: Stage) -> None:
    await stage.reach_view()
    await stage.page.locator("#ask-control").click()
    await stage.technician.wait_for_prompt()
    await stage.press("Refuse")
    await stage.technician_reads("The customer said no.")
    await expect(stage.page.locator("#ask-control")).to_be_enabled()
    await expect(stage.page.locator("body")).to_have_attribute("data-picture", "live")


async def test_a_picture_that_is_not_live_says_so_and_input_is_held_until_it_is(stage: Stage) -> None:
    keys = Keys(await stage.reach_control())
    page = stage.page
    assert stage.agent
    stage.agent.send_signal(signal.SIGSTOP)
    try:
        await page.wait_for_selector("body[data-picture=late]")
        await stage.technician_reads("This picture is not live")
        await page.keyboard.press("ArrowLeft")
        await expect(page.locator("#keyboard-state")).to_contain_text("stays here")
    finally:
        stage.agent.send_signal(signal.SIGCONT)
    await page.wait_for_selector("body[data-picture=live]")
    await expect(page.locator("#curtain")).to_be_hidden()
    await page.keyboard.press("ArrowRight")
    await eventually(lambda: RIGHT in keys.down(), "the key that was pressed afterwards")
    assert keys.down() == [RIGHT]


async def test_a_session_ends_by_the_technicians_press_even_if_the_agent_hangs(stage: Stage) -> None:
    await stage.reach_view()
    assert stage.agent
    stage.agent.send_signal(signal.SIGSTOP)
    try:
        await stage.page.locator("#end").click()
        await stage.technician_reads("You ended the session")
    finally:
        stage.agent.send_signal(signal.SIGCONT)


async def test_each_tabs_title_says_which_session_it_is_and_how_it_goes(stage: Stage) -> None:
    await stage.reach_view()
    first = f"{stage.ticket} Live picture – Mainforte"
    await expect(stage.page).to_have_title(first)
    second = await stage.context.new_page()
    ticket = await stage.server.open_ticket()
    await second.goto(f"{stage.server.organisation.address}/assist/?ticket={ticket}")
    await second.locator("#reason").fill("At the same time.")
    await second.locator("#start").click()
    await expect(second).to_have_title(re.compile(f"^{ticket} Waiting"))
    await expect(stage.page).to_have_title(first)
