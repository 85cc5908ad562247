"""The people of the desk: passwords, second factor, sign-ins. Hashing runs in a thread so that nothing else waits for it."""

import asyncio
import hashlib
import hmac
import secrets
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import argon2
import pyotp
from argon2.low_level import ARGON2_VERSION
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import bindparam, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk.rights import WRITERS
from relay.storage import tables
from relay.storage.database import Database
from relay.storage.prepared import Prepared, Question, together
from relay.storage.standing import standing

SENIORITIES = ("junior", "experienced", "senior")
TRAINING = "training"
PASSWORD_CHARACTERS_MIN = 12
PASSWORD_CHARACTERS_MAX = 200
RECOVERY_CODES = 8


TOTP_STEP_S = 30

_hasher = argon2.PasswordHasher()


@dataclass(frozen=True)
class Tenant:
    """The organisation and the service that new rows belong to."""

    organisation_id: int
    service_id: int

    @classmethod
    def of(cls, row: Any) -> "Tenant":
        """Those of a row, for what belongs to it."""
        return cls(row.organisation_id, row.service_id)

    @property
    def columns(self) -> dict[str, int]:
        return {"organisation_id": self.organisation_id, "service_id": self.service_id}


@dataclass(frozen=True)
class Service:
    """One company or desk that is served; in a `training` one nothing is real, and nothing is sent."""

    id: int
    name: str
    kind: str

    @property
    def is_training(self) -> bool:
        return self.kind == TRAINING


SERVICE_KINDS = ("external", "internal", TRAINING)


@dataclass(frozen=True)
class Person:
    """Somebody who has signed in, or is about to choose a second factor."""

    id: int
    name: str
    full_name: str
    roles: frozenset[str]
    language: str | None
    csrf: str
    method: str
    tenant: Tenant
    """The service that they work in now."""
    services: tuple[Service, ...]
    """All that they may work in."""
    seniority: str = "experienced"
    news_read_at: datetime | None = None
    """Up to when this person knows what is new among the articles."""

    @property
    def may_write(self) -> bool:
        """Works on cases; the others read."""
        return bool(self.roles & set(WRITERS))

    @property
    def is_junior(self) -> bool:
        return self.seniority == "junior"

    @property
    def service(self) -> Service:
        return next(one for one in self.services if one.id == self.tenant.service_id)

    @property
    def is_enrolling(self) -> bool:
        """The password was right, the second factor is still to be set up: nothing else is open."""
        return self.method == ENROLLING


ENROLLING = "password"
COMPLETE = "password and TOTP"
RECOVERED = "password and recovery code"


class Seal:
    """Encrypts what the database must not give away: the secrets of second factors."""

    def __init__(self, key_secret: str) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=b"mainforte-v1 second factors").derive(key_secret.encode())
        self._aead = AESGCM(derived)

    def close(self, text: str, person_id: int) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + self._aead.encrypt(nonce, text.encode(), str(person_id).encode())

    def open(self, sealed: bytes, person_id: int) -> str:
        """Raises InvalidTag where the secret is another one, or the row was moved."""
        return self._aead.decrypt(sealed[:12], sealed[12:], str(person_id).encode()).decode()


