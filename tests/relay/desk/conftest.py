"""A real organisation, made by the operator's commands and served by the real two processes on a free port."""

import asyncio
import base64
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pyotp
import pytest

from relay.commands import staff
from relay.desk import people
from relay.settings import read_settings
from relay.storage.database import Database

PASSWORD = "a password of many words"
SECRET = "secret-of-the-keys-in-tests"
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(folder: Path, *, settings: str = "") -> Iterator[Relay]:
    """An organisation made and served in `folder`, with more `settings`; its data lies in `folder/org`."""
    port, totp_secret = free_port(), pyotp.random_base32()
    address = f"http://localhost:{port}"
    made = command(
        folder, "init", "--name", "Télé Test", "--origin", address, "--folder", str(folder / "org"),
        "--port", str(port), "--root-key", str(folder / "root.pem"),
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    fingerprint = next(line.split()[-1] for line in made.stdout.splitlines() if line.startswith("Fingerprint"))
    for person, role in (("camille", "technician"), ("audrey", "auditor")):
        added = command(folder, "user", "add", person, "--role", role, "--totp-secret", totp_secret)
        assert added.returncode == 0, added.stderr
    assert command(folder, "user", "add", "lea", "--role", "adviser").returncode == 0
    assert command(folder, "demo-data").returncode == 0
    asyncio.run(_add_colleagues(folder, totp_secret))
    with (folder / "org" / "mainforte.toml").open("a") as file:
        file.write(settings)
    with serve(folder) as process:
        yield Relay(address, folder, totp_secret, fingerprint, process)


COLLEAGUES = {
    "julie": "adviser", "nina": "hotliner", "hugo": "expert", "sophie": "supervisor", "rita": "router",
    "adam": "administrator",
}  # fmt: skip


async def _add_colleagues(folder: Path, totp_secret: str) -> None:
    """One person of each other role, without a process of its own for each."""
    settings = read_settings(folder / "org" / "mainforte.toml", {})
    password_hash, seal = await people.hash_password(PASSWORD), people.Seal(SECRET)

    async def add(database: Database, tenant: people.Tenant) -> None:
        async with database.transaction() as connection:
            for name, role in COLLEAGUES.items():
                await people.add_person(
                    connection, tenant, name, name.title(), password_hash, [role], totp_secret=totp_secret, seal=seal
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
    # A short path: the name of a Unix socket has room for 107 bytes.
    with tempfile.TemporaryDirectory(prefix="mf") as name, serving(Path(name)) as relay:
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
async def stranger(relay: Relay) -> AsyncIterator[Browser]:
    """Somebody who has not signed in."""
    async with aiohttp.ClientSession() as client:
        yield Browser(client, relay)


_cookies: dict[tuple[str, str], tuple[str, str]] = {}


async def sign_in(relay: Relay, name: str, client: aiohttp.ClientSession) -> Browser:
    """Sign in once a person: a code counts only once."""
    if (relay.address, name) not in _cookies:
        asked = {"name": name, "password": PASSWORD, "code": pyotp.TOTP(relay.totp_secret).now()}
        async with client.post(relay.address + "/api/sign-in", json=asked) as answer:
            assert answer.status == 200, await answer.text()
            person = (await answer.json())["person"]
            _cookies[relay.address, name] = (answer.cookies["mainforte_sign_in"].value, person["csrf"])
    cookie, csrf = _cookies[relay.address, name]
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
