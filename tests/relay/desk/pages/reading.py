"""What tests of the desk's pages do again and again: press, read, find."""

import re
from html import unescape

from tests.relay.desk.conftest import Browser


async def ticket(browser: Browser, subject: str = "Image noire", **more: str) -> str:
    """A new ticket's number."""
    status, made = await browser.post("/api/tickets", {"subject": subject, "customer_name": "Zoé Noël", **more})
    assert status == 201
    return str(made["number"])


async def press(browser: Browser, number: str, event: str, **fields: str) -> tuple[int, str]:
    """Press a button of a ticket's page."""
    return await send(browser, f"/tickets/{number}/events", event=event, **fields)


async def send(browser: Browser, path: str, **fields: str) -> tuple[int, str]:
    """Send a form."""
    status, page = await browser.submit(path, {"csrf": browser.csrf, **fields})
    return status, unescape(page)


async def shown(browser: Browser, path: str) -> str:
    """What a page says."""
    status, page = await browser.get(path)
    assert status == 200, (path, status)
    return unescape(page)


def link(page: str, words: str) -> str:
    """Where the link with these words leads."""
    found = re.search(rf'href="([^"]+)"[^>]*>\s*{re.escape(words)}', page)
    assert found, words
    return found[1]
