"""Mainforte itself: relay with TLS, agent, and the page from the relay."""

import asyncio
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass

from playwright.async_api import Page

from benchmarks import report
from benchmarks.peers.peer import Connected, Peer, Place
from benchmarks.ports import free_port
from demo.customer import Customer
from demo.organisation import Organisation, Relay, made_organisation
from demo.technician import Technician

LANGUAGE = "en"


@dataclass
class Asked:
    """A session that waits for the customer's answer."""

    technician: Technician
    customer: Customer
    connected: Connected


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
        asked = await self.ask(stack, place)
        await asyncio.to_thread(asked.customer.allow_control)
        await asked.technician.wait_for_access("control")
        await asked.technician.wait_for_picture()
        await place.page.locator("#exact").click()
        await place.page.locator("#keyboard").focus()
        await asked.technician.keyboard_is_remote()
        return asked.connected

    async def ask(self, stack: AsyncExitStack, place: Place) -> Asked:
        """All of it up to the question, which the customer may answer."""
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
        return Asked(technician, customer, Connected({"agent": [agent], "relay": [relay_pid]}, port))

    async def focus(self, page: Page) -> None:
        """The page has it, from the moment on at which control is allowed."""
