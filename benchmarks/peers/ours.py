"""Mainforte itself: relay with TLS, agent, and the page from the relay."""

import asyncio
import sys
import time
from contextlib import AsyncExitStack

from playwright.async_api import Page

from benchmarks import report
from benchmarks.exactness import first_exact_ns
from benchmarks.peers.peer import Connected, Peer, Place
from benchmarks.ports import free_port
from demo.customer import Customer
from demo.organisation import Organisation, Relay, made_organisation
from demo.technician import Technician

LANGUAGE = "en"
_ALLOW = "Let them see and control"


class Ours(Peer):
    """The whole of it, as an organisation runs it."""

    name = "mainforte"
    is_ours = True

    def __init__(self, organisation: Organisation | None = None, relay: int = 0) -> None:
        """With an organisation that is served already, by that process, the session is one of its; over plain HTTP then."""
        self._served, self._relay = organisation, relay

    def version(self) -> str:
        return report.commit()

    async def connect(self, stack: AsyncExitStack, place: Place) -> Connected:
        if self._served:
            organisation, relay_pid = self._served, self._relay
            port = int(organisation.address.rpartition(":")[2])
        else:
            port = free_port()
            tls = (place.tls.certificate, place.tls.key)
            organisation = await asyncio.to_thread(made_organisation, place.folder, port, tls=tls)
            relay = Relay(organisation, place.folder / "relay.log")
            stack.callback(relay.stop)
            relay_pid = (await asyncio.to_thread(relay.start)).pid
        technician = Technician(place.page, organisation, place.folder, LANGUAGE)
        await technician.sign_in()
        await technician.open_ticket()
        if place.path:
            place.path.reach(port)
        agent = place.start(
            sys.executable, "-m", "client_agent", "--organisation", str(organisation.package),
            "--language", LANGUAGE, await technician.get_code(),
            environment={"SSL_CERT_FILE": str(place.tls.certificate)}, log="agent",
        )  # fmt: skip
        customer = Customer(place.display, place.folder, LANGUAGE)
        await asyncio.to_thread(customer.find_question)
        # The button reacts a second after the question can be seen: one click is enough then.
        await asyncio.sleep(1.5)
        clicking_ns = time.monotonic_ns()
        clicked = asyncio.create_task(asyncio.to_thread(customer.allow_control))
        exact_ns = await first_exact_ns(place.page, place.display)
        await clicked
        await technician.wait_for_access("control")
        await technician.wait_for_picture()
        await place.page.locator("#exact").click()
        await place.page.locator("#keyboard").focus()
        await technician.keyboard_is_remote()
        return Connected({"agent": [agent], "relay": [relay_pid]}, port, (exact_ns - clicking_ns) / 1e6)

    async def focus(self, page: Page) -> None:
        """The page has it, from the moment on at which control is allowed."""
