"""The page from the technician's own machine: the real program, the real relay, a real browser, and servers that lie."""

import asyncio
import json
import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from msgspec import structs
from playwright.async_api import Browser, Page, expect
from yarl import URL

from demo.customer import Customer
from demo.organisation import PASSWORD, TECHNICIAN, TICKET, Organisation
from protocol.envelope import SUBPROTOCOL
from protocol.identity import fingerprint_text, issue_document, public_bytes, root_fingerprint
from protocol.limits import ENVELOPE_BYTES_MAX
from technician_viewer import relay_proxy
from technician_viewer.local_page import AUDITORS_PAGE, LocalPage
from technician_viewer.settings import Settings, WrongSetting, default_config, read_settings
from technician_viewer.visitors import VISITORS_MAX
from tests.protocol.pairs import ROOT as ORGANISATIONS_ROOT
from tests.protocol.pairs import papers
from tests.technician_viewer.conftest import COLOUR, LANGUAGE, Certificate, Desktop
from tests.waiting import eventually

ROOT = "A" * 43
PLACE = (1270, 790)
COOKIE = re.compile(r"\Amainforte_viewer_[0-9a-f]{8}\Z")


# --- the program, as a technician starts it ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def viewer(organisation: Organisation) -> Iterator[str]:
    """The address that `mainforte-viewer` printed."""
    command = [sys.executable, "-m", "technician_viewer", "--no-browser"]
    given = ["--relay", organisation.address, "--root", organisation.root_fingerprint]
    environment = os.environ | {"MAINFORTE_LANGUAGE": "en"}
    with subprocess.Popen([*command, *given], env=environment, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        said = re.fullmatch(r"Open (http://127\.0\.0\.1:\d+)/ in your browser\. .*\n", program.stdout.readline())
        assert said
        yield said[1]
        program.send_signal(signal.SIGINT)
        assert program.wait(10) == 0


@pytest_asyncio.fixture(loop_scope="module")
async def page(chromium: Browser) -> Page:
    context = await chromium.new_context(locale=LANGUAGE, viewport={"width": 1280, "height": 860})
    return await context.new_page()


async def test_a_technician_signs_in_and_sees_the_customers_screen_with_nothing_of_the_page_from_the_server(
    viewer: str, page: Page, organisation: Organisation, desktop: Desktop, customer: Customer
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(viewer)
    await page.locator("#name").fill(TECHNICIAN)
    await page.locator("#password").fill("not the password")
    await page.locator("#code6").fill("000000")
    await page.locator("#sign-in-now").click()
    await expect(page.locator("#status")).to_contain_text("not right")
    await page.locator("#password").fill(PASSWORD)
    await page.locator("#code6").fill(organisation.code())
    await page.locator("#sign-in-now").click()

    ticket = page.locator("#ticket-list a", has_text=TICKET)
    await ticket.click()
    await page.locator("#reason").fill("To look together.")
    await page.locator("#asks-control").check()
    await page.locator("#start").click()
    await page.wait_for_selector("body[data-state=waiting]")
    link = re.escape(f"{organisation.address}/#code=") + ".+" + re.escape(f"&root={organisation.root_fingerprint}")
    await expect(page.locator("#link")).to_have_value(re.compile(f"^{link}$"))

    desktop.start_agent(organisation.package, await page.locator("#code").inner_text())
    await asyncio.to_thread(customer.press, "Let them see and control")
    await page.wait_for_selector("body[data-access=control]", timeout=30_000)
    await page.wait_for_selector("body[data-picture=live]", timeout=30_000)
    script = "([x, y]) => [...document.getElementById('screen').getContext('2d').getImageData(x, y, 1, 1).data]"

    async def is_seen() -> bool:
        return tuple((await page.evaluate(script, list(PLACE)))[:3]) == COLOUR

    await eventually(is_seen, "the desktop's colour on the canvas")
    assert {url.split("/")[2] for url in asked if not url.startswith(("data:", "blob:"))} == {viewer.split("/")[2]}
    (cookie,) = await page.context.cookies()
    assert COOKIE.match(cookie["name"])
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    await asyncio.to_thread(customer.press, "Stop")
    await page.wait_for_selector("body[data-state=ended]")


async def test_somebody_without_a_second_factor_is_told_where_to_set_it_up(
    viewer: str, page: Page, organisation: Organisation
) -> None:
    organisation.command("user", "add", "noor", "--role", "technician")
    await page.goto(viewer)
    await page.locator("#name").fill("noor")
    await page.locator("#password").fill(PASSWORD)
    await page.locator("#sign-in-now").click()
    await expect(page.locator("#status")).to_contain_text(f"Sign in once at {organisation.address}")


async def test_a_server_that_goes_away_before_the_sign_in_is_not_called_a_wrong_password(page: Page) -> None:
    nobody = always(lambda: web.json_response({"error": "not_signed_in"}, status=401))
    async with AsyncExitStack() as server:
        relay = await server.enter_async_context(serving(nobody))
        async with LocalPage(Settings(relay, ROOT)) as local:
            await page.goto(local.address)
            await page.locator("#name").fill("camille")
            await page.locator("#password").fill(PASSWORD)
            await server.aclose()
            await page.locator("#sign-in-now").click()
            await expect(page.locator("#status")).to_contain_text("does not answer")


async def test_a_server_that_shows_another_root_than_ours_is_not_believed(
    page: Page, organisation: Organisation, viewer: str
) -> None:
    me = {"name": "x", "full_name": "X", "language": "en", "csrf": "x", "root_fingerprint": ROOT}
    async with (
        serving(always(lambda: web.json_response(me))) as address,
        LocalPage(Settings(address, organisation.root_fingerprint)) as local,
    ):
        await page.goto(local.address)
        await expect(page.locator("main")).to_contain_text("another organisation's key")
        assert await page.locator("#ticket-list a").count() == 0


async def test_while_the_server_is_away_the_page_says_what_to_do(page: Page) -> None:
    async with LocalPage(Settings("http://127.0.0.1:9", ROOT)) as local:
        await page.goto(local.address)
        await expect(page.locator("main")).to_contain_text("does not answer")
        await expect(page.locator("main")).to_contain_text("reload this page")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--root", ROOT], "relay: missing"),
        (["--relay", "https://help.example.org"], "root: missing"),
        (["--relay", "http://help.example.org", "--root", ROOT], "relay: expected an address"),
        (["audit", "--relay", "http://help.example.org", "--root", f"-{ROOT[1:]}"], "relay: expected an address"),
        (["--relay", "https://help.example.org", "--root", "short"], "root: expected the fingerprint"),
        (["--relay", "https://help.example.org", "--root", ROOT, "--port", "80"], "port: expected 0"),
        (["--config", "/nowhere/viewer.toml"], "/nowhere/viewer.toml: no such file"),
    ],
)
def test_a_wrong_start_is_refused_with_the_key_and_what_was_expected(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "technician_viewer", "--no-browser", *arguments],
        env=os.environ | {"XDG_CONFIG_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert f"mainforte-viewer: {said}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_said(viewer: str) -> None:
    port = viewer.rpartition(":")[2]
    command = [sys.executable, "-m", "technician_viewer", "--no-browser", "--relay", "http://localhost:9"]
    done = subprocess.run(
        [*command, "--root", ROOT, "--port", port],
        env=os.environ | {"MAINFORTE_LANGUAGE": "en"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert "Choose another port" in done.stderr


def test_what_only_a_session_needs_is_not_loaded_before_the_page_is_served() -> None:
    script = "import sys, technician_viewer.__main__; print([name for name in ('numpy', 'av', 'PIL') if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"


# --- settings ------------------------------------------------------------------------------------------------------------


def test_file_environment_and_command_line_are_read_each_over_the_one_before(tmp_path: Path) -> None:
    config = tmp_path / "viewer.toml"
    config.write_text(f'relay = "https://one.example"\nroot = "{ROOT}"\nport = 2000\nopen_browser = false\n')
    assert read_settings(config, {}) == Settings("https://one.example", ROOT, 2000, open_browser=False)
    environment = {"MAINFORTE_VIEWER_RELAY": "https://two.example", "MAINFORTE_VIEWER_PORT": "3000"}
    read = read_settings(config, environment | {"MAINFORTE_VIEWER_OPEN_BROWSER": "true"}, {"port": 0})
    assert read == Settings("https://two.example", ROOT, 0, open_browser=True)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("colour = 1", "colour: unknown; known are"),
        ('relay = "https://help.example.org/"', "relay: expected"),
        ("relay = 1", "relay: expected"),
        ('relay = "ws://localhost"', "relay: expected"),
        ('root = "é"', "root: expected"),
        ("port = true", "port: expected"),
        ("port = 70000", "port: expected"),
        ('open_browser = "yes"', "open_browser: expected true or false"),
        ('certificate_authorities = "none.pem"', "certificate_authorities: expected a file"),
        ("relay = ", "expected a TOML file"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_name(tmp_path: Path, line: str, said: str) -> None:
    config = tmp_path / "viewer.toml"
    config.write_text(line + "\n")
    with pytest.raises(WrongSetting, match=re.escape(said)):
        read_settings(config, {}, {"root": ROOT} if "relay" in line else {"relay": "https://a.example"} | rooted(line))


def rooted(line: str) -> dict[str, str]:
    return {} if line.startswith("root") else {"root": ROOT}


def test_a_wrong_variable_is_refused_like_a_wrong_line(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="port: expected"):
        read_settings(
            tmp_path / "none.toml",
            {
                "MAINFORTE_VIEWER_PORT": "x",
                "MAINFORTE_VIEWER_RELAY": "https://a.example",
                "MAINFORTE_VIEWER_ROOT": ROOT,
            },
        )


def test_the_file_lies_in_the_persons_own_configuration(tmp_path: Path) -> None:
    assert default_config({"XDG_CONFIG_HOME": "/x"}) == Path("/x/mainforte/viewer.toml")
    assert default_config({"APPDATA": "/a"}) == Path("/a/mainforte/viewer.toml")
    assert default_config({}) == Path.home() / ".config/mainforte/viewer.toml"


# --- who may ask ---------------------------------------------------------------------------------------------------------


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handle: Handler, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that answers everything with `handle`; gives its address."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def always(answer: Callable[[], web.StreamResponse]) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return answer()

    return handle


class Server:
    """A server that writes down what reaches it, sets cookies, and sends headers that a browser would act on."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.headers: list[Mapping[str, str]] = []
        self.body = b""
        self.cookies: list[str] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.raw_path))
        self.headers.append(request.headers)
        self.body = await request.read()
        response = web.json_response(
            {}, headers={"Access-Control-Allow-Origin": "*", "Link": "</evil.js>; rel=preload"}
        )
        response.headers["Content-Security-Policy"] = "script-src *"
        for cookie in self.cookies:
            response.headers.add("Set-Cookie", cookie)
        return response


@dataclass(frozen=True)
class Local:
    """A local page before such a server, and a browser without a window."""

    server: Server
    relay: str
    address: str
    client: aiohttp.ClientSession

    @property
    def port(self) -> str:
        return self.address.rpartition(":")[2]

    async def ask(self, method: str, path: str, **headers: str) -> tuple[int, aiohttp.ClientResponse]:
        url = URL(self.address + path, encoded=True)
        async with self.client.request(method, url, headers=headers, allow_redirects=False) as answer:
            await answer.read()
            return answer.status, answer


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


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "0.0.0.0:{port}", ""]
)
@pytest.mark.parametrize("path", ["/", "/local.json", "/api/me", "/room"])
async def test_a_foreign_host_gets_nothing_so_that_a_rebound_name_is_of_no_use(
    local: Local, host: str, path: str
) -> None:
    status, answer = await local.ask("GET", path, Host=host.format(port=local.port))
    assert status in (400, 421)
    assert local.server.requests == []
    assert "text/html" not in answer.headers.get("Content-Type", "")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
async def test_our_own_host_gets_the_page(local: Local, name: str) -> None:
    status, _ = await local.ask("GET", "/", Host=f"{name}:{local.port}")
    assert status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://localhost:{port}"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_foreign_origin_changes_nothing_and_gets_no_socket(local: Local, headers: dict[str, str]) -> None:
    written = {name: value.format(port=local.port) for name, value in headers.items()}
    assert (await local.ask("POST", "/api/sign-in", **written))[0] == 403
    assert (await local.ask("GET", "/room", **written))[0] == 403
    assert local.server.requests == []


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
async def test_another_page_on_this_machine_reads_nothing(local: Local, site: str) -> None:
    assert (await local.ask("GET", "/api/me", **{"Sec-Fetch-Site": site}))[0] == 403
    assert local.server.requests == []


@pytest.mark.parametrize(
    "path",
    [
        "/api/../internal/claim",
        "/api/%2e%2e/internal/claim",
        "/api/..%2finternal",
        "/api//me",
        "/api/",
        "/api/me%00",
        "/api/me/a/b/c/d/e/f",
        "/api/" + "a" * 65,
        "/api/me?" + "a" * 3000,
        "/internal/claim",
        "/sign-in",
        "/static/pages.css",
    ],
)
async def test_nothing_but_the_api_is_asked_of_the_server(local: Local, path: str) -> None:
    assert (await local.ask("GET", path))[0] == 404
    assert local.server.requests == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_methods_that_the_page_does_not_use_are_refused(local: Local, method: str) -> None:
    assert (await local.ask(method, "/api/me", Origin=local.address))[0] == 405
    assert local.server.requests == []


async def test_what_reaches_the_server_looks_as_if_its_own_page_had_asked(local: Local) -> None:
    sent = {"Origin": local.address, "X-CSRF-Token": "token", "Accept-Language": "fr", "X-Secret": "x", "Referer": "x"}
    url = f"{local.address}/api/tickets/2041/sessions?a=b%20c"
    async with local.client.post(url, headers=sent, json={"reason": "é"}) as answer:
        assert answer.status == 200
    assert local.server.requests == [("POST", "/api/tickets/2041/sessions?a=b%20c")]
    (headers,) = local.server.headers
    assert headers["Origin"] == local.relay
    assert headers["Host"] == local.relay.removeprefix("http://")
    assert (headers["X-CSRF-Token"], headers["Accept-Language"]) == ("token", "fr")
    assert headers["Content-Type"] == "application/json"
    assert not {"X-Secret", "Referer", "Cookie"} & set(headers)
    assert json.loads(local.server.body) == {"reason": "é"}


async def test_a_body_that_is_too_large_stays_here(local: Local) -> None:
    body = b"x" * (relay_proxy.BODY_BYTES_MAX + 1)
    async with local.client.post(f"{local.address}/api/me", headers={"Origin": local.address}, data=body) as answer:
        assert answer.status == 413
    assert local.server.requests == []


# --- what comes back -----------------------------------------------------------------------------------------------------


async def test_no_header_of_the_server_reaches_the_browser(local: Local) -> None:
    local.server.cookies = ["mainforte_sign_in=secret; HttpOnly; SameSite=Strict; Path=/"]
    _, answer = await local.ask("GET", "/api/me")
    assert not {"Access-Control-Allow-Origin", "Link", "Server"} & set(answer.headers)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "secret" not in str(answer.headers)


@pytest.mark.parametrize("path", ["/", "/app.js", "/local.json", "/nothing", "/api/me", "/api/../x"])
async def test_every_answer_carries_the_rules_for_browsers(local: Local, path: str) -> None:
    _, answer = await local.ask("GET", path)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_the_rules_for_browsers_are_those_of_the_servers_own_page(
    local: Local, organisation: Organisation
) -> None:
    _, ours = await local.ask("GET", "/")
    async with local.client.get(f"{organisation.address}/assist/") as theirs:
        assert ours.headers["Content-Security-Policy"] == theirs.headers["Content-Security-Policy"]


ANSWERS: dict[str, Callable[[], web.StreamResponse]] = {
    "html": lambda: web.Response(text="<script>alert(1)</script>", content_type="text/html"),
    "a script": lambda: web.Response(text="alert(1)", content_type="text/javascript"),
    "html called json": lambda: web.Response(text="<html>", content_type="application/json"),
    "html with an error": lambda: web.Response(status=503, text="<html>", content_type="text/html"),
    "too much": lambda: web.Response(body=b" " * (relay_proxy.ANSWER_BYTES_MAX + 1), content_type="application/json"),
    "a redirect": lambda: web.Response(status=302, headers={"Location": "/api/other"}, content_type="application/json"),
    "deep json": lambda: web.Response(text="[" * 100_000, content_type="application/json"),
    "compressed": lambda: web.Response(body=b"{}", content_type="application/json", headers={"Content-Encoding": "br"}),
    "not modified": lambda: web.Response(status=304),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_an_answer_that_is_not_the_apis_never_reaches_the_browser(
    answer: Callable[[], web.StreamResponse],
) -> None:
    async with (
        serving(always(answer)) as relay,
        LocalPage(Settings(relay, ROOT)) as page,
        aiohttp.ClientSession() as client,
        client.get(f"{page.address}/api/me", allow_redirects=False) as answered,
    ):
        assert answered.status == 502
        assert answered.content_type == "application/json"
        assert await answered.json() in ({"error": "not_understood"}, {"error": "not_reachable"})


SEGMENT = f"/api/evidence/sessions/{'0' * 32}/segments/7"


async def test_a_sealed_piece_of_a_recording_passes_as_bytes_that_no_browser_runs() -> None:
    data = bytes(range(256)) * 2000
    async with (
        serving(always(lambda: web.Response(body=data, content_type="application/octet-stream"))) as relay,
        LocalPage(Settings(relay, ROOT), AUDITORS_PAGE) as page,
        aiohttp.ClientSession() as client,
        client.get(page.address + SEGMENT) as answered,
    ):
        assert await answered.read() == data
        assert answered.content_type == "application/octet-stream"
        assert answered.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", [SEGMENT, "/api/me", "/api/evidence/sessions/x/segments/7", "/api/evidence/log"])
@pytest.mark.parametrize("content_type", ["application/octet-stream", "text/html", "text/javascript", "image/svg+xml"])
async def test_bytes_pass_only_where_evidence_is_and_never_as_a_page(path: str, content_type: str) -> None:
    async with (
        serving(always(lambda: web.Response(body=b"<svg/onload=alert(1)>", content_type=content_type))) as relay,
        LocalPage(Settings(relay, ROOT), AUDITORS_PAGE) as page,
        aiohttp.ClientSession() as client,
        client.get(page.address + path) as answered,
    ):
        passes = path == SEGMENT and content_type == "application/octet-stream"
        assert answered.status == (200 if passes else 502)


async def test_refusals_of_the_api_pass_with_how_long_to_wait() -> None:
    def refusal() -> web.StreamResponse:
        return web.json_response({"error": "too_many_attempts"}, status=429, headers={"Retry-After": "60"})

    async with (
        serving(always(refusal)) as relay,
        LocalPage(Settings(relay, ROOT)) as page,
        aiohttp.ClientSession() as client,
        client.get(f"{page.address}/api/me") as answered,
    ):
        assert (answered.status, answered.headers["Retry-After"]) == (429, "60")
        assert await answered.json() == {"error": "too_many_attempts"}


async def test_a_server_whose_certificate_does_not_verify_is_not_believed(certificate: Certificate) -> None:
    server = Server()
    async with serving(server.handle, tls=certificate.server) as relay, aiohttp.ClientSession() as client:
        async with LocalPage(Settings(relay, ROOT)) as page, client.get(f"{page.address}/api/me") as answer:
            assert answer.status == 502
        assert server.requests == []
        trusting = Settings(relay, ROOT, certificate_authorities=certificate.file)
        async with LocalPage(trusting) as page, client.get(f"{page.address}/api/me") as answer:
            assert answer.status == 200
    assert server.requests == [("GET", "/api/me")]


# --- cookies -------------------------------------------------------------------------------------------------------------

SIGN_IN = "mainforte_sign_in=secret-{}; HttpOnly; SameSite=Strict; Path=/; Max-Age=3600"


def sent(local: Local) -> str:
    return local.server.headers[-1].get("Cookie", "")


async def test_the_servers_cookie_stays_here_and_the_browser_gets_a_name_for_it(local: Local) -> None:
    local.server.cookies = [SIGN_IN.format(1)]
    _, answer = await local.ask("GET", "/api/me")
    (morsel,) = answer.cookies.values()
    assert COOKIE.match(morsel.key)
    assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Strict", "/")
    assert "secret" not in morsel.value
    local.server.cookies = []
    await local.ask("GET", "/api/tickets")
    assert sent(local) == "mainforte_sign_in=secret-1"


async def test_each_sign_in_gets_a_new_name_and_the_old_one_opens_nothing(local: Local) -> None:
    local.server.cookies = [SIGN_IN.format(1)]
    _, first = await local.ask("GET", "/api/me")
    (old,) = first.cookies.values()
    local.server.cookies = [SIGN_IN.format(2)]
    _, second = await local.ask("GET", "/api/me")
    (new,) = second.cookies.values()
    assert new.value != old.value
    local.client.cookie_jar.clear()
    local.server.cookies = []
    await local.ask("GET", "/api/me", Cookie=f"{old.key}={old.value}")
    assert sent(local) == ""
    await local.ask("GET", "/api/me", Cookie=f"{new.key}={new.value}")
    assert sent(local) == "mainforte_sign_in=secret-2"


async def test_signing_out_leaves_nothing_behind(local: Local) -> None:
    local.server.cookies = [SIGN_IN.format(1)]
    await local.ask("GET", "/api/me")
    local.server.cookies = ["mainforte_sign_in=; Max-Age=0; Path=/"]
    await local.ask("GET", "/api/me")
    assert len(list(local.client.cookie_jar)) == 0


async def test_a_cookie_that_nobody_was_given_opens_nothing(local: Local) -> None:
    await local.ask("GET", "/api/me", Cookie="mainforte_sign_in=forged; mainforte_viewer_00000000=forged")
    assert sent(local) == ""


async def test_the_oldest_sign_ins_are_forgotten_where_there_are_too_many(local: Local) -> None:
    names = []
    for number in range(VISITORS_MAX + 1):
        local.client.cookie_jar.clear()
        local.server.cookies = [SIGN_IN.format(number)]
        _, answer = await local.ask("GET", "/api/me")
        (morsel,) = answer.cookies.values()
        names.append(f"{morsel.key}={morsel.value}")
    local.client.cookie_jar.clear()
    local.server.cookies = []
    await local.ask("GET", "/api/me", Cookie=names[0])
    assert sent(local) == ""
    await local.ask("GET", "/api/me", Cookie=names[1])
    assert sent(local) == "mainforte_sign_in=secret-1"


# --- the socket ----------------------------------------------------------------------------------------------------------


class Room:
    """A server's socket, in the test's hands."""

    def __init__(self) -> None:
        self.socket: web.WebSocketResponse | None = None
        self.origin = ""
        self.cookie = ""
        self.is_over = asyncio.Event()
        self.heard: list[bytes] = []
        self.may_read = asyncio.Event()
        self.may_read.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.origin, self.cookie = request.headers.get("Origin", ""), request.headers.get("Cookie", "")
        socket = web.WebSocketResponse(protocols=(SUBPROTOCOL,), compress=False, max_msg_size=ENVELOPE_BYTES_MAX + 1)
        await socket.prepare(request)
        self.socket = socket
        await self.may_read.wait()
        async for message in socket:
            self.heard.append(message.data)
            await self.may_read.wait()
        self.is_over.set()
        return socket


@dataclass(frozen=True)
class Joined:
    """A browser's socket through the local page, and the server's."""

    near: aiohttp.ClientWebSocketResponse
    room: Room

    @property
    def far(self) -> web.WebSocketResponse:
        assert self.room.socket
        return self.room.socket


@pytest.fixture
async def joined() -> AsyncIterator[Joined]:
    room = Room()
    async with (
        serving(room.handle) as relay,
        LocalPage(Settings(relay, ROOT)) as page,
        aiohttp.ClientSession() as client,
        client.ws_connect(
            f"{page.address}/room", protocols=(SUBPROTOCOL,), origin=page.address, max_msg_size=0, compress=0
        ) as near,
    ):
        await eventually(lambda: room.socket is not None, "the server's socket")
        yield Joined(near, room)
        room.may_read.set()
        assert (room.origin, room.cookie) == (relay, "")


async def test_messages_pass_both_ways_unaltered_up_to_the_largest_there_is(joined: Joined) -> None:
    largest = os.urandom(ENVELOPE_BYTES_MAX)
    for data in (b"", b"\x01", largest):
        await joined.far.send_bytes(data)
        assert await joined.near.receive_bytes() == data
        await joined.near.send_bytes(data)
    await eventually(lambda: joined.room.heard == [b"", b"\x01", largest], "three messages at the server")


async def test_what_is_too_large_or_no_record_ends_the_connection(joined: Joined) -> None:
    await joined.near.send_bytes(bytes(ENVELOPE_BYTES_MAX + 1))
    await asyncio.wait_for(joined.room.is_over.wait(), 10)


async def test_a_text_message_of_the_page_ends_the_connection(joined: Joined) -> None:
    await joined.near.send_str("text")
    await asyncio.wait_for(joined.room.is_over.wait(), 10)
    assert joined.room.heard == []


async def test_a_text_message_of_the_server_never_reaches_the_page(joined: Joined) -> None:
    await joined.far.send_str("<script>")
    assert (await joined.near.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


async def test_an_end_that_hangs_up_is_passed_on(joined: Joined) -> None:
    await joined.near.close()
    await asyncio.wait_for(joined.room.is_over.wait(), 10)


async def test_a_server_that_hangs_up_after_its_last_word_is_passed_on_after_it(joined: Joined) -> None:
    await joined.far.send_bytes(b"last word")
    await joined.far.close()
    assert await joined.near.receive_bytes() == b"last word"
    assert (await joined.near.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


async def test_a_side_that_does_not_read_slows_the_other_down_and_nothing_piles_up(joined: Joined) -> None:
    joined.room.may_read.clear()
    await joined.near.send_bytes(b"first")
    sent_messages = 0
    data = bytes(64 * 1024)
    while True:
        try:
            async with asyncio.timeout(1):
                await joined.near.send_bytes(data)
        except TimeoutError:
            break
        sent_messages += 1
        assert sent_messages < 1000, "64 MB went somewhere although nobody reads"
    joined.room.may_read.set()
    await eventually(lambda: len(joined.room.heard) > sent_messages, "all that was sent at the server")


async def test_a_server_that_has_no_socket_or_sends_us_elsewhere_gets_none() -> None:
    async def elsewhere(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("http://127.0.0.1:9/room")

    for handle in (elsewhere, always(ANSWERS["html"])):
        async with (
            serving(handle) as relay,
            LocalPage(Settings(relay, ROOT)) as page,
            aiohttp.ClientSession() as client,
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await client.ws_connect(f"{page.address}/room", protocols=(SUBPROTOCOL,), origin=page.address)
            assert refused.value.status == 502


async def test_the_page_goes_to_those_other_nodes_alone_that_the_organisations_document_names() -> None:
    near_room, far_room = Room(), Room()
    async with AsyncExitStack() as stack:
        far = await stack.enter_async_context(serving(far_room.handle))
        named = structs.replace(papers().document, origins=["https://help.example.org", far])
        document = issue_document(named, ORGANISATIONS_ROOT)
        root, given = fingerprint_text(root_fingerprint(public_bytes(ORGANISATIONS_ROOT))), [document]

        async def near(request: web.Request) -> web.StreamResponse:
            if request.path == "/room":
                return await near_room.handle(request)
            return web.json_response({"document": given[0]})

        relay = await stack.enter_async_context(serving(near))
        page = await stack.enter_async_context(LocalPage(Settings(relay, root)))
        client = await stack.enter_async_context(aiohttp.ClientSession())

        async def status(node: str) -> int:
            url = str(URL(f"{page.address}/room").with_query(at=node))
            try:
                async with client.ws_connect(url, protocols=(SUBPROTOCOL,), origin=page.address):
                    return 101
            except aiohttp.WSServerHandshakeError as refused:
                return refused.status

        async def read_document() -> None:
            async with client.get(f"{page.address}/api/organisation") as answer:
                assert answer.status == 200

        assert (await status(relay), await status(far)) == (101, 403)
        given[0] = document.replace("help", "evil")
        await read_document()
        assert await status(far) == 403
        given[0] = document
        await read_document()
        assert (await status(far), await status("https://evil.example.org"), await status("")) == (101, 403, 403)
        assert far_room.origin == far


async def test_a_socket_to_a_server_whose_certificate_does_not_verify_is_refused(certificate: Certificate) -> None:
    room = Room()
    async with serving(room.handle, tls=certificate.server) as relay, aiohttp.ClientSession() as client:
        async with LocalPage(Settings(relay, ROOT)) as page:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await client.ws_connect(f"{page.address}/room", protocols=(SUBPROTOCOL,), origin=page.address)
            assert (refused.value.status, room.origin) == (502, "")
        trusting = Settings(relay, ROOT, certificate_authorities=certificate.file)
        async with LocalPage(trusting) as page:
            near = await client.ws_connect(f"{page.address}/room", protocols=(SUBPROTOCOL,), origin=page.address)
            await near.send_bytes(b"data")
            await eventually(lambda: room.heard == [b"data"], "the message at the server")
            await near.close()
        assert room.origin == relay


async def test_a_socket_without_our_subprotocol_is_refused(local: Local) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await local.client.ws_connect(f"{local.address}/room", protocols=("other",), origin=local.address)
    assert refused.value.status == 400


# --- the files -----------------------------------------------------------------------------------------------------------


async def test_the_files_are_those_that_the_server_would_have_sent(local: Local, organisation: Organisation) -> None:
    for path in (
        "app.js",
        "core/cpace.js",
        "look.css",
        "vendor/zstddec.js",
        "catalogue/fr.json",
        "session/technician_session.js",
    ):
        async with (
            local.client.get(f"{local.address}/{path}") as ours,
            local.client.get(f"{organisation.address}/assist/{path}") as theirs,
        ):
            assert (ours.status, theirs.status) == (200, 200)
            assert ours.content_type == theirs.content_type
            assert await ours.read() == await theirs.read()


async def test_the_page_is_told_whom_it_serves(local: Local) -> None:
    async with local.client.get(f"{local.address}/local.json") as answer:
        assert await answer.json() == {"relay": local.relay, "root_fingerprint": ROOT}


async def test_the_list_of_tickets_is_the_pages_own(local: Local) -> None:
    status, answer = await local.ask("GET", "/tickets")
    assert (status, answer.headers["Location"]) == (302, "/")


async def test_nothing_else_of_this_machine_is_served(local: Local) -> None:
    for path in ("/../settings.py", "/%2e%2e/settings.py", "//etc/passwd", "/.git", "/vendor", "/client.py"):
        assert (await local.ask("GET", path))[0] == 404


async def test_only_this_machine_can_reach_it(local: Local) -> None:
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.2", int(local.port))
