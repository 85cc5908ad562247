"""The desk's API for one person: sign in, tickets, sessions. Nothing secret of a session ever goes there."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import aiohttp
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from protocol.errors import NotCertified
from protocol.identity import fingerprint_from_text, public_bytes, verify_document
from protocol.invitation import verified_opening
from protocol.vocabulary import Capability, Role
from technician_viewer.address import check_origin
from technician_viewer.answers import read_bounded
from technician_viewer.errors import DeskRefused, NotReachable
from technician_viewer.purpose import Purpose

ANSWER_BYTES_MAX = 16 * 1024 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=10)

T = TypeVar("T")


class Person(Struct, frozen=True):
    """Who is signed in."""

    name: str
    full_name: str
    organisation: str
    roles: list[str]
    language: str
    csrf: str
    root_fingerprint: str


class TicketCustomer(Struct, frozen=True):
    """Whom a ticket is for."""

    name: str
    number: str
    phone: str
    email: str
    address: str


class Device(Struct, frozen=True):
    """What a ticket is about."""

    type: str
    name: str


class Ticket(Struct, frozen=True):
    """A ticket as lists show it; `changed_at` is UTC seconds."""

    number: int
    subject: str
    state: str
    changed_at: int
    customer: TicketCustomer
    device: Device


class Room(Struct, frozen=True):
    """A room and the one-use token that claims it; customers can come until `expires_at` (UTC seconds)."""

    room: str
    token: str
    expires_at: int


class SessionLog(Struct, frozen=True):
    """A session log as kept on the ticket; `protocol.session_log.verify` judges it."""

    entries: list[str]
    heads: list[str]
    certificate: str
    document: str


class _SignedIn(Struct, frozen=True):
    person: Person


class _Tickets(Struct, frozen=True):
    tickets: list[Ticket]


class _Organisation(Struct, frozen=True):
    document: str


class _Opened(Struct, frozen=True):
    session: str
    certificate: str
    subject: str
    ticket: str
    room: str
    token: str
    expires_at: int


class _Joined(Struct, frozen=True):
    certificate: str
    reason: str
    entries: list[str]
    heads: list[str]
    technician_certificate: str
    document: str


class _Extended(Struct, frozen=True):
    expires_at: int


@dataclass(frozen=True)
class OpenedSession:
    """A session that waits for its customer: all that `technician_viewer.client.Helping` needs."""

    address: str
    root_fingerprint: bytes
    purpose: Purpose
    room: Room
    tls: ssl.SSLContext | None = None
    origins: tuple[str, ...] = ()
    """The relay's nodes, as the organisation's document lists them."""


@dataclass(frozen=True)
class InvitedSession:
    """A session that is running, and that we were certified for: all that `Helping.join` needs."""

    address: str
    purpose: Purpose
    joining_key: bytes
    """Of its agent (X25519): the first technician vouches for it."""
    tls: ssl.SSLContext | None = None
    origins: tuple[str, ...] = ()


@dataclass(frozen=True)
class KeptSession:
    """What is enough to come back to a session after everything else was lost. Secret: it belongs nowhere but on this machine."""

    address: str
    purpose: Purpose
    secrets: tuple[bytes, ...] = field(repr=False)
    tls: ssl.SSLContext | None = None
    origins: tuple[str, ...] = ()


class Desk:
    """The API of the relay at `address`, through a client session of aiohttp that keeps the sign-in's cookie.

    Where the address is an IP address, that client needs `cookie_jar=aiohttp.CookieJar(unsafe=True)`.

    Args:
        root_fingerprint: what the organisation's root is known to be; without it, the server's word is taken.
        tls: other authorities than the system's.

    Raises:
        ValueError: the address is not one, or plain HTTP to another machine.
    """

    def __init__(
        self,
        client: aiohttp.ClientSession,
        address: str,
        *,
        root_fingerprint: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._client, self._address, self._tls = client, check_origin(address), tls
        self._known_root = root_fingerprint
        self.person: Person | None = None

    async def sign_in(self, name: str, password: str, code: str) -> Person:
        """Sign in with the second factor's code of this moment.

        Raises:
            DeskRefused: 401 wrong name, password or code; 429 too many attempts.
            NotCertified: the server shows another root than the one that is known.
        """
        asked = {"name": name, "password": password, "code": code}
        return self._remember((await self._call(_SignedIn, "/api/sign-in", asked)).person)

    async def me(self) -> Person:
        """Who is signed in, by the client's cookie.

        Raises:
            DeskRefused: 401, nobody is.
            NotCertified: the server shows another root than the one that is known.
        """
        return self._remember(await self._call(Person, "/api/me"))

    async def sign_out(self) -> None:
        """End the sign-in."""
        await self._ask("/api/sign-out", {})
        self.person = None

    async def tickets(self, search: str = "", *, state: str = "") -> list[Ticket]:
        """The tickets that match, the newest change first."""
        return (await self._call(_Tickets, "/api/tickets", query={"search": search, "state": state})).tickets

    async def ticket(self, number: int | str) -> Ticket:
        """One ticket.

        Raises:
            DeskRefused: 404.
        """
        return await self._call(Ticket, f"/api/tickets/{int(number)}")

    async def create_ticket(self, subject: str, customer_name: str, **fields: str) -> Ticket:
        """Open a ticket; `fields` are those of the API, e.g. `description`, `phone`, `device_type`."""
        return await self._call(Ticket, "/api/tickets", {"subject": subject, "customer_name": customer_name} | fields)

    async def start_session(
        self, ticket: int | str, *, reason: str, asks: Capability = Capability.VIEW
    ) -> OpenedSession:
        """Start remote assistance on a ticket, with a key made for this one session.

        Raises:
            DeskRefused: 403 where the person may not, 404 without such a ticket, 503 while no room is free.
            ProtocolError: the organisation's document does not lead to the root.
        """
        person = self.person or await self.me()
        root = fingerprint_from_text(self._known_root or person.root_fingerprint)
        text = (await self._call(_Organisation, "/api/organisation")).document
        document = verify_document(text, fingerprint=root, now=int(time.time()))
        key = Ed25519PrivateKey.generate()
        asked = {"reason": reason, "asks": asks, "key": public_bytes(key)}
        opened = await self._call(_Opened, f"/api/tickets/{int(ticket)}/sessions", asked)
        purpose = Purpose(opened.session, opened.certificate, key, opened.ticket, opened.subject, reason, asks)
        room = Room(opened.room, opened.token, opened.expires_at)
        return OpenedSession(self._address, root, purpose, room, self._tls, tuple(document.origins))

    async def new_room(self, opened: OpenedSession) -> OpenedSession:
        """A fresh room, and so a fresh code, for a session whose code has expired or was used up."""
        room = await self._call(Room, f"/api/sessions/{opened.purpose.session}/rooms", {})
        return replace(opened, room=room)

    async def extend(self, opened: OpenedSession) -> int:
        """Let the code be good for longer; until when, in UTC seconds."""
        return (await self._call(_Extended, f"/api/sessions/{opened.purpose.session}/extend", {})).expires_at

    async def session_log(self, session: str) -> SessionLog:
        """The session log as the ticket keeps it."""
        return await self._call(SessionLog, f"/api/sessions/{session}/log")

    async def join(self, session: str) -> InvitedSession:
        """Take part in a running session that we were invited to, or supervise, with a key made for this one stay.

        Raises:
            DeskRefused: 403, nobody invited us; 404, no such session; 409, it has not begun, or is over.
            ProtocolError: the log, a certificate or the organisation's document does not lead to the root.
        """
        person = self.person or await self.me()
        key = Ed25519PrivateKey.generate()
        joined = await self._call(_Joined, f"/api/sessions/{session}/join", {"key": public_bytes(key)})
        root = fingerprint_from_text(self._known_root or person.root_fingerprint)
        document = verify_document(joined.document, fingerprint=root, now=int(time.time()))
        opened = verified_opening(
            joined.entries,
            joined.heads,
            first_certificate=joined.technician_certificate,
            own_certificate=joined.certificate,
            document=joined.document,
            fingerprint=root,
            now=int(time.time()),
        )
        if opened.session != session:
            raise NotCertified("the log of another session")
        purpose = Purpose(
            session,
            joined.certificate,
            key,
            opened.ticket,
            opened.subject,
            joined.reason,
            Capability.VIEW,
            joined.entries[0],
        )
        return InvitedSession(self._address, purpose, opened.joining_key, self._tls, tuple(document.origins))

    async def invite(self, session: str, person: str, *, reason: str, role: Role = Role.OBSERVER) -> None:
        """Invite somebody of the desk into a running session that we take part in; the customer is asked when they come.

        Raises:
            DeskRefused: 403, we do not take part; 404, no such session or person; 409, it has not begun, or is over.
        """
        await self._ask(f"/api/sessions/{session}/invitations", {"person": person, "role": role, "reason": reason})

    async def invite_title(self, session: str, title: str, *, reason: str, role: Role = Role.TECHNICIAN) -> None:
        """The same for whoever comes first that is `technician`, `expert` or `supervisor`: the next level, for instance.

        Raises:
            DeskRefused: as `invite`; 404 also where nobody else has this title.
        """
        asked = {"person": "", "title": title, "role": role, "reason": reason}
        await self._ask(f"/api/sessions/{session}/invitations", asked)

    def _remember(self, person: Person) -> Person:
        if self._known_root and person.root_fingerprint != self._known_root:
            raise NotCertified("the server shows another root than the one that is known")
        self.person = person
        return person

    async def _call(self, kind: type[T], path: str, body: Any = None, *, query: Mapping[str, str] | None = None) -> T:
        content = await self._ask(path, body, query)
        try:
            return msgspec.json.decode(content, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise NotReachable(f"{self._address} does not answer as a relay") from None

    async def _ask(self, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> bytes:
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if body is not None and self.person:
            headers["X-CSRF-Token"] = self.person.csrf
        try:
            async with self._client.request(
                "GET" if body is None else "POST",
                self._address + path,
                params=query,
                data=None if body is None else msgspec.json.encode(body),
                headers=headers,
                allow_redirects=False,
                timeout=_TIMEOUT,
                ssl=self._tls or True,
            ) as answer:
                content = await read_bounded(answer.content, ANSWER_BYTES_MAX)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NotReachable(f"{self._address} does not answer: {type(error).__name__}") from error
        if answer.status == 204:
            return b""
        if answer.content_type != "application/json" or content is None:
            raise NotReachable(f"{self._address} does not answer as a relay: {answer.status} {answer.content_type}")
        if answer.status >= 400:
            raise DeskRefused(answer.status, _reason(content))
        return content


def _reason(content: bytes) -> str:
    try:
        reason = msgspec.json.decode(content, type=dict[str, Any]).get("error", "")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        reason = ""
    return reason if isinstance(reason, str) and reason.isascii() and reason.isprintable() else ""