def token_hash(token: str) -> str:
    """How tokens are stored: a stolen database opens nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


def now_utc() -> datetime:
    return datetime.now(UTC)


def _nobodys_hash() -> str:
    """A hash that no password has; checked where there is no such person, so that an answer takes as long and tells nothing."""
    cost = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    salt, made = (
        b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (_hasher.salt_len, _hasher.hash_len)
    )
    return f"$argon2id$v={ARGON2_VERSION}${cost}${salt}${made}"


async def hash_password(password: str) -> str:
    return await asyncio.to_thread(_hasher.hash, password)


async def _verify(stored: str, password: str) -> bool:
    try:
        return await asyncio.to_thread(_hasher.verify, stored, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


async def tenant_of(database: Database, name: str, fingerprint: str) -> Tenant:
    """The organisation of this root and its first service; made where there is none."""
    async with database.transaction() as connection:
        organisation = tables.organisation
        found = await connection.execute(
            select(organisation.c.id).where(organisation.c.root_fingerprint == fingerprint)
        )
        organisation_id = found.scalar()
        if organisation_id is None:
            organisation_id = await insert_row(connection, organisation, name=name, root_fingerprint=fingerprint)
            await insert_row(connection, tables.service, organisation_id=organisation_id, name=name)
        service = tables.service
        service_id = (
            await connection.execute(
                select(service.c.id).where(service.c.organisation_id == organisation_id).order_by(service.c.id)
            )
        ).scalar_one()
    return Tenant(organisation_id, service_id)


async def add_person(
    connection: AsyncConnection,
    tenant: Tenant,
    name: str,
    full_name: str,
    password_hash: str,
    roles: list[str],
    *,
    totp_secret: str | None = None,
    seal: Seal | None = None,
) -> int:
    """Add somebody; with `totp_secret` the second factor is set up already (demonstrations and programs)."""
    now = now_utc()
    person_id = await insert_row(
        connection,
        tables.person,
        **tenant.columns,
        name=name,
        full_name=full_name,
        password_hash=password_hash,
        is_active=True,
        created_at=now,
    )
    for role in roles:
        await insert_row(
            connection, tables.role_grant, **tenant.columns, person_id=person_id, role=role, granted_at=now
        )
    if totp_secret is not None and seal is not None:
        sealed = seal.close(totp_secret, person_id)
        await insert_row(
            connection, tables.totp, **tenant.columns, person_id=person_id, sealed_secret=sealed, enrolled_at=now
        )
    return person_id


async def insert_row(connection: AsyncConnection, table: Any, **values: Any) -> int:
    """Insert one row and give its id."""
    made = await _insertion(table).first(connection, **values)
    assert made is not None
    return int(made.id)


@cache
def _insertion(table: Any) -> Prepared:
    return Prepared(insert(table).returning(table.c.id))


async def find(connection: AsyncConnection, name: str) -> Any | None:
    """The row of the person of this name."""
    return (await connection.execute(select(tables.person).where(tables.person.c.name == name))).first()


async def skills_of(connection: AsyncConnection, person_id: int) -> frozenset[str]:
    """What somebody can do beyond their title."""

    async def read() -> frozenset[str]:
        return frozenset(row.domain for row in await _SKILLS.all(connection, person=person_id))

    return await standing(connection, ("skills", person_id), (tables.skill,), read)


_SKILLS = Prepared(select(tables.skill.c.domain).where(tables.skill.c.person_id == bindparam("person")))


async def set_password(connection: AsyncConnection, person_id: int, password_hash: str) -> None:
    """From now on another password; whoever is signed in by the old one is no more."""
    person = tables.person
    await connection.execute(update(person).where(person.c.id == person_id).values(password_hash=password_hash))
    await sign_out_everywhere(connection, person_id)


async def reset_second_factor(connection: AsyncConnection, person_id: int) -> None:
    """Forget the second factor and its recovery codes: the next sign-in opens nothing but setting up a new one."""
    for table in (tables.totp, tables.recovery_code):
        await connection.execute(delete(table).where(table.c.person_id == person_id))
    await sign_out_everywhere(connection, person_id)


async def shut_out(connection: AsyncConnection, names: Sequence[str]) -> list[str]:
    """Those of these accounts that are disabled."""
    person = tables.person
    found = await connection.execute(
        select(person.c.name).where(person.c.name.in_(names), person.c.is_active.is_(False))
    )
    return list(found.scalars())


async def set_active(connection: AsyncConnection, person_id: int, *, is_active: bool) -> None:
    """Let somebody in, or shut them out: no sign-in of theirs is left, and no room of theirs can be opened any more."""
    person, room, session = tables.person, tables.room, tables.session
    await connection.execute(update(person).where(person.c.id == person_id).values(is_active=is_active))
    if not is_active:
        await sign_out_everywhere(connection, person_id)
        theirs = select(session.c.id).where(session.c.person_id == person_id)
        await connection.execute(update(room).where(room.c.session_id.in_(theirs)).values(is_live=False))


async def sign_out_everywhere(connection: AsyncConnection, person_id: int) -> None:
    await connection.execute(delete(tables.sign_in).where(tables.sign_in.c.person_id == person_id))


async def anybody(connection: AsyncConnection) -> int | None:
    """The id of the first person there is."""
    return (await connection.execute(select(tables.person.c.id).order_by(tables.person.c.id).limit(1))).scalar()


async def password_is_right(row: Any | None, password: str) -> bool:
    """Whether this is the person's password; takes as long where there is no such person. Outside of any transaction."""
    is_right = await _verify(row.password_hash if row is not None else _nobodys_hash(), password)
    return is_right and row is not None and bool(row.is_active)


