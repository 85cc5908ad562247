"""Cookies stay on this side of the server."""

from technician_viewer.visitors import VISITORS_MAX
from tests.technician_viewer.local_pages import COOKIE, Local

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
