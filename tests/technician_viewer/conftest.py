"""A real organisation, a signed-in desk, and a customer's desktop, for tests of the technician's programs."""

import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from demo.customer import Customer
from demo.organisation import PASSWORD, TECHNICIAN, Organisation
from technician_viewer.desk import Desk
from technician_viewer.local_page import LocalPage
from technician_viewer.settings import Settings
from tests.organisations import running_organisation
from tests.technician_viewer.local_pages import ROOT, Local, Server, serving
from tests.virtual_display import VirtualDisplay

LANGUAGE = "en"
COLOUR = (0x2B, 0x5D, 0x8A)
"""Of the customer's desktop, where no window is."""


@pytest.fixture(scope="module")
def organisation() -> Iterator[Organisation]:
    with running_organisation() as running:
        yield running


_cookies: dict[Path, aiohttp.CookieJar] = {}


@pytest.fixture
async def desk(organisation: Organisation) -> AsyncIterator[Desk]:
    """A technician's desk; signed in once an organisation, since a code counts only once."""
    jar = aiohttp.CookieJar()
    is_known = organisation.folder in _cookies
    if is_known:
        jar.update_cookies({c.key: c.value for c in _cookies[organisation.folder]})
    async with aiohttp.ClientSession(cookie_jar=jar) as client:
        desk = Desk(client, organisation.address, root_fingerprint=organisation.root_fingerprint)
        if is_known:
            await desk.me()
        else:
            await desk.sign_in(TECHNICIAN, PASSWORD, organisation.code())
            _cookies[organisation.folder] = jar
        yield desk


@dataclass(frozen=True)
class Desktop:
    """A customer's display with one colour on it."""

    display: VirtualDisplay
    folder: Path

    def start_agent(self, package: Path, code: str) -> "subprocess.Popen[str]":
        """Start the real agent as a customer would who was given its package and a code."""
        command = (sys.executable, "-m", "client_agent", "--organisation", str(package), "--language", LANGUAGE, code)
        with (self.folder / "agent.log").open("w") as log:
            return self.display.start(*command, output=log)


@pytest.fixture
def desktop(xvfb: Callable[..., VirtualDisplay], tmp_path: Path) -> Desktop:
    display = xvfb(1280, 800)
    display.run("xsetroot", "-solid", "#{:02x}{:02x}{:02x}".format(*COLOUR))
    return Desktop(display, tmp_path)


@pytest.fixture
def customer(desktop: Desktop, tmp_path: Path) -> Customer:
    return Customer(desktop.display, tmp_path, LANGUAGE)


@dataclass(frozen=True)
class Certificate:
    """A certificate for 127.0.0.1 that no authority has signed, and what a server needs to show it."""

    file: Path
    server: ssl.SSLContext


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    file, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *subject]
    subprocess.run([*command, "-keyout", str(key), "-out", str(file)], check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file, key)
    return Certificate(file, server)


@pytest.fixture
async def local() -> AsyncIterator[Local]:
    server = Server()
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        serving(server.handle) as relay,
        LocalPage(Settings(relay, ROOT)) as page,
        aiohttp.ClientSession(cookie_jar=jar) as client,
    ):
        yield Local(server, relay, page.address, client)
