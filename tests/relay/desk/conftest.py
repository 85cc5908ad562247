"""A real organisation, made by the operator's commands and served by the real two processes on a free port."""

import asyncio
import base64
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import aiohttp
import pyotp
import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import async_playwright

from relay.commands import staff
from relay.desk import people
from relay.settings import read_settings
from relay.storage.database import Database
from tests.browsers import SharedBrowser
from tests.organisations import copied, short_folder
from tests.relay.databases import migrated_file

__all__ = ["migrated_file"]

PASSWORD = "a password of many words"
SECRET = "secret-of-the-keys-in-tests"
ROOT_PASSPHRASE = "a passphrase to be carried away"
TECHNICIAN_KEY = base64.b64encode(bytes(range(32))).decode()


@dataclass(frozen=True)
class Relay:
    """A running relay and how to reach it."""

    address: str
    folder: Path
    totp_secret: str
    fingerprint: str
    process: "subprocess.Popen[str]"

    @property
    def desk_socket(self) -> Path:
        """The socket between the two processes."""
        (found,) = self.folder.glob("tmp/mainforte-*/desk")
        return found


def environment(folder: Path) -> dict[str, str]:
    (folder / "tmp").mkdir(exist_ok=True)
    return os.environ | {
        "MAINFORTE_KEY_SECRET": SECRET,
        "MAINFORTE_NEW_PASSWORD": PASSWORD,
        "MAINFORTE_LANGUAGE": "en",
        "TMPDIR": str(folder / "tmp"),
    }


