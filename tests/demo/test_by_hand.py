"""`./run demo` for a person, with the real programs: played where nobody can click, in a window where there is a display."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser

from demo.organisation import Organisation
from demo.technician import Technician
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually, wait_until

START_S, END_S = 150.0, 20.0

# Keys, database and desktop of each demo are made anew.
pytestmark = pytest.mark.timeout(600)
MARK = "MAINFORTE_TEST_MARK"


def environment_of(process: int) -> dict[str, str]:
    """What a process was given; nothing once it has ended."""
    variables = Path(f"/proc/{process}/environ").read_text(errors="replace").split("\0")
    return dict(variable.partition("=")[::2] for variable in variables)


class Demo:
    """A running demo: what it said, what it is told, and what is left of it."""

    def __init__(self, folder: Path, *arguments: str, display: str = "") -> None:
        self._mark = uuid.uuid4().hex
        kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "XAUTHORITY")}
        environment = kept | {MARK: self._mark, "TMPDIR": str(folder)} | ({"DISPLAY": display} if display else {})
        self.said = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "demo", *arguments],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said += line

    def wait_for(self, words: str) -> str:
        """Wait until the demo has said something that matches, and give it."""

        def said() -> re.Match[str] | None:
            return re.search(words, self.said)

        def is_said_or_over() -> bool:
            return said() is not None or self.process.poll() is not None

        wait_until(is_said_or_over, words, deadline_s=START_S)
        found = said()
        assert found, self.said
        return found.group(found.lastindex or 0)

    def type(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        """End it as Ctrl+C does, and give its exit code."""
        self.process.send_signal(how)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(START_S)
        # Its output ends with the last program that may write there.
        self._listener.join(START_S)
        assert not self._listener.is_alive(), self.programs()
        return code

    def programs(self, name: str = "") -> dict[int, str]:
        """The commands of all processes that come from this demo, or of those of this name, by their numbers."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if environment_of(int(folder.name)).get(MARK) == self._mark:
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue  # it has ended meanwhile
        return {number: command for number, command in found.items() if command.startswith(name)}

    def kill(self) -> None:
        """End whatever is left of it."""
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(END_S)
        for process in self.programs():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.process.wait(END_S)
        self._listener.join(END_S)


StartDemo = Callable[..., Demo]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[StartDemo]:
    """Start demos: `demo("--language", "en", display=":7")`."""
    started: list[Demo] = []

    def start(*arguments: str, display: str = "") -> Demo:
        started.append(Demo(tmp_path, *arguments, display=display))
        return started[-1]

    yield start
    for one in started:
        one.kill()


@contextmanager
def left_nothing(demo: Demo, folder: Path) -> Iterator[None]:
    """Hold that a demo which has ended left neither a process nor a folder."""
    assert demo.programs()
    yield
    assert demo.programs() == {}
    assert list(folder.glob("mainforte-demo-*")) == []


def organisation_of(demo: Demo) -> Organisation:
    """What a person reads on the terminal."""
    address = demo.wait_for(r"(http://localhost:\d+)/")
    secret = demo.wait_for(r"\b([A-Z2-7]{32})\b")
    return Organisation(address, Path(), secret, "")


@pytest.mark.soak
async def test_without_a_display_the_played_customer_goes_through_a_whole_session(
    tmp_path: Path, demo: StartDemo, chromium: Browser
) -> None:
    running = demo("--language", "fr")
    organisation = organisation_of(running)
    running.wait_for("le client est joué")
    page = await chromium.new_page(locale="fr", viewport={"width": 1280, "height": 860})
    technician = Technician(page, organisation, tmp_path, "fr")
    # Enter alone.
    running.type("")
    running.wait_for(r"Second facteur à présent\u00a0: \d{6}")
    await technician.sign_in()
    await technician.open_ticket()
    running.type(await technician.get_code())
    running.wait_for("Le client joué a choisi\u00a0: Montrer et laisser agir")
    await technician.wait_for_access("control")
    await technician.wait_for_picture()
    # As `demo --once`: the customer is asked for a recording, and an auditor's room is there to watch it.
    running.wait_for("Le client joué a choisi\u00a0: Autoriser l’enregistrement")
    await page.wait_for_selector("body[data-recording=on]")
    running.wait_for(r"http://127\.0\.0\.1:\d+/")
    await eventually(
        lambda: technician.shows((1200, 780), (0x2B, 0x5D, 0x8A)), "the customer's desktop on the technician's page"
    )
    with left_nothing(running, tmp_path):
        assert running.end() == 0


def test_with_a_display_the_customers_computer_is_a_window_of_it(
    tmp_path: Path, demo: StartDemo, xvfb: Callable[..., VirtualDisplay]
) -> None:
    own = xvfb(1600, 1000)
    running = demo("--language", "en", display=own.name)
    running.wait_for("is the window that has just opened")
    title = "Mainforte demo - the customer computer"
    wait_until(lambda: shows(own, title), "the customer's window")
    with left_nothing(running, tmp_path):
        (customers,) = running.programs("Xephyr")
        (manager,) = running.programs("openbox")
        name = environment_of(manager)["DISPLAY"]
        # The demo looks again only once another display has the name of the customer's.
        running.process.send_signal(signal.SIGSTOP)
        own.run("xdotool", "search", "--onlyvisible", "--name", title, "windowclose")
        wait_until(lambda: customers not in running.programs(), "the end of the customer's display")
        own.start("Xvfb", name)
        running.process.send_signal(signal.SIGCONT)
        running.wait_for("the demo ends")
        assert running.wait() == 0


@pytest.mark.soak
def test_this_screen_shows_the_agent_on_ones_own_display(
    tmp_path: Path, demo: StartDemo, xvfb: Callable[..., VirtualDisplay]
) -> None:
    own = xvfb()
    running = demo("--language", "en", "--this-screen", display=own.name)
    running.wait_for("The agent opens on this screen")
    wait_until(lambda: shows(own, "Start assistance"), "the agent's window", deadline_s=START_S)
    with left_nothing(running, tmp_path):
        assert running.end() == 0


def shows(display: VirtualDisplay, name: str) -> bool:
    try:
        return bool(display.run("xdotool", "search", "--onlyvisible", "--name", name))
    except subprocess.CalledProcessError:
        return False


def test_this_screen_without_a_display_says_so(demo: StartDemo) -> None:
    running = demo("--language", "en", "--this-screen")
    assert running.wait() == 1
    assert "There is no display here" in running.said


@pytest.mark.soak
def test_two_demos_side_by_side_do_not_meet_and_without_a_keyboard_one_runs_until_it_is_told_to_end(
    tmp_path: Path, demo: StartDemo
) -> None:
    first, second = demo("--language", "en"), demo("--language", "en")
    assert second.process.stdin
    second.process.stdin.close()
    assert organisation_of(first).address != organisation_of(second).address
    first.wait_for("the customer is played")
    second.wait_for("the customer is played")
    assert first.end() == 0
    assert second.process.poll() is None
    assert len(second.programs()) > 3
    with left_nothing(second, tmp_path):
        assert second.end(signal.SIGTERM) == 0


def test_a_folder_that_is_not_the_demos_is_left_alone(tmp_path: Path, demo: StartDemo) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("mine")
    running = demo("--once", "--output", str(tmp_path))
    assert running.wait() == 1
    assert precious.read_text() == "mine"
    assert "choose another --output" in running.said
