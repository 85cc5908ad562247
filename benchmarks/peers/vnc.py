"""VNC servers that show an existing display, with websockify and noVNC, all from Debian's packages."""

import subprocess
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AsyncExitStack

from benchmarks.peers.peer import Connected, Peer, Place
from benchmarks.ports import free_port, until_listening
from tests.waiting import eventually

_READY = "() => document.querySelector('canvas')?.width > 600 && document.documentElement.classList.contains('noVNC_connected')"


class Vnc(Peer):
    """A VNC server, and how noVNC is set."""

    server_package: str
    quality, compression = 6, 2
    """What noVNC has at first."""

    @property
    def packages(self) -> Sequence[str]:  # type: ignore[override]
        return (self.server_package, "websockify", "novnc")

    @abstractmethod
    def command(self, display: str, port: int) -> Sequence[str]:
        """What serves a display at a port."""

    async def connect(self, stack: AsyncExitStack, place: Place) -> Connected:
        server_port, web_port = free_port(), free_port()
        server = place.start(*self.command(place.display.name, server_port))
        address = place.customers_address
        here = "127.0.0.1"
        bridge = place.start(
            "websockify",
            "--web",
            "/usr/share/novnc",
            f"{address}:{web_port}",
            f"{here}:{server_port}",
            log="websockify",
        )
        await until_listening(address, web_port)
        setting = f"autoconnect=true&resize=off&reconnect=false&quality={self.quality}&compression={self.compression}"
        await until_accepting(place, server_port)
        await place.page.goto(f"http://{address}:{web_port}/vnc.html?host={address}&port={web_port}&{setting}")
        await place.page.wait_for_function(_READY, timeout=30_000)
        return Connected({"agent": [server], "relay": [bridge]}, web_port)


async def until_accepting(place: Place, port: int) -> None:
    """Wait until a server listens on the customer's machine, without connecting to it."""
    look = ("ss", "-tlnH", "sport", "=", f":{port}")
    command = place.path.command(*look) if place.path else look
    await eventually(
        lambda: subprocess.run(command, capture_output=True, check=True).stdout, f"a server on port {port}"
    )


class X0vncserver(Vnc):
    """TigerVNC's, which hears of changes by XDamage."""

    name, server_package = "x0vncserver", "tigervnc-scraping-server"

    def command(self, display: str, port: int) -> Sequence[str]:
        return ("X0tigervnc", "-display", display, "-rfbport", str(port), "-SecurityTypes", "None", "-localhost")


class X0vncserverTuned(X0vncserver):
    """Not held to a third of a core."""

    setting = "tuned"

    def command(self, display: str, port: int) -> Sequence[str]:
        return (*super().command(display, port), "-MaxProcessorUsage", "100", "-PollingCycle", "10", "-FrameRate", "60")


class X11vnc(Vnc):
    """The classic one."""

    name, server_package = "x11vnc", "x11vnc"

    def command(self, display: str, port: int) -> Sequence[str]:
        return ("x11vnc", "-display", display, "-rfbport", str(port), "-localhost", "-forever", "-nopw", "-quiet")


class X11vncTuned(X11vnc):
    """It waits less."""

    setting = "tuned"

    def command(self, display: str, port: int) -> Sequence[str]:
        return (*super().command(display, port), "-wait", "5", "-defer", "5", "-nonap", "-nosel")