def command(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    config = ["--config", str(folder / "org" / "mainforte.toml")]
    return subprocess.run(
        [sys.executable, "-m", "relay", *config, *arguments],
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


class _Made(NamedTuple):
    address: str
    totp_secret: str
    fingerprint: str


def _make(folder: Path, port: int) -> _Made:
    """An organisation with tickets and somebody of each role, in `folder/org`."""
    address, totp_secret = f"http://localhost:{port}", pyotp.random_base32()
    with mock.patch.dict(os.environ, MAINFORTE_ROOT_PASSPHRASE=ROOT_PASSPHRASE):
        made = command(
            folder, "init", "--name", "Télé Test", "--origin", address, "--folder", str(folder / "org"),
            "--port", str(port), "--root-key", str(folder / "root.pem"),
        )  # fmt: skip
    assert made.returncode == 0, made.stderr
    fingerprint = next(line.split()[-1] for line in made.stdout.splitlines() if line.startswith("Fingerprint"))
    asyncio.run(add_people(folder, totp_secret, PEOPLE))
    assert command(folder, "demo-data").returncode == 0
    return _Made(address, totp_secret, fingerprint)


@contextlib.contextmanager
def serving(folder: Path, *, settings: str = "") -> Iterator[Relay]:
    """An organisation made and served in `folder`, with more `settings`; its data lies in `folder/org`."""
    made = copied("desk", _make, folder)
    with (folder / "org" / "mainforte.toml").open("a") as file:
        file.write(settings)
    with serve(folder) as process:
        yield Relay(made.address, folder, made.totp_secret, made.fingerprint, process)


PEOPLE = {
    "camille": ("camille", "technician"), "audrey": ("audrey", "auditor"), "lea": ("lea", "adviser"), "julie": ("Julie", "adviser"),
    "nina": ("Nina", "hotliner"), "hugo": ("Hugo", "expert"), "sophie": ("Sophie", "supervisor"), "rita": ("Rita", "router"),
    "adam": ("Adam", "administrator"),
}  # fmt: skip
"""Account, full name and role of everybody."""
WITHOUT_SECOND_FACTOR = "lea"


async def add_people(folder: Path, totp_secret: str, added: Mapping[str, tuple[str, str]]) -> None:
    """Add people by account, full name and role, without a process of its own for each."""
    settings = read_settings(folder / "org" / "mainforte.toml", {})
    password_hash, seal = await people.hash_password(PASSWORD), people.Seal(SECRET)

    async def add(database: Database, tenant: people.Tenant) -> None:
        async with database.transaction() as connection:
            for name, (full_name, role) in added.items():
                secret = None if name == WITHOUT_SECOND_FACTOR else totp_secret
                await people.add_person(
                    connection, tenant, name, full_name, password_hash, [role], totp_secret=secret, seal=seal
                )

    await staff.with_database(settings, add)


@contextlib.contextmanager
def serve(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """The two processes of the organisation in `folder/org`, ready."""
    arguments = [sys.executable, "-m", "relay", "--config", str(folder / "org" / "mainforte.toml"), "serve"]
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(arguments, env=environment(folder), stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith("ready"), (folder / "log").read_text()
            yield process
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="module")
def relay() -> Iterator[Relay]:
    with short_folder() as folder, serving(folder) as relay:
        yield relay


@dataclass(frozen=True)
class Browser:
    """A client with cookies, as a page of this server or a program is."""

    client: aiohttp.ClientSession
    relay: Relay
    csrf: str = ""

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        async with self.client.get(self.relay.address + path, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def post(self, path: str, body: Any = None, *, csrf: str | None = None, **headers: str) -> tuple[int, Any]:
        sent = {"X-CSRF-Token": self.csrf if csrf is None else csrf, "Origin": self.relay.address} | headers
        async with self.client.post(self.relay.address + path, json=body, headers=sent) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text.startswith("{") else text

    async def submit(self, path: str, fields: dict[str, str], **headers: str) -> tuple[int, str]:
        sent = {"Origin": self.relay.address} | headers
        async with self.client.post(
            self.relay.address + path, data=fields, headers=sent, allow_redirects=False
        ) as answer:
            return answer.status, await answer.text()

    async def inside(self, path: str, body: Any) -> tuple[int, Any]:
        """What the rooms process asks the desk, over the Unix socket."""
        connector = aiohttp.UnixConnector(str(self.relay.desk_socket))
        async with (
            aiohttp.ClientSession(connector=connector) as client,
            client.post(f"http://desk{path}", json=body) as answer,
        ):
            text = await answer.text()
            return answer.status, json.loads(text) if text.startswith("{") else text


@pytest.fixture
async def chromium(_shared_browser: SharedBrowser) -> AsyncIterator[Chromium]:
    """The browser that others have as well, driven in the test's own loop: there its people's connections are."""
    async with async_playwright() as playwright:
        browser = await _shared_browser.connected(playwright)
        yield browser
        await browser.close()


@pytest.fixture
async def stranger(relay: Relay) -> AsyncIterator[Browser]:
    """Somebody who has not signed in."""
    async with aiohttp.ClientSession() as client:
        yield Browser(client, relay)


_cookies: dict[tuple[Path, str], tuple[str, str]] = {}


async def sign_in(relay: Relay, name: str, client: aiohttp.ClientSession) -> Browser:
    """Sign in once a person: a code counts only once."""
    if (relay.folder, name) not in _cookies:
        asked = {"name": name, "password": PASSWORD, "code": pyotp.TOTP(relay.totp_secret).now()}
        async with client.post(relay.address + "/api/sign-in", json=asked) as answer:
            assert answer.status == 200, await answer.text()
            person = (await answer.json())["person"]
            _cookies[relay.folder, name] = (answer.cookies["mainforte_sign_in"].value, person["csrf"])
    cookie, csrf = _cookies[relay.folder, name]
    client.headers["Cookie"] = f"mainforte_sign_in={cookie}"
    return Browser(client, relay, csrf)


@pytest.fixture
async def technician(relay: Relay) -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
        yield await sign_in(relay, "camille", client)


async def _signed_in(relay: Relay, name: str) -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
        yield await sign_in(relay, name, client)


@pytest.fixture
async def adviser(relay: Relay) -> AsyncIterator[Browser]:
    async for browser in _signed_in(relay, "julie"):
        yield browser


@pytest.fixture
async def hotliner(relay: Relay) -> AsyncIterator[Browser]:
    async for browser in _signed_in(relay, "nina"):
        yield browser


@pytest.fixture
async def expert(relay: Relay) -> AsyncIterator[Browser]:
    async for browser in _signed_in(relay, "hugo"):
        yield browser


@pytest.fixture
async def supervisor(relay: Relay) -> AsyncIterator[Browser]:
    async for browser in _signed_in(relay, "sophie"):
        yield browser


@pytest.fixture
async def router(relay: Relay) -> AsyncIterator[Browser]:
    async for browser in _signed_in(relay, "rita"):
        yield browser


@pytest.fixture
async def administrator(relay: Relay) -> AsyncIterator[Browser]:
    async for browser in _signed_in(relay, "adam"):
        yield browser


@pytest.fixture
async def auditor(relay: Relay) -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
        yield await sign_in(relay, "audrey", client)
