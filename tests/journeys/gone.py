"""What must be true after an end, or the connection, is suddenly gone, whether the session ends there or may come back."""

import asyncio
import re

from tests.client_agent.desktop import what_is_down
from tests.journeys.stage import TOLD_WITHIN_S, CheckedLog, Stage
from tests.waiting import wait_until

PAGE_SAYS = re.compile(r"connection .*(is gone|was lost|is lost|interrupted)|not live", re.IGNORECASE)
WINDOWS_SAY = ("Connection lost", "The connection was lost", "The connection is interrupted")


async def technician_is_told(stage: Stage) -> None:
    """The page says within five seconds that there is nobody at the other end, or no connection."""
    await stage.technician_reads(PAGE_SAYS, deadline_s=TOLD_WITHIN_S)


async def customer_is_told(stage: Stage) -> None:
    """The agent says within five seconds that there is nobody at the other end, or no connection; nothing can be answered now."""
    await stage.customer_reads(*WINDOWS_SAY, deadline_s=TOLD_WITHIN_S)
    assert not stage.customer.sees("Let them see my screen")


async def nothing_is_down(stage: Stage) -> None:
    """No key and no button is down on the customer's display."""
    await asyncio.to_thread(
        wait_until, lambda: what_is_down(stage.display) == ([], 0), "all keys up", deadline_s=TOLD_WITHIN_S
    )


async def log_is_kept(stage: Stage, *events: str) -> CheckedLog:
    """These events, in this order, are on the ticket, and nothing of the log was altered."""
    return await stage.log_has(*events)
