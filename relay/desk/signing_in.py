"""Signing in, for the page and for programs alike: limited, audited, and always with a second factor."""

import time

from aiohttp import web

from relay.desk import people
from relay.desk.requests import COOKIE, DESK, Refusal, address_of, log, set_cookie

WRONG = "wrong_name_password_or_code"


async def try_sign_in(request: web.Request, name: str, password: str, code: str) -> tuple[str, bool]:
    """The cookie's token, and whether the second factor is still to be set up.

    Raises:
        Refusal: 401, or 429 after too many failures.
    """
    desk, address = request.app[DESK], address_of(request)
    name = name.strip().lower()[:64]
    if wait_s := desk.limits.wait_s(address, name, time.monotonic()):
        await _audit(request, name, "rate_limited")
        raise Refusal(429, "too_many_attempts", retry_after_s=wait_s)
    # Counted before it is judged: many attempts at once cannot slip by while a hash is computed.
    desk.limits.failed(address, name, time.monotonic())
    async with desk.database.transaction() as connection:
        row = await people.find(connection, name)
    if len(password) > people.PASSWORD_CHARACTERS_MAX or not await people.password_is_right(row, password):
        await _audit(request, name, "wrong")
        raise Refusal(401, WRONG)
    assert row is not None
    async with desk.database.transaction() as connection:
        now = await people.find(connection, name)
        method: str | None = None
        if now is None or not now.is_active or now.password_hash != row.password_hash:
            pass  # changed while the password was checked
        elif await people.second_factor(connection, row.id) is None:
            method = people.ENROLLING
        else:
            method = await people.check_code(connection, desk.seal, row.id, code[:40])
        token = ""
        if method is not None:
            token = await people.sign_in(connection, desk.tenant, row.id, method, desk.settings.sign_in_hours)
    if method is None:
        await _audit(request, name, "wrong_code")
        raise Refusal(401, WRONG)
    desk.limits.succeeded(address, name)
    await _audit(request, name, "enrolling" if method == people.ENROLLING else "signed_in")
    return token, method == people.ENROLLING


def remember(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Put the sign-in's cookie on the answer."""
    set_cookie(request, response, COOKIE, token, seconds=request.app[DESK].settings.sign_in_hours * 3600)


async def forget(request: web.Request, response: web.StreamResponse) -> None:
    """End the sign-in of this cookie, here and in the browser."""
    if token := request.cookies.get(COOKIE, "")[:100]:
        async with request.app[DESK].database.transaction() as connection:
            await people.sign_out(connection, token)
    response.del_cookie(COOKIE, path="/")


async def _audit(request: web.Request, name: str, result: str) -> None:
    desk = request.app[DESK]
    log.info("sign-in %s", result)
    async with desk.database.transaction() as connection:
        await people.audit(connection, desk.tenant, name, address_of(request), result)
