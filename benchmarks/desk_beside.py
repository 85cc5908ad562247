"""Our desk beside Request Tracker 5: the same four acts on as many tickets, in turn, one request after the other."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from benchmarks import desk_data
from benchmarks.desk import KEEP, Load, people
from benchmarks.desk_place import served_desk
from benchmarks.peers.request_tracker import Tracker, request_tracker
from benchmarks.report import Row, Section, percentile

KINDS = {"open": "open", "list": "list", "search": "search: tickets, common words", "comment": "comment"}
"""What is done, and how `desk_load.py` calls it."""
OURS, THEIRS = "mainforte", "Request Tracker"
_ABOUT = """\
Each holds {tickets:,} tickets with the same kinds of texts, on SQLite, and runs as its operator would start it on one machine; whoever
asks is signed in. One request after the other, in an order that chance gives anew for each round, so that nothing waits: *open* a ticket,
*list* the tickets that are open, *search* for a frequent word (ours in all that was said and with word forms, theirs in the subjects),
*comment* on a ticket until the answer is there. Theirs ran with its mails and other automatic actions off; what ours does on an event
stayed on."""


async def measure(*, is_quick: bool = False, keep: Path = KEEP) -> Section:
    """Both, side by side."""
    size, rounds = desk_data.QUICK, 5 if is_quick else 25
    found: dict[tuple[str, str], list[float]] = {(kind, who): [] for kind in KINDS for who in (OURS, THEIRS)}
    dice = random.Random(4)
    async with (
        request_tracker(keep, size.tickets) as tracker,
        served_desk(keep, "SQLite", size) as served,
        people(served, size) as load,
        _signed_in(tracker) as http,
    ):
        for round_number in range(-3, rounds):
            for kind, who in dice.sample(list(found), len(found)):
                took = await (_ours(load, kind, dice) if who == OURS else tracker.ask(http, kind, dice))
                # The first rounds fill caches, theirs and ours.
                if round_number >= 0:
                    found[kind, who].append(took)
    facts = {"versions": tracker.version} | {kind: _verdict(kind, found) for kind in KINDS}
    rows = [Row(f"{kind}: {who}", samples) for (kind, who), samples in found.items()]
    about = _ABOUT.format(tickets=size.tickets)
    return Section("desk-beside", "The desk beside Request Tracker 5", about, rows, facts)


@asynccontextmanager
async def _signed_in(tracker: Tracker) -> AsyncIterator[aiohttp.ClientSession]:
    # Cookies of a numeric address are kept only where asked for.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        await tracker.sign_in(http)
        yield http


async def _ours(load: Load, kind: str, dice: random.Random) -> float:
    told = await load.do(what="one_by_one", kinds=[KINDS[kind]], count=1, seed=dice.randrange(2**31))
    if told["errors"]:
        raise RuntimeError(f"ours, {kind}: {told['errors'][0]}")
    took: float = told["latency_ms"][KINDS[kind]][0]
    return took


def _verdict(kind: str, found: dict[tuple[str, str], list[float]]) -> str:
    """Ahead where even our 95th percentile is below their median; else the two medians."""
    ours, theirs = found[kind, OURS], found[kind, THEIRS]
    is_clear = percentile(ours, 95) < percentile(theirs, 50)
    times = percentile(theirs, 50) / percentile(ours, 50)
    return f"{'**ahead**' if is_clear else 'not clear'}, theirs takes {times:.1f} times as long (p50)"