async def second_factor(connection: AsyncConnection, person_id: int) -> Any | None:
    """The person's row of `totp` when it is set up."""
    row = (await connection.execute(select(tables.totp).where(tables.totp.c.person_id == person_id))).first()
    return row if row is not None and row.enrolled_at is not None else None


async def check_code(connection: AsyncConnection, seal: Seal, person_id: int, code: str) -> str | None:
    """How the second factor was shown, or None. A code counts once; so does a recovery code."""
    factor = await second_factor(connection, person_id)
    if factor is None:
        return None
    code = "".join(code.split()).lower()
    try:
        totp = pyotp.TOTP(seal.open(factor.sealed_secret, person_id), interval=TOTP_STEP_S)
    except InvalidTag:
        return None
    now_step = int(now_utc().timestamp()) // TOTP_STEP_S
    for step in (now_step - 1, now_step, now_step + 1):
        if step > factor.last_step and hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            await connection.execute(
                update(tables.totp).where(tables.totp.c.person_id == person_id).values(last_step=step)
            )
            return COMPLETE
    used = await connection.execute(
        update(tables.recovery_code)
        .where(
            tables.recovery_code.c.person_id == person_id,
            tables.recovery_code.c.code_hash == token_hash(code),
            tables.recovery_code.c.used_at.is_(None),
        )
        .values(used_at=now_utc())
    )
    return RECOVERED if used.rowcount else None


async def begin_enrolment(connection: AsyncConnection, tenant: Tenant, seal: Seal, person_id: int) -> str:
    """The secret to be set up; the same one until it is confirmed, so that a reload changes nothing."""
    row = (await connection.execute(select(tables.totp).where(tables.totp.c.person_id == person_id))).first()
    if row is not None:
        return seal.open(row.sealed_secret, person_id)
    secret = pyotp.random_base32()
    await insert_row(
        connection, tables.totp, **tenant.columns, person_id=person_id, sealed_secret=seal.close(secret, person_id)
    )
    return secret


async def confirm_enrolment(
    connection: AsyncConnection, tenant: Tenant, seal: Seal, person_id: int, code: str
) -> list[str] | None:
    """Set the second factor up when `code` shows that it works; the recovery codes, shown this once."""
    row = (await connection.execute(select(tables.totp).where(tables.totp.c.person_id == person_id))).first()
    if row is None or row.enrolled_at is not None:
        return None
    await connection.execute(
        update(tables.totp).where(tables.totp.c.person_id == person_id).values(enrolled_at=now_utc())
    )
    if await check_code(connection, seal, person_id, code) is None:
        await connection.execute(
            update(tables.totp).where(tables.totp.c.person_id == person_id).values(enrolled_at=None)
        )
        return None
    codes = [f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for _ in range(RECOVERY_CODES)]
    for recovery in codes:
        await insert_row(
            connection, tables.recovery_code, **tenant.columns, person_id=person_id, code_hash=token_hash(recovery)
        )
    return codes


async def sign_in(connection: AsyncConnection, tenant: Tenant, person_id: int, method: str, hours: int) -> str:
    """Remember a sign-in; the token for the cookie."""
    token = secrets.token_urlsafe(32)
    now = now_utc()
    await connection.execute(delete(tables.sign_in).where(tables.sign_in.c.expires_at < now))
    await insert_row(
        connection,
        tables.sign_in,
        **tenant.columns,
        person_id=person_id,
        token_hash=token_hash(token),
        csrf=secrets.token_urlsafe(32),
        method=method,
        created_at=now,
        expires_at=now + timedelta(hours=hours),
    )
    return token


async def sign_out(connection: AsyncConnection, token: str) -> None:
    await connection.execute(delete(tables.sign_in).where(tables.sign_in.c.token_hash == token_hash(token)))


