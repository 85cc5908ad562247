"""Ours alone, in a minute: from paint to canvas, and from a key in the page to the customer's display and back.

The instrument is that of `pixels`, without the peers: for whoever changes something on the way and wants to see what it did.
"""

from playwright.async_api import async_playwright

from benchmarks import keys
from benchmarks.peers.ours import Ours
from benchmarks.playing import Played, play
from benchmarks.report import Row, Section
from benchmarks.stage import HEIGHT_PX, WIDTH_PX, session

ROUNDS, QUICK_ROUNDS = 3, 1
_ABOUT = """\
One session on one machine, TLS on: the relay, the agent on Xvfb, the page in headless Chromium drawn by software, loopback. *Paint* is
the moment just before the painter flushes its requests to the X server; *canvas* the moment at which the mark has been read back from
the page's canvas; *keydown* the event's own time stamp, made where the DevTools' `Input.dispatchKeyEvent` enters the browser; *KeyPress*
the moment at which an X client has the event in hand. Scenes and probe are those of the comparison with the peers."""


async def measure(*, is_quick: bool = False) -> Section:
    """Play typing, whole screens and keys in turn."""
    rounds = QUICK_ROUNDS if is_quick else ROUNDS
    found: dict[str, list[Played]] = {"typing": [], "switch": [], "keys": []}
    async with async_playwright() as playwright, session(Ours(), playwright) as stage:
        for _ in range(rounds):
            for name in ("typing", "switch"):
                found[name].append(await play(stage, name, is_quick=is_quick))
            found["keys"].append(await keys.play(stage, is_quick=is_quick))
        facts = {"Chromium": stage.browser_version, "screen": f"{WIDTH_PX} x {HEIGHT_PX}"}
    heard = [each for played in found["keys"] for each in played.heard_ms]
    return Section(
        "latency",
        "Latency",
        _ABOUT,
        [
            _row("typed glyph: paint → canvas", found["typing"]),
            _row("whole 1080p screen of new text: paint → canvas", found["switch"]),
            Row(
                "arrow key: keydown in the page → KeyPress in an X client", heard, sum(p.missed for p in found["keys"])
            ),
            _row("arrow key: keydown in the page → its glyph on the canvas", found["keys"]),
        ],
        facts,
    )


def _row(name: str, rounds: list[Played]) -> Row:
    return Row(name, [each for played in rounds for each in played.latency_ms], sum(played.missed for played in rounds))
