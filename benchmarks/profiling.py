"""Where the time goes: the agent under py-spy while it works and while it rests, and a key in the page in Chromium's own trace.

For whoever wants to see why a figure is out of reach, or what would bring it nearer.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from benchmarks import keys, meters
from benchmarks.peers.ours import Ours
from benchmarks.playing import play, prepare
from benchmarks.report import Section
from benchmarks.stage import Stage, session

WORKLOADS = ("typing", "scroll", "newtext", "drag", "video", "idle")
_PLAYED_S, _IDLE_S, _QUICK_S, _BECOMES_IDLE_S = 10, 60, 4, 8
_RATE_HZ = 1000
# The first whose text is in the file's name of where a sample was taken (libraries' from their folder on).
_ROOMS = (
    ("waking up: the loop", "selectors.py"),
    ("waking up: the threads", "client_agent/worker.py", "threading.py", "queue.py"),
    ("the X server: asking, waiting, reading", "xcffib/", "client_agent/x11_", "client_agent/screen/x11", "screen/shared_memory"),
    ("compressing and coding", "client_agent/screen/encoders/"),
    ("what changed, and into which parts", "client_agent/screen/", "numpy/"),
    ("between loop and threads", "client_agent/eyes.py", "client_agent/hands.py"),
    ("session, messages, sealing", "client_agent/session/", "client_agent/losses.py", "client_agent/tcp_info.py", "protocol/"),
    ("WebSocket", "client_agent/relay_link.py", "websockets/"),
    ("TLS and socket", "ssl.py", "asyncio/sslproto.py", "asyncio/selector_events.py"),
    ("the loop itself", "asyncio/"),
    ("windows: bar and questions", "client_agent/prompts/", "tkinter/"),
)  # fmt: skip
_OTHER = "all else"
_TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline", "input"]

_ABOUT = f"""\
One session as in *Latency*, each scene played again and again. py-spy looks {_RATE_HZ} times a second, without stopping it, at what each
thread of the agent is doing that runs or would run; a sample belongs to the Python line that it was taken in, with all the C below it
(zstd, x264, AES, the X server's answer). So *waking up* is what the system needs to let a thread run that has slept. Shares in per cent of
the samples; the processor's time is the system's own count, py-spy not included. The page is traced by Chromium itself (CDP's Tracing,
which makes it slower) while arrow keys are pressed; medians of all of them."""


@dataclass
class Profile:
    """What was seen of the agent during one workload."""

    samples: Counter[str]
    """By room."""
    processor_share: float
    """Of one core, while it was played."""


async def measure(*, is_quick: bool = False) -> Section:
    """Profile the agent on each workload, then trace the page."""
    found: dict[str, Profile] = {}
    async with async_playwright() as playwright, session(Ours(), playwright) as stage:
        for name in WORKLOADS:
            seconds = _QUICK_S if is_quick else _IDLE_S if name == "idle" else _PLAYED_S
            found[name] = await _profile(stage, name, seconds)
        steps = await _traced_keys(stage, is_quick=is_quick)
        facts = {"Chromium": stage.browser_version}
    return Section("profile", "Where the time goes", _ABOUT, facts=facts, body=f"{_rooms(found)}\n\n{_key(steps)}")


async def _profile(stage: Stage, name: str, seconds: int) -> Profile:
    await prepare(stage, name)
    if name == "idle":
        await asyncio.sleep(_BECOMES_IDLE_S)
    agent = stage.roles["agent"]
    with tempfile.TemporaryDirectory(prefix="mainforte-profile-") as folder:
        output = Path(folder) / "samples"
        program = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("py-spy"), "record", "--pid", str(agent[0]), "--nonblocking", "--format", "raw",
            "--rate", str(_RATE_HZ), "--duration", str(seconds), "--output", output,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        ended = asyncio.create_task(program.communicate())
        shares = []
        while not ended.done():
            if name == "idle":
                began, before = time.monotonic(), meters.processor_s(agent)
                await asyncio.wait({ended})
                shares.append((meters.processor_s(agent) - before) / (time.monotonic() - began))
            else:
                played = await play(stage, name)
                shares.append(played.processor_s["agent"] / played.lasted_s)
        said, _ = await ended
        if not output.exists():
            raise RuntimeError(f"py-spy: {said.decode(errors='replace').strip()}")
        return Profile(counted(output.read_text().splitlines()), statistics.mean(shares))


def counted(lines: list[str]) -> Counter[str]:
    """Samples by room, of what py-spy calls raw: `frame;frame;frame (file:line) count` a line, the innermost last."""
    samples: Counter[str] = Counter()
    for line in lines:
        stack, _, count = line.rpartition(" ")
        _, _, place = stack.rpartition(";")[2].rpartition("(")
        samples[_room(place)] += int(count)
    return samples


def _room(place: str) -> str:
    return next((name for name, *files in _ROOMS if any(file in place for file in files)), _OTHER)


def _rooms(found: dict[str, Profile]) -> str:
    cells = {
        "processor, % of a core": [f"{100 * each.processor_share:.2f}" for each in found.values()],
        "samples": [str(each.samples.total()) for each in found.values()],
        **{
            room: [f"{100 * each.samples[room] / max(1, each.samples.total()):.0f}" for each in found.values()]
            for room in (*(name for name, *_ in _ROOMS), _OTHER)
        },
    }
    head = [f"| the agent | {' | '.join(found)} |", f"| --- |{' ---: |' * len(found)}"]
    return "\n".join([*head, *(f"| {name} | {' | '.join(row)} |" for name, row in cells.items())])


# --- the page ------------------------------------------------------------------------------------------------------------

_STEPS = (
    "the browser has the key → the page's thread begins with it",
    "→ our listener is called",
    "→ sealed and handed to the WebSocket",
    "→ the page's thread is done with it",
)


async def _traced_keys(stage: Stage, *, is_quick: bool) -> list[list[float]]:
    """Of each key the steps on its way through the browser, in milliseconds."""
    browser = stage.page.context.browser
    assert browser
    await keys.play(stage, is_quick=True)
    await browser.start_tracing(page=stage.page, categories=_TRACED)
    await keys.play(stage, is_quick=is_quick)
    return list(key_steps(json.loads(await browser.stop_tracing())["traceEvents"]))


def key_steps(events: list[dict[str, Any]]) -> Iterator[list[float]]:
    """Follow each `keydown` through a trace in the Trace Event Format, whose times are microseconds."""
    events = sorted(events, key=lambda event: event.get("ts", 0))
    forwarded = [event["ts"] for event in events if event["name"] == "RenderWidgetHostImpl::ForwardKeyboardEvent"]
    sent = [event["ts"] for event in events if event["name"] == "WebSocketSend"]
    tasks = [event for event in events if event["name"] == "RunTask" and event["ph"] == "X"]
    for event in events:
        if event["name"] != "EventDispatch" or event["args"].get("data", {}).get("type") != "keydown":
            continue
        at, own = event["ts"], (event["pid"], event["tid"])
        task = next(
            (
                each
                for each in tasks
                if (each["pid"], each["tid"]) == own and each["ts"] <= at < each["ts"] + each["dur"]
            ),
            None,
        )
        came, left = (
            max((ts for ts in forwarded if ts <= at), default=None),
            next((ts for ts in sent if ts >= at), None),
        )
        if task and came is not None and left is not None:
            marks = (came, task["ts"], at, left, task["ts"] + task["dur"])
            yield [(to - since) / 1000 for since, to in pairwise(marks)]


def _key(steps: list[list[float]]) -> str:
    lines = [f"| a key in the page ({len(steps)} of them) | ms |", "| --- | ---: |"]
    lines += [
        f"| {name} | {statistics.median(took):.2f} |"
        for name, took in zip(_STEPS, zip(*steps, strict=True), strict=False)
    ]
    return "\n".join(lines)
