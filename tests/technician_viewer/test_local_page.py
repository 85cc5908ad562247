"""The page that is served on this machine: who may ask, what is handed out, and under which rules."""

import asyncio
import json

import pytest

from demo.organisation import Organisation
from technician_viewer import relay_proxy
from tests.technician_viewer.local_pages import ROOT, Local


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
