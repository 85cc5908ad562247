"""What the page says of keys, clicks and moves, made in a real browser."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route

from tests.waiting import DEADLINE_S

WEB = Path(__file__).parents[3] / "technician_viewer" / "web"
ORIGIN = "http://localhost:1"
PAGE = """<!doctype html><title>keys</title><textarea id="field"></textarea><button>elsewhere</button>
<canvas id="screen" width="300" height="200"></canvas>
<script type="module">
  import { Keyboard } from "./input/keyboard.js";
  import { Mouse } from "./input/mouse.js";
  const sent = [], field = document.querySelector("textarea"), canvas = document.querySelector("canvas");
  const send = (message) => sent.push(message), isActive = () => true;
  const keyboard = new Keyboard(field, { send, isActive, onLeave() {} });
  const where = () => ({ screen: 0, picture: 1 });
  window.isBusy = false;
  new Mouse(canvas, { send, isActive, where, isBusy: () => window.isBusy, onPress(event) { field.focus(); keyboard.align(event); } });
  window.takeSent = () => sent.splice(0);
  field.focus();
</script>"""

Sent = Callable[[], Awaitable[list[str]]]


@pytest_asyncio.fixture(loop_scope="module")
async def page(chromium: Browser) -> Page:
    async def answer(route: Route) -> None:
        path = route.request.url.removeprefix(f"{ORIGIN}/")
        if path:
            await route.fulfill(path=WEB / path, content_type="text/javascript")
        else:
            await route.fulfill(body=PAGE, content_type="text/html")

    page = await chromium.new_page()
    await page.route(f"{ORIGIN}/**", answer)
    await page.goto(f"{ORIGIN}/")
    return page


@pytest.fixture
def sent(page: Page) -> Sent:
    """What was sent since the last call: `+KeyA` and `-KeyA`, texts in quotes, buttons."""

    async def take() -> list[str]:
        return [said for message in await page.evaluate("takeSent()") if (said := in_short(message))]

    return take


def in_short(message: dict[str, Any]) -> str:
    match message:
        case {"type": "key_changed", "code": str(code), "is_down": bool(is_down)}:
            return ("+" if is_down else "-") + code
        case {"type": "text_typed", "text": str(text)}:
            return repr(text)
        case {"type": "pointer_button", "button": int(button), "is_down": bool(is_down)}:
            return f"{'+' if is_down else '-'}button{button}"
        case {"type": "input_released"}:
            return "released"
        case {"type": "wheel_turned", "right": int(right), "down": int(down)}:
            return f"wheel {right},{down}"
    return ""


async def test_shift_that_makes_a_letter_is_not_held_there(page: Page, sent: Sent) -> None:
    await page.keyboard.down("Shift")
    await page.keyboard.press("A")
    await page.keyboard.up("Shift")
    assert await sent() == ["'A'"]


async def test_shift_is_held_over_several_arrows_as_it_is_here(page: Page, sent: Sent) -> None:
    await page.keyboard.down("ShiftRight")
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.down("ArrowUp")
    assert await sent() == ["+ShiftLeft", "+ArrowLeft", "-ArrowLeft", "+ArrowUp", "-ArrowUp", "+ArrowUp"]
    await page.keyboard.up("ArrowUp")
    await page.keyboard.up("ShiftRight")
    assert await sent() == ["-ArrowUp", "-ShiftLeft"]


async def test_a_letter_amid_a_selection_goes_as_text_and_shift_comes_up_with_the_hand(page: Page, sent: Sent) -> None:
    await page.keyboard.down("Shift")
    await page.keyboard.press("End")
    await page.keyboard.press("B")
    await page.keyboard.up("Shift")
    assert await sent() == ["+ShiftLeft", "+End", "-End", "'B'", "-ShiftLeft"]


async def test_a_shortcut_with_shift_is_what_it_is(page: Page, sent: Sent) -> None:
    await page.keyboard.press("Control+Shift+T")
    assert await sent() == ["+ControlLeft", "+ShiftLeft", "+KeyT", "-KeyT", "-ShiftLeft", "-ControlLeft"]


@pytest.mark.parametrize("key", ["Shift", "Control", "Alt", "Meta"])
async def test_a_click_has_the_modifiers_that_are_held(page: Page, sent: Sent, key: str) -> None:
    await page.keyboard.down(key)
    await page.locator("#screen").click()
    await page.keyboard.up(key)
    assert await sent() == [f"+{key}Left", "+button0", "-button0", f"-{key}Left"]


async def test_a_click_has_the_modifiers_that_went_down_elsewhere_and_they_come_up(page: Page, sent: Sent) -> None:
    await page.locator("button").focus()
    await sent()
    await page.keyboard.down("ControlRight")
    await page.locator("#screen").click()
    await page.keyboard.up("ControlRight")
    assert await sent() == ["+ControlLeft", "+button0", "-button0", "-ControlLeft"]


async def test_a_modifier_whose_release_was_not_heard_comes_up_with_the_next_click(page: Page, sent: Sent) -> None:
    await page.keyboard.down("Shift")
    await page.keyboard.press("ArrowLeft")
    await page.evaluate("addEventListener('keyup', (event) => event.stopImmediatePropagation(), true)")
    await page.keyboard.up("Shift")
    await page.locator("#screen").click()
    assert await sent() == ["+ShiftLeft", "+ArrowLeft", "-ArrowLeft", "-ShiftLeft", "+button0", "-button0"]


async def test_everything_comes_up_when_the_field_is_left(page: Page, sent: Sent) -> None:
    await page.keyboard.down("Shift")
    await page.keyboard.down("ArrowLeft")
    await page.locator("button").focus()
    assert await sent() == ["+ShiftLeft", "+ArrowLeft", "-ShiftLeft", "-ArrowLeft", "released"]


PRESSED = """([key, code, keyCode]) => {
  const event = new KeyboardEvent("keydown", { key, code, keyCode, bubbles: true, cancelable: true });
  return !document.querySelector("textarea").dispatchEvent(event);
}"""


async def test_a_character_leaves_with_its_key_once_and_nothing_stays_in_the_field(page: Page, sent: Sent) -> None:
    assert await page.evaluate(PRESSED, ["é", "Digit2", 50])
    assert await sent() == ["'é'"]
    await page.keyboard.press("a")
    assert await sent() == ["'a'"]
    assert await page.evaluate("document.querySelector('textarea').value") == ""


async def test_what_a_dead_key_makes_of_the_next_one_is_said_and_not_the_key(page: Page, sent: Sent) -> None:
    assert not await page.evaluate(PRESSED, ["Dead", "BracketLeft", 219])
    assert not await page.evaluate(PRESSED, ["e", "KeyE", 69])
    assert await sent() == []
    await page.keyboard.insert_text("ê")
    assert await sent() == ["'ê'"]
    assert await page.evaluate(PRESSED, ["e", "KeyE", 69])
    assert await sent() == ["'e'"]


async def test_what_an_input_method_or_a_keyboard_on_the_screen_takes_is_left_to_it(page: Page, sent: Sent) -> None:
    assert not await page.evaluate(PRESSED, ["a", "KeyA", 229])
    assert not await page.evaluate(PRESSED, ["a", "", 65])
    assert await sent() == []


async def test_a_letter_goes_as_its_key_goes_down_and_again_as_it_repeats(page: Page, sent: Sent) -> None:
    await page.keyboard.down("a")
    assert await sent() == ["'a'"]
    await page.keyboard.down("a")
    await page.keyboard.down("a")
    assert await sent() == ["'a'", "'a'"]
    await page.keyboard.up("a")
    assert await sent() == []
    assert await page.locator("#field").input_value() == ""


async def test_a_physical_key_that_is_held_goes_once_for_it_repeats_at_the_customers(page: Page, sent: Sent) -> None:
    for _ in range(5):
        await page.keyboard.down("ArrowRight")
    await page.keyboard.up("ArrowRight")
    assert await sent() == ["+ArrowRight", "-ArrowRight"]


async def test_what_an_input_method_writes_goes_once_it_is_decided(page: Page, sent: Sent) -> None:
    cdp = await page.context.new_cdp_session(page)
    await cdp.send("Input.imeSetComposition", {"text": "に", "selectionStart": 1, "selectionEnd": 1})
    assert await sent() == []
    await cdp.send("Input.insertText", {"text": "日本"})
    await page.keyboard.press("a")
    assert await sent() == ["'日本'", "'a'"]


MOVE = """(count) => {
  const canvas = document.querySelector("canvas"), { left, top } = canvas.getBoundingClientRect();
  for (let x = 1; x <= count; x += 1) canvas.dispatchEvent(new PointerEvent("pointerrawupdate", { clientX: left + x, clientY: top + 5 }));
}"""


async def places(page: Page, *, until: int) -> list[int]:
    """Where the pointer went, from left to right, until it was there."""
    xs: list[int] = []
    async with asyncio.timeout(DEADLINE_S):
        while until not in xs:
            xs += [message["x"] for message in await page.evaluate("takeSent()") if message["type"] == "pointer_moved"]
    return xs


async def test_many_moves_are_few_places_and_the_last_one_always_comes(page: Page) -> None:
    await page.evaluate(MOVE, 200)
    xs = await places(page, until=200)
    assert xs[0] == 1
    assert len(xs) < 20


async def test_while_the_way_is_full_no_move_is_added_and_no_click_is_held_up(page: Page, sent: Sent) -> None:
    await page.evaluate("isBusy = true")
    await page.locator("#screen").hover()
    await page.evaluate(MOVE, 20)
    await page.mouse.down()
    await page.mouse.up()
    await page.evaluate(MOVE, 30)
    assert [message["type"] for message in await page.evaluate("takeSent()")] == ["pointer_button"] * 2
    await page.evaluate("isBusy = false")
    assert await places(page, until=30) == [30]


async def test_the_wheel_is_told_in_120ths_of_a_notch_and_fractions_add_up(page: Page, sent: Sent) -> None:
    await page.locator("#screen").hover()
    await page.mouse.wheel(0, 120)
    await page.mouse.wheel(-240, 0)
    for _ in range(6):
        await page.mouse.wheel(0, 20.5)
    turns = [0, 0]
    async with asyncio.timeout(DEADLINE_S):
        while turns != [-120, 267]:
            for said in await sent():
                right, down = said.removeprefix("wheel ").split(",")
                turns = [turns[0] + int(right), turns[1] + int(down)]
