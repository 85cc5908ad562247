"""xpra showing an existing display (shadow), with its HTML5 client, from Debian's package."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from benchmarks.peers.peer import Connected, Peer, Place
from benchmarks.ports import free_port, until_listening

_READY = "() => [...document.querySelectorAll('canvas')].some((each) => each.width >= 600)"


class Xpra(Peer):
    """As it comes."""

    name = "xpra"
    packages = ("xpra",)
    options: Sequence[str] = ()
    wishes = ""

    async def connect(self, stack: AsyncExitStack, place: Place) -> Connected:
        port = free_port()
        address = place.customers_address
        server = place.start(
            "xpra", "shadow", place.display.name, f"--bind-tcp={address}:{port}", "--html=on", "--daemon=no", "--mdns=no",
            "--notifications=no", "--pulseaudio=no", "--speaker=disabled", "--microphone=disabled", "--printing=no",
            "--webcam=no", "--systemd-run=no", "--tray=no", f"--socket-dir={place.folder}", *self.options,
        )  # fmt: skip
        await until_listening(address, port, deadline_s=40)
        wishes = "sound=false&floating_menu=false&clipboard=false" + self.wishes
        await place.page.goto(f"http://{address}:{port}/index.html?{wishes}")
        await place.page.wait_for_function(_READY, timeout=30_000)
        return Connected({"agent": [server], "relay": []}, port)


class XpraTuned(Xpra):
    """Quick rather than small, and no waiting for more."""

    setting = "tuned"
    options = (
        "--speed=100",
        "--min-speed=90",
        "--quality=90",
        "--min-quality=60",
    )
