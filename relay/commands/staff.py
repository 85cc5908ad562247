"""`user …`: adds people, gives a new password, takes a lost second factor away, and shuts somebody out."""

import asyncio
import getpass
import os
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import pyotp
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.identity import fingerprint_text
from protocol.text import tidy_line
from relay.commands.terminal import CannotGoOn, _, say
from relay.desk import people
from relay.desk.people import Seal, Tenant, tenant_of
from relay.evidence import documents
from relay.keys import key_secret, new_secret, read_document
from relay.settings import Settings
from relay.storage.database import Database, migrate, open_database

T = TypeVar("T")

OPERATOR = "operator"
"""Who did it, where the audit names an address."""


def add(
    settings: Settings,
    name: str,
    *,
    full_name: str | None,
    roles: Sequence[str],
    generate_password: bool,
    totp_secret: str | None,
) -> None:
    """Add somebody who can sign in from now on."""
    name = _tidy(name)
    if not re.fullmatch(r"[a-z0-9][a-z0-9._@-]{0,63}", name):
        raise CannotGoOn(_("A name to sign in with has letters a-z, digits, and . _ @ - only."))
    password = _new_password(generate_password)
    seal = None
    if totp_secret is not None:
        try:
            pyotp.TOTP(totp_secret).now()
        except ValueError:
            raise CannotGoOn(_("The secret of a second factor is base32.")) from None
        seal = Seal(key_secret(settings))
    shown = tidy_line(full_name or name)

    async def work(database: Database, tenant: Tenant) -> None:
        password_hash = await people.hash_password(password)
        async with database.transaction() as connection:
            if await people.find(connection, name) is not None:
                raise CannotGoOn(_("There is somebody called {name} already.", name=name))
            await people.add_person(
                connection, tenant, name, shown, password_hash, list(roles), totp_secret=totp_secret, seal=seal
            )

    asyncio.run(with_database(settings, work))
    say(_("{name} can sign in now.", name=name))
    if generate_password:
        say(_("Password, shown this once: {password}", password=password))


def set_password(settings: Settings, name: str, *, generate_password: bool) -> None:
    """Give somebody a new password; every sign-in of theirs ends."""
    password = _new_password(generate_password)

    async def work(connection: AsyncConnection, row: Any) -> None:
        await people.set_password(connection, row.id, await people.hash_password(password))

    _change(settings, name, "password_changed", work)
    say(_("{name} has a new password and signs in again.", name=_tidy(name)))
    if generate_password:
        say(_("Password, shown this once: {password}", password=password))


def reset_second_factor(settings: Settings, name: str) -> None:
    """Take away a lost second factor; the next sign-in, by password, opens nothing but setting up a new one."""

    async def work(connection: AsyncConnection, row: Any) -> None:
        await people.reset_second_factor(connection, row.id)

    _change(settings, name, "second_factor_reset", work)
    say(
        _(
            "{name} sets up a new second factor at the next sign-in. Make sure that it is really {name}.",
            name=_tidy(name),
        )
    )


def disable(settings: Settings, name: str) -> None:
    """Shut somebody out at once."""

    async def work(connection: AsyncConnection, row: Any) -> None:
        await people.set_active(connection, row.id, is_active=False)

    _change(settings, name, "disabled", work)
    say(_("{name} is signed out everywhere and cannot sign in any more.", name=_tidy(name)))


def enable(settings: Settings, name: str) -> None:
    """Let somebody in again."""

    async def work(connection: AsyncConnection, row: Any) -> None:
        await people.set_active(connection, row.id, is_active=True)

    _change(settings, name, "enabled", work)
    say(_("{name} can sign in now.", name=_tidy(name)))


def _change(
    settings: Settings, name: str, result: str, change: Callable[[AsyncConnection, Any], Awaitable[None]]
) -> None:
    name = _tidy(name)

    async def work(database: Database, tenant: Tenant) -> None:
        async with database.transaction() as connection:
            row = await people.find(connection, name)
            if row is None:
                raise CannotGoOn(_("There is nobody called {name}.", name=name))
            await change(connection, row)
            await people.audit(connection, tenant, name, OPERATOR, result)

    asyncio.run(with_database(settings, work))


def _tidy(name: str) -> str:
    return name.strip().lower()


def _new_password(is_generated: bool) -> str:
    if is_generated:
        return new_secret()
    password = os.environ.get("MAINFORTE_NEW_PASSWORD", "")
    if not password:
        password = getpass.getpass(_("Password (at least {count} characters): ", count=people.PASSWORD_CHARACTERS_MIN))
        if password != getpass.getpass(_("The same again: ")):
            raise CannotGoOn(_("The two passwords differ."))
    if not people.PASSWORD_CHARACTERS_MIN <= len(password) <= people.PASSWORD_CHARACTERS_MAX:
        raise CannotGoOn(_("A password has at least {count} characters.", count=people.PASSWORD_CHARACTERS_MIN))
    return password


async def with_database(settings: Settings, work: Callable[[Database, Tenant], Awaitable[T]]) -> T:
    """Run `work` on the database, brought up to date first."""
    text, document, fingerprint = read_document(settings, now=int(time.time()))
    await asyncio.to_thread(migrate, settings.database)
    database = open_database(settings.database)
    try:
        tenant = await tenant_of(database, document.name, fingerprint_text(fingerprint))
        async with database.transaction() as connection:
            await documents.keep(connection, tenant, text)
        return await work(database, tenant)
    finally:
        await database.close()
