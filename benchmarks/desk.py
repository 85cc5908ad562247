"""A desk of a million tickets under its people: pages, search, a steady load, a change that many see, and a session beside it all."""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from benchmarks import desk_data, meters
from benchmarks.desk_data import Size
from benchmarks.desk_load import MIX
from benchmarks.desk_place import CLIENTS, Served, client_name, served_desk
from benchmarks.peers.ours import Ours
from benchmarks.playing import play
from benchmarks.report import Row, Section, percentile
from benchmarks.stage import session
from demo.organisation import PASSWORD

KEEP = Path(tempfile.gettempdir()) / "mainforte-bench-desk"
"""Where the big desks are kept, so that they are made once."""
RATE = 200
PLACES = ("tickets", "customers", "articles")
KINDS = (
    "open", "list", "comment", "API",
    *(f"search: {place}, {how}" for place in PLACES for how in ("common words", "rare words", "typing errors")),
)  # fmt: skip
_ABOUT = """\
{tickets:,} tickets of {customers:,} customers, {people:,} people of the desk, {articles:,} articles, on {database}, all on this one
machine: `mainforte-relay serve` as an organisation runs it (what is committed is on the disk), and the people of the desk as a program of
their own, {clients} of them signed in. *Alone*: one request after the other, each kind in turn, so that nothing waits. *Under {rate} a
second*: sent evenly for {lasts} s whatever became of those before ({mix} of a hundred), each counted from the moment at which it was
meant to go. *A change*: {watchers} open pages of one ticket follow its changes while somebody writes; *told* is the last that heard of it,
*shown* the last that had the new page. *Typed glyph*: from paint on the customer's screen to the technician's canvas, in a session through
this same relay, with agent and browser on the same two cores."""


@dataclass
class Load:
    """The people of the desk, in a process of their own."""

    process: asyncio.subprocess.Process
    _base: dict[str, Any]

    async def do(self, **wish: Any) -> dict[str, Any]:
        """Carry out a wish of desk_load.py; what came of it."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write((json.dumps({**self._base, **wish}) + "\n").encode())
        line = await self.process.stdout.readline()
        if not line:
            raise RuntimeError("the people of the desk are gone")
        told: dict[str, Any] = json.loads(line)
        return told


@asynccontextmanager
async def people(served: Served, size: Size) -> AsyncIterator[Load]:
    """Have them sign in."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.desk_load",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**26,
    )  # fmt: skip
    base = {
        "address": served.organisation.address,
        "people": [client_name(number) for number in range(CLIENTS)],
        "password": PASSWORD,
        "totp_secret": served.organisation.totp_secret,
        "tickets": [desk_data.TICKETS_FROM, size.tickets],
        "customers": size.customers,
    }
    try:
        yield Load(process, base)
    finally:
        process.terminate()
        await process.wait()


async def measure(
    *, is_quick: bool = False, keep: Path = KEEP, database: str = "SQLite", parts: Sequence[str] = ()
) -> Section:
    """All of it on one database; `parts` names some of `alone`, `load`, `change`, `glyph`."""
    size = desk_data.QUICK if is_quick else desk_data.FULL
    lasts_s, count, changes = (10, 20, 5) if is_quick else (60, 200, 20)
    rows: list[Row] = []
    facts: dict[str, str] = {}
    parts = parts or ("alone", "load", "change", "glyph")
    async with served_desk(keep, database, size) as served:
        facts["filled in"] = ", ".join(f"{name} {took:.0f} s" for name, took in served.filled_s.items())
        async with people(served, size) as load:
            await load.do(what="one_by_one", kinds=KINDS, count=3)
            if "alone" in parts:
                told = await load.do(what="one_by_one", kinds=KINDS, count=count)
                rows += _rows(told, "alone: ")
                facts |= _errors(told, "alone")
            if "load" in parts:
                before = _processor_s(served)
                told = await load.do(what="steady", rate=RATE, lasts_s=lasts_s)
                rows += _rows(told, f"under {RATE} a second: ")
                facts |= _errors(told, f"under {RATE} a second") | _rate(told, before, _processor_s(served))
            if "change" in parts:
                told = await load.do(what="watch", count=changes)
                rows += _rows(told, "a change, ")
                facts |= _errors(told, "changes")
            if "glyph" in parts:
                rows += await _glyphs(served, load, lasts_s, facts)
    about = _ABOUT.format(
        database=database, clients=CLIENTS, rate=RATE, lasts=lasts_s, watchers=50,
        mix=", ".join(f"{name} {share}" for name, share in MIX.items()),
        tickets=size.tickets, customers=size.customers, people=size.people, articles=size.articles,
    )  # fmt: skip
    name = "desk" if database == "SQLite" else "desk-postgresql"
    return Section(name, f"The desk with a million tickets, on {database}", about, rows, facts)


async def _glyphs(served: Served, load: Load, lasts_s: float, facts: dict[str, str]) -> list[Row]:
    """Typing in a session, in turn alone and beside the load."""
    found: dict[str, list[float]] = {"alone": [], "loaded": []}
    missed = dict.fromkeys(found, 0)
    ours = Ours(served.organisation, served.pid)
    async with async_playwright() as playwright, session(ours, playwright) as stage:
        await play(stage, "typing", is_quick=True)
        for _ in range(2):
            for name in found:
                task = None
                if name == "loaded":
                    task = asyncio.create_task(load.do(what="steady", rate=RATE, lasts_s=lasts_s / 2))
                    # Until the load is there.
                    await asyncio.sleep(2)
                while True:
                    played = await play(stage, "typing", is_quick=True)
                    found[name] += played.latency_ms
                    missed[name] += played.missed
                    if task is None or task.done():
                        break
                if task:
                    facts |= _errors(await task, "beside the session")
                elif len(found[name]) < 100:
                    found[name] += (await play(stage, "typing", is_quick=True)).latency_ms
    middle = {name: percentile(samples, 50) for name, samples in found.items()}
    tail = {name: percentile(samples, 95) for name, samples in found.items()}
    facts["typed glyph under load"] = (
        f"{middle['loaded'] / middle['alone']:.2f} times as long (p50), {tail['loaded'] / tail['alone']:.2f} times (p95)"
    )
    return [
        Row("typed glyph: alone", found["alone"], missed["alone"]),
        Row(f"typed glyph: under {RATE} a second", found["loaded"], missed["loaded"]),
    ]


def _rows(told: dict[str, Any], before: str) -> list[Row]:
    rows = dict(told["latency_ms"].items())
    return [Row(before + name, rows[name]) for name in sorted(rows)]


def _errors(told: dict[str, Any], what: str) -> dict[str, str]:
    some = "; ".join(sorted(set(told["errors"]))[:3])
    return {f"errors {what}": f"{len(told['errors'])}" + (f" ({some})" if some else "")}


def _rate(told: dict[str, Any], before: float, after: float) -> dict[str, str]:
    done, lasted = sum(map(len, told["latency_ms"].values())), told["lasted_s"]
    everything = [each for samples in told["latency_ms"].values() for each in samples]
    return {
        "sustained": f"{done / lasted:.0f} requests a second for {lasted:.0f} s, p95 of all {percentile(everything, 95):.0f} ms",
        "processor time of the relay": f"{1000 * (after - before) / max(1, told['sent']):.1f} ms a request, front and desk together",
    }


def _processor_s(served: Served) -> float:
    return meters.processor_s([served.pid])