async def complete_sign_in(connection: AsyncConnection, token: str) -> None:
    """The second factor was set up: everything is open now."""
    await connection.execute(
        update(tables.sign_in).where(tables.sign_in.c.token_hash == token_hash(token)).values(method=COMPLETE)
    )


# Asked with every request: whoever holds the cookie, once for each of their roles.
_SIGNED_IN = Prepared(
    select(tables.person, tables.sign_in.c.csrf, tables.sign_in.c.method, tables.role_grant.c.role)
    .join(tables.sign_in, tables.sign_in.c.person_id == tables.person.c.id)
    .outerjoin(tables.role_grant, tables.role_grant.c.person_id == tables.person.c.id)
    .where(
        tables.sign_in.c.token_hash == bindparam("token"),
        tables.sign_in.c.expires_at > bindparam("now"),
        tables.person.c.is_active,
    )
)


async def person_of(connection: AsyncConnection, token: str) -> Person | None:
    """Who holds this cookie, if it is still good."""
    (rows,) = await together(connection, holder_question(token))
    return await holder(connection, rows)


def holder_question(token: str) -> Question:
    """What `holder` reads the answer to."""
    return _SIGNED_IN.asked(token=token_hash(token), now=now_utc())


async def holder(connection: AsyncConnection, rows: Sequence[Any]) -> Person | None:
    """Who holds a cookie."""
    if not rows:
        return None
    row = rows[0]
    roles, tenant = frozenset(one.role for one in rows if one.role is not None), Tenant.of(row)

    async def read() -> tuple[Service, ...]:
        return await services_of(connection, row.id, tenant, is_everywhere="administrator" in roles)

    used = tables.service, tables.service_member, tables.role_grant
    open_to = await standing(connection, ("services", row.id, tenant, "administrator" in roles), used, read)
    return Person(
        row.id,
        row.name,
        row.full_name,
        roles,
        row.language,
        row.csrf,
        row.method,
        tenant,
        open_to,
        row.seniority,
        row.news_read_at,
    )


async def services_of(
    connection: AsyncConnection, person_id: int, tenant: Tenant, *, is_everywhere: bool
) -> tuple[Service, ...]:
    """The services in which somebody may work: theirs, those they were added to, and training."""
    statement = _SERVICES if is_everywhere else _THEIR_SERVICES
    rows = await statement.all(
        connection, organisation=tenant.organisation_id, service=tenant.service_id, person=person_id
    )
    return tuple(Service(row.id, row.name, row.kind) for row in rows)


_SERVICE, _MEMBER = tables.service.c, tables.service_member.c
_ALL_SERVICES = (
    select(_SERVICE.id, _SERVICE.name, _SERVICE.kind)
    .where(_SERVICE.organisation_id == bindparam("organisation"))
    .order_by(_SERVICE.id)
)
_SERVICES = Prepared(_ALL_SERVICES)
_THEIR_SERVICES = Prepared(
    _ALL_SERVICES.where(
        or_(
            _SERVICE.id == bindparam("service"),
            _SERVICE.kind == TRAINING,
            _SERVICE.id.in_(select(_MEMBER.service_id).where(_MEMBER.person_id == bindparam("person"))),
        )
    )
)


async def audit(connection: AsyncConnection, tenant: Tenant, name: str, address: str, result: str) -> None:
    """Write down that somebody tried to sign in."""
    await insert_row(
        connection,
        tables.sign_in_audit,
        **tenant.columns,
        at=now_utc(),
        name=name[:64],
        address=address[:64],
        result=result,
    )


_FULL_NAMES = Prepared(
    select(tables.person.c.name, tables.person.c.full_name).where(
        tables.person.c.name.in_(bindparam("names", expanding=True))
    )
)


async def full_names(connection: AsyncConnection, names: set[str]) -> dict[str, str]:
    """Full names by the names to sign in with."""
    (rows,) = await together(connection, full_names_question(names)) if names else ([],)
    return {row.name: row.full_name for row in rows}


def full_names_question(names: set[str]) -> Question:
    """What `full_names` asks."""
    return _FULL_NAMES.asked(names=sorted(names))


async def full_name(connection: AsyncConnection, name: str) -> str:
    """What somebody is called who signs in with `name`; that very name where nobody does any more."""
    return (await full_names(connection, {name})).get(name, name)
