"""`mainforte-viewer` as a technician starts it: the real program, the real relay, a real browser, and servers that go away."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from demo.customer import Customer
from demo.organisation import PASSWORD, TECHNICIAN, TICKET, Organisation
from technician_viewer.local_page import LocalPage
from technician_viewer.settings import Settings
from tests.technician_viewer.conftest import COLOUR, LANGUAGE, Desktop
from tests.technician_viewer.local_pages import COOKIE, ROOT, always, serving
from tests.waiting import eventually

PLACE = (1270, 790)


@pytest.fixture(scope="module")
def viewer(organisation: Organisation) -> Iterator[str]:
    """The address that `mainforte-viewer` printed."""
    command = [sys.executable, "-m", "technician_viewer", "--no-browser"]
    given = ["--relay", organisation.address, "--root", organisation.root_fingerprint]
    environment = os.environ | {"MAINFORTE_LANGUAGE": "en"}
    with subprocess.Popen([*command, *given], env=environment, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        said = re.fullmatch(r"Open (http://127\.0\.0\.1:\d+)/ in your browser\. .*\n", program.stdout.readline())
        assert said
        yield said[1]
        program.send_signal(signal.SIGINT)
        assert program.wait(10) == 0


@pytest_asyncio.fixture(loop_scope="module")
async def page(chromium: Browser) -> Page:
    context = await chromium.new_context(locale=LANGUAGE, viewport={"width": 1280, "height": 860})
    return await context.new_page()


async def test_a_technician_signs_in_and_sees_the_customers_screen_with_nothing_of_the_page_from_the_server(
    viewer: str, page: Page, organisation: Organisation, desktop: Desktop, customer: Customer
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(viewer)
    await page.locator("#name").fill(TECHNICIAN)
    await page.locator("#password").fill("not the password")
    await page.locator("#code6").fill("000000")
    await page.locator("#sign-in-now").click()
    await expect(page.locator("#status")).to_contain_text("not right")
    await page.locator("#password").fill(PASSWORD)
    await page.locator("#code6").fill(organisation.code())
    await page.locator("#sign-in-now").click()

    ticket = page.locator("#ticket-list a", has_text=TICKET)
    await ticket.click()
    await page.locator("#reason").fill("To look together.")
    await page.locator("#asks-control").check()
    await page.locator("#start").click()
    await page.wait_for_selector("body[data-state=waiting]")
    link = re.escape(f"{organisation.address}/#code=") + ".+" + re.escape(f"&root={organisation.root_fingerprint}")
    await expect(page.locator("#link")).to_have_value(re.compile(f"^{link}$"))

    desktop.start_agent(organisation.package, await page.locator("#code").inner_text())
    await asyncio.to_thread(customer.press, "Let them see and control")
    await page.wait_for_selector("body[data-access=control]", timeout=30_000)
    await page.wait_for_selector("body[data-picture=live]", timeout=30_000)
    script = "([x, y]) => [...document.getElementById('screen').getContext('2d').getImageData(x, y, 1, 1).data]"

    async def is_seen() -> bool:
        return tuple((await page.evaluate(script, list(PLACE)))[:3]) == COLOUR

    await eventually(is_seen, "the desktop's colour on the canvas")
    assert {url.split("/")[2] for url in asked if not url.startswith(("data:", "blob:"))} == {viewer.split("/")[2]}
    (cookie,) = await page.context.cookies()
    assert COOKIE.match(cookie["name"])
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    await asyncio.to_thread(customer.press, "Stop")
    await page.wait_for_selector("body[data-state=ended]")


async def test_somebody_without_a_second_factor_is_told_where_to_set_it_up(
    viewer: str, page: Page, organisation: Organisation
) -> None:
    organisation.command("user", "add", "noor", "--role", "technician")
    await page.goto(viewer)
    await page.locator("#name").fill("noor")
    await page.locator("#password").fill(PASSWORD)
    await page.locator("#sign-in-now").click()
    await expect(page.locator("#status")).to_contain_text(f"Sign in once at {organisation.address}")


async def test_a_server_that_goes_away_before_the_sign_in_is_not_called_a_wrong_password(page: Page) -> None:
    nobody = always(lambda: web.json_response({"error": "not_signed_in"}, status=401))
    async with AsyncExitStack() as server:
        relay = await server.enter_async_context(serving(nobody))
        async with LocalPage(Settings(relay, ROOT)) as local:
            await page.goto(local.address)
            await page.locator("#name").fill("camille")
            await page.locator("#password").fill(PASSWORD)
            await server.aclose()
            await page.locator("#sign-in-now").click()
            await expect(page.locator("#status")).to_contain_text("does not answer")


async def test_a_server_that_shows_another_root_than_ours_is_not_believed(
    page: Page, organisation: Organisation, viewer: str
) -> None:
    me = {"name": "x", "full_name": "X", "language": "en", "csrf": "x", "root_fingerprint": ROOT}
    async with (
        serving(always(lambda: web.json_response(me))) as address,
        LocalPage(Settings(address, organisation.root_fingerprint)) as local,
    ):
        await page.goto(local.address)
        await expect(page.locator("main")).to_contain_text("another organisation's key")
        assert await page.locator("#ticket-list a").count() == 0


async def test_while_the_server_is_away_the_page_says_what_to_do(page: Page) -> None:
    async with LocalPage(Settings("http://127.0.0.1:9", ROOT)) as local:
        await page.goto(local.address)
        await expect(page.locator("main")).to_contain_text("does not answer")
        await expect(page.locator("main")).to_contain_text("reload this page")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--root", ROOT], "relay: missing"),
        (["--relay", "https://help.example.org"], "root: missing"),
        (["--relay", "http://help.example.org", "--root", ROOT], "relay: expected an address"),
        (["audit", "--relay", "http://help.example.org", "--root", f"-{ROOT[1:]}"], "relay: expected an address"),
        (["--relay", "https://help.example.org", "--root", "short"], "root: expected the fingerprint"),
        (["--relay", "https://help.example.org", "--root", ROOT, "--port", "80"], "port: expected 0"),
        (["--config", "/nowhere/viewer.toml"], "/nowhere/viewer.toml: no such file"),
    ],
)
def test_a_wrong_start_is_refused_with_the_key_and_what_was_expected(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "technician_viewer", "--no-browser", *arguments],
        env=os.environ | {"XDG_CONFIG_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert f"mainforte-viewer: {said}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_said(viewer: str) -> None:
    port = viewer.rpartition(":")[2]
    command = [sys.executable, "-m", "technician_viewer", "--no-browser", "--relay", "http://localhost:9"]
    done = subprocess.run(
        [*command, "--root", ROOT, "--port", port],
        env=os.environ | {"MAINFORTE_LANGUAGE": "en"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert "Choose another port" in done.stderr


def test_what_only_a_session_needs_is_not_loaded_before_the_page_is_served() -> None:
    script = "import sys, technician_viewer.__main__; print([name for name in ('numpy', 'av', 'PIL') if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"
