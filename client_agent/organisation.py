"""Which organisation this agent believes, and how it knows (DESIGN, "How the agent knows the root")."""

import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec

from protocol.errors import BadSupportCode, NotCertified, RemoteProtocolError
from protocol.identity import (
    OrganisationDocument,
    fingerprint_from_text,
    fingerprint_text,
    root_fingerprint,
    verify_document,
)
from protocol.support_code import SupportCode, parse

_DOCUMENT_BYTES_MAX = 128 * 1024
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class RootKnownBy(StrEnum):
    """Where the agent has the root's fingerprint from; only an address typed by hand proves nothing about the organisation."""

    BUILT_IN = "built-in"
    LINK = "link"
    ADDRESS = "address"


class NotReachable(Exception):
    """The organisation's server does not answer, or not with an organisation's document."""


@dataclass(frozen=True)
class Organisation:
    """A verified document, the root's fingerprint (32 bytes), and the address of the relay."""

    document: OrganisationDocument
    document_text: str
    fingerprint: bytes
    address: str
    known_by: RootKnownBy

    @property
    def origins(self) -> list[str]:
        """The relay's nodes, as the document lists them; none that could only be reached without TLS."""
        return [origin for origin in self.document.origins if _is_safe(origin)]


class Package(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file `organisation.json` that `mainforte-relay agent-package` writes."""

    document: str
    root_fingerprint: str
    address: str


@dataclass(frozen=True)
class Invitation:
    """What a person typed or pasted: a code, and from a link also the address and the root's fingerprint."""

    code: SupportCode
    address: str = ""
    fingerprint: bytes = b""


def read_invitation(typed: str) -> Invitation:
    """Read a code, or the link that holds one after `#`.

    Raises:
        BadSupportCode: neither a code nor a link with one.
    """
    typed = typed.strip()
    if "://" not in typed:
        return Invitation(parse(typed))
    try:
        link = urlsplit(typed)
        fields = parse_qs(link.fragment, max_num_fields=8)
    except ValueError:
        raise BadSupportCode("not a link that an organisation makes") from None
    code = fields.get("code", [""])[0]
    try:
        fingerprint = fingerprint_from_text(fields.get("root", [""])[0])
    except NotCertified:
        raise BadSupportCode("a link without the fingerprint of its organisation") from None
    return Invitation(parse(code), checked_address(f"{link.scheme}://{link.netloc}"), fingerprint)


def read_package(path: Path) -> Organisation:
    """The organisation that an agent package carries.

    Raises:
        NotCertified: the document in it does not verify.
        NotReachable: the file is not a package.
    """
    try:
        package = msgspec.json.decode(path.read_bytes(), type=Package)
    except (OSError, msgspec.DecodeError) as error:
        raise NotReachable(f"{path.name} is not an agent package") from error
    fingerprint = fingerprint_from_text(package.root_fingerprint)
    document = verify_document(package.document, fingerprint=fingerprint, now=int(time.time()))
    return Organisation(document, package.document, fingerprint, checked_address(package.address), RootKnownBy.BUILT_IN)


async def fetch(address: str, fingerprint: bytes) -> Organisation:
    """Get the document from the relay; without a fingerprint believe what HTTPS says, and remember that.

    Raises:
        NotReachable: no answer, or something else than a document.
        NotCertified: the document does not lead to the root of this fingerprint.
    """
    # Only who was given no package needs it, and to load it takes a fifth of the time in which an agent starts.
    import aiohttp

    address = checked_address(address)
    try:
        timeout = aiohttp.ClientTimeout(total=15)
        async with (
            aiohttp.ClientSession(timeout=timeout) as client,
            client.get(f"{address}/api/organisation") as answer,
        ):
            answer.raise_for_status()
            body = await answer.content.read(_DOCUMENT_BYTES_MAX)
        text = msgspec.json.decode(body, type=dict[str, str])["document"]
        known_by = RootKnownBy.LINK if fingerprint else RootKnownBy.ADDRESS
        fingerprint = fingerprint or root_fingerprint(msgspec.json.decode(text, type=_Signed).key)
        document = verify_document(text, fingerprint=fingerprint, now=int(time.time()))
    except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError, KeyError, RemoteProtocolError) as error:
        if isinstance(error, NotCertified):
            raise
        raise NotReachable(f"no organisation at {address}") from error
    return Organisation(document, text, fingerprint, address, known_by)


class _Signed(msgspec.Struct):
    key: bytes


def checked_address(address: str) -> str:
    """An address as `https://host[:port]`; plain HTTP only on this very machine."""
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
    except ValueError:
        raise BadSupportCode("not an address") from None
    is_plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.hostname or (parts.scheme != "https" and not is_plain):
        raise BadSupportCode("an address begins with https://")
    return f"{parts.scheme}://{parts.netloc}"


def _is_safe(origin: str) -> bool:
    try:
        return checked_address(origin) == origin
    except BadSupportCode:
        return False


def describe(organisation: Organisation) -> str:
    """For the operator's log: name and fingerprint."""
    return f"{organisation.document.name} {fingerprint_text(organisation.fingerprint)}"
