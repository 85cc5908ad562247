"""Cuts of 1, 5, 30, 60, 299 and 301 s, of every kind at once: what goes on, how soon after the mending, and what is over."""

import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from benchmarks.ports import free_port
from benchmarks.report import Row, Section
from demo.organisation import PASSWORD, TECHNICIAN, made_organisation, served
from protocol.limits import VIEW_GRACE_S
from protocol.vocabulary import Capability
from technician_viewer.client import Desk
from tests.journeys.cut_matrix import HEIGHT_PX, KINDS, SECONDS, WIDTH_PX, matrix
from tests.virtual_display import virtual_display

QUICK_SECONDS = (1, 5)


async def measure(*, is_quick: bool = False) -> Section:
    """Cut a dozen sessions, one of every kind, for as long as each length says."""
    lengths = QUICK_SECONDS if is_quick else SECONDS
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mf")))
        organisation = made_organisation(folder, free_port())
        stack.enter_context(served(organisation, folder / "relay.log"))
        display = stack.enter_context(virtual_display(WIDTH_PX, HEIGHT_PX, window_manager=False))
        client = await stack.enter_async_context(aiohttp.ClientSession())
        desk = Desk(client, organisation.address, root_fingerprint=organisation.root_fingerprint)
        await desk.sign_in(TECHNICIAN, PASSWORD, organisation.code())
        sessions = await stack.enter_async_context(matrix(organisation, desk, display, folder))
        for seconds in lengths:
            await sessions.cut(seconds)
        rows = [
            Row(
                f"{seconds} s, {allowed.value}: from the mending until what is painted is seen, and what was allowed is there again",
                [case.back_after_s[n] * 1000 for case in sessions.cases if case.kind.allowed is allowed],
            )
            for n, seconds in enumerate(lengths)
            if seconds <= VIEW_GRACE_S
            for allowed in (Capability.VIEW, Capability.CONTROL)
        ]
    return Section(
        "cuts",
        "Cuts of every length and kind",
        f"{len(KINDS)} sessions at once, one of every kind: to see, or to see and control; the technician's or the customer's cable; both "
        "ways, or without a word in one direction only. Each length is counted from the last sign of life. Nothing is asked again within "
        "the grace; where control is over, the agent asks by itself and the customer answers, which is included. After 301 s every session "
        "is over at both ends.",
        rows,
        {"lengths": ", ".join(f"{seconds} s" for seconds in lengths)},
        {
            "sessions that went on where they should": sum(len(row.samples_ms) for row in rows),
            "sessions that were over where they should": sum(len(KINDS) for each in lengths if each > VIEW_GRACE_S),
        },
    )
