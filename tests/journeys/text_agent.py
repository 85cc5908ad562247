"""The real agent as somebody uses it who cannot use windows: plain lines to read, and lines to type."""

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from client_agent.organisation import Package
from demo.desktop import with_downloads
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

SEE, CONTROL, REFUSE = "Let them see my screen", "Let them see and control", "Refuse"
STOP = "s"
_TOO_SOON = "That came too soon"


def package_through(package: Path, folder: Path, port: int) -> Path:
    """A copy of an agent's package that leads to the relay through this port, as a cable does."""
    known = msgspec.json.decode(package.read_bytes(), type=Package)
    copy = folder / f"organisation-{port}.json"
    copy.write_bytes(msgspec.json.encode(msgspec.structs.replace(known, address=f"http://localhost:{port}")))
    return copy


class TextAgent:
    """An agent's process on a display, driven by its terminal."""

    def __init__(
        self,
        display: VirtualDisplay,
        package: Path,
        code: str,
        folder: Path,
        name: str = "agent",
        *,
        through: Callable[..., Sequence[str]] = lambda *command: command,
    ) -> None:
        """`through` gives the command that runs another one elsewhere, as at the far end of a path."""
        self._said = folder / f"{name}.txt"
        self._answered_to = 0
        command = (sys.executable, "-u", "-m", "client_agent", "--text", "--organisation", str(package))
        with self._said.open("w") as said, (folder / f"{name}.log").open("w") as log:
            self.process = subprocess.Popen(
                through(*command, "--language", "en", code),
                env=display.environment | with_downloads(folder / "Downloads"), stdin=subprocess.PIPE, stdout=said, stderr=log, text=True,
            )  # fmt: skip

    def said(self) -> str:
        """All that can be read on the terminal."""
        return self._said.read_text()

    def _new(self) -> str:
        """What was said since the last answer."""
        return self.said()[self._answered_to :]

    def type(self, line: str) -> None:
        """Type a line and Enter."""
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    async def sees_question(self, label: str, *, deadline_s: float = 40) -> str:
        """Wait for a question with this answer; gives the number to type."""
        offered = re.compile(rf"^\W*(\d)\W+{re.escape(label)}", re.MULTILINE)
        numbers = await eventually(lambda: offered.findall(self._new()), f"{label} offered", deadline_s=deadline_s)
        return str(numbers[-1])

    async def answer(self, label: str, *, deadline_s: float = 40) -> None:
        """Give this answer to the question that is there or comes, again until it counts: it does not during the first second."""
        number = await self.sees_question(label, deadline_s=deadline_s)
        typed = self._new().count(_TOO_SOON) - 1

        def has_counted() -> bool:
            nonlocal typed
            if (counted := f"Your answer: {label}") in self._new():
                # The next question may have been put already.
                self._answered_to += self._new().index(counted) + len(counted)
                return True
            if self._new().count(_TOO_SOON) > typed:
                typed = self._new().count(_TOO_SOON)
                self.type(number)
            return False

        await eventually(has_counted, f"the answer {label} counted")

    def close(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait()
