"""What everybody who is measured has in common."""

import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Page

from benchmarks.tls import TlsFiles
from tests.fakes.narrow_path import NarrowPath
from tests.virtual_display import VirtualDisplay

_APT_ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


@dataclass
class Place:
    """Where a session is to be set up."""

    display: VirtualDisplay
    """The customer's."""
    page: Page
    """An empty page of the technician's browser."""
    folder: Path
    """Of its own, for logs and keys."""
    tls: TlsFiles
    """A certificate for localhost that this browser trusts."""
    browser_mark: str
    """The option that tells its processes from other browsers'."""
    path: NarrowPath | None = None
    """Where given, the customer is at its far end."""

    def start(self, *command: str, environment: Mapping[str, str] | None = None, log: str = "server") -> int:
        """Start a program on the customer's machine; gives its process."""
        with (self.folder / f"{log}.log").open("a") as output:
            away = self.path.command(*command) if self.path else command
            return self.display.start(*away, environment=environment, output=output).pid

    @property
    def customers_address(self) -> str:
        """How the technician's browser reaches the customer's machine."""
        return self.path.there if self.path else "127.0.0.1"

    def log(self, name: str) -> str:
        """What a program has written."""
        return (self.folder / f"{name}.log").read_text(errors="replace")


@dataclass
class Connected:
    """A session under way: the page shows the customer's screen."""

    roles: Mapping[str, Sequence[int]]
    """Processes by role (agent, relay), each with all that it has started."""
    port: int
    """Where the browser is connected to."""
    facts: dict[str, str] = field(default_factory=dict)


class Peer(ABC):
    """One program for remote assistance, with one setting."""

    name: str
    setting: str = "default"
    packages: Sequence[str] = ()
    """Debian packages that it needs."""
    is_ours = False

    @property
    def label(self) -> str:
        """How tables and plots call it."""
        return self.name if self.setting == "default" else f"{self.name}, {self.setting}"

    def why_not(self) -> str:
        """Why it cannot be measured here; empty where it can."""
        lacking = [package for package in self.packages if not is_installed(package)]
        return f"not installed: {', '.join(lacking)}" if lacking else ""

    def version(self) -> str:
        """Its version and that of its parts."""
        return ", ".join(f"{package} {version_of(package)}" for package in self.packages)

    @abstractmethod
    async def connect(self, stack: AsyncExitStack, place: Place) -> Connected:
        """Start it and wait until the page shows the customer's screen; what is started ends with `stack` or the display."""

    async def focus(self, page: Page) -> None:
        """Let what is typed on the page go to the customer."""
        await page.mouse.move(300, 300)


@asynccontextmanager
async def connected(peer: Peer, place: Place) -> AsyncIterator[Connected]:
    """A session, from its start to its end."""
    async with AsyncExitStack() as stack:
        yield await peer.connect(stack, place)


def is_installed(package: str) -> bool:
    return bool(version_of(package))


def version_of(package: str) -> str:
    """The installed version of a Debian package, or nothing."""
    if not shutil.which("dpkg-query"):
        return ""
    query = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package]
    said = subprocess.run(query, capture_output=True, text=True).stdout.split()
    return said[1] if len(said) == 2 and said[0] == "installed" else ""


def install(packages: Sequence[str]) -> str:
    """Install Debian packages that are missing, from the registry of this machine; what apt said where it could not."""
    lacking = [package for package in packages if not is_installed(package)]
    if not lacking:
        return ""
    command = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *lacking]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=_APT_ENVIRONMENT)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stderr.strip() if done.returncode else ""
