"""The ground that other tests stand on."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.browsers import SharedBrowser, processes_of
from tests.conftest import CHROMIUM, CHROMIUM_OPTIONS, ROOT
from tests.virtual_display import VirtualDisplay, virtual_display
from tests.waiting import NeverCame, eventually, wait_until


def test_a_window_opens_on_a_display_and_can_be_found(xvfb: Callable[..., VirtualDisplay]) -> None:
    display = xvfb(width_px=800, height_px=600)
    display.start("xterm", "-T", "hello", "-e", "cat")
    found = display.run("xdotool", "search", "--sync", "--onlyvisible", "--name", "^hello$")
    assert found.strip().isdigit()


def test_two_displays_have_their_own_numbers(xvfb: Callable[..., VirtualDisplay]) -> None:
    first, second = xvfb(window_manager=False), xvfb(640, 480, window_manager=False)
    assert first.name != second.name
    assert "current 640 x 480" in second.run("xrandr", "--query")


def test_a_display_and_what_runs_on_it_end_together(xvfb: Callable[..., VirtualDisplay]) -> None:
    with virtual_display() as display:
        terminal = display.start("xterm")
    assert terminal.poll() is not None
    with pytest.raises(subprocess.CalledProcessError):
        display.run("xdotool", "getdisplaygeometry")


def test_what_a_program_started_for_itself_ends_with_it(tmp_path: Path) -> None:
    """As a message bus does, whose program is told to end but not the bus."""
    started = tmp_path / "started"
    with virtual_display(window_manager=False) as display:
        display.start("sh", "-c", f"tail -f /dev/null & echo $! > {started}; wait")
        child = int(wait_until(lambda: started.exists() and started.read_text().strip(), "a child"))
    wait_until(lambda: not is_running(child), "the end of the child")


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def test_the_browser_has_what_the_page_needs(chromium: Browser, tmp_path: Path) -> None:
    page = await chromium.new_page()
    (tmp_path / "page.html").write_text("<!doctype html><title>here</title>")
    await page.goto((tmp_path / "page.html").as_uri())
    assert await page.title() == "here"
    assert await page.evaluate("typeof WebAssembly.instantiate === 'function' && typeof VideoDecoder") == "function"


async def test_a_browser_that_is_shared_is_started_again_where_it_has_ended() -> None:
    shared = SharedBrowser(CHROMIUM, CHROMIUM_OPTIONS)
    try:
        address = await asyncio.to_thread(shared.address)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.connect_over_cdp(address)
            for kind, process in await processes_of(browser):
                if kind == "browser":
                    os.kill(process, signal.SIGKILL)

            async def another() -> str:
                now = await asyncio.to_thread(shared.address)
                return now if now != address else ""

            again = await playwright.chromium.connect_over_cdp(await eventually(another, "another browser"))
            assert await (await again.new_page()).evaluate("1 + 1") == 2
            await again.close()
    finally:
        await asyncio.to_thread(shared.close)


def test_node_reads_the_modules_of_the_page(node: Path) -> None:
    done = subprocess.run([node, "-e", "console.log(JSON.stringify({ok: 1}))"], capture_output=True, check=True)
    assert json.loads(done.stdout) == {"ok": 1}


HANGS = """
import pytest, threading

@pytest.fixture
def hanging():
    yield
    threading.Event().wait()

def test_one(hanging):
    assert False

def test_next():
    pass
"""


@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_a_failed_test_that_hangs_while_it_is_cleaned_up_does_not_hold_up_the_run(
    tmp_path: Path, workers: list[str]
) -> None:
    (tmp_path / "test_hangs.py").write_text(HANGS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.watchdog", "--timeout=2", *workers, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode != 0
    assert "still there after twice its time: " in done.stderr
    assert "in hanging" in done.stderr
    if workers:
        assert "1 passed" in done.stdout


def test_what_never_comes_is_named() -> None:
    with pytest.raises(NeverCame, match="rain"):
        wait_until(lambda: 0, "rain", deadline_s=0.05)


async def test_waiting_takes_plain_and_asynchronous_conditions() -> None:
    answers = iter([0, 0, 7])

    async def next_answer() -> int:
        return next(answers)

    assert await eventually(next_answer, "seven") == 7
    assert await eventually(lambda: "yes", "yes") == "yes"
