"""From a shared secret to the keys of one channel (PROTOCOL.md, section 4.3): the same steps whichever handshake led there."""

import hmac
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol.errors import NotAuthentic

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class ChannelKeys:
    """What one end seals with and opens with."""

    seal: bytes = field(repr=False)
    open: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChannelSecrets:
    """What a handshake leaves to both sides; each 32 bytes. `binding` is signed, not secret to either."""

    viewer_to_agent: bytes = field(repr=False)
    agent_to_viewer: bytes = field(repr=False)
    resume: bytes = field(repr=False)
    binding: bytes = field(repr=False)

    @property
    def of_agent(self) -> ChannelKeys:
        return ChannelKeys(self.agent_to_viewer, self.viewer_to_agent)

    @property
    def of_viewer(self) -> ChannelKeys:
        return ChannelKeys(self.viewer_to_agent, self.agent_to_viewer)


@dataclass(frozen=True, slots=True)
class Randomness:
    """Fresh random bytes for one attempt, 32 each; never used twice."""

    nonce: bytes = field(repr=False)
    scalar: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Schedule:
    """All that one handshake derives: the channel's secrets, and the tags by which each side proves that it has them."""

    secrets: ChannelSecrets = field(repr=False)
    viewer_tag: bytes = field(repr=False)
    agent_tag: bytes = field(repr=False)


def derive(key: bytes, salt: bytes) -> Schedule:
    """The schedule of the shared `key`, bound to the transcript that `salt` hashes (32 bytes)."""

    def derived(label: str) -> bytes:
        return expand(key, salt, label)

    return Schedule(
        ChannelSecrets(derived("viewer to agent"), derived("agent to viewer"), derived("resume"), derived("binding")),
        hmac.digest(derived("viewer confirmation"), salt, "sha256"),
        hmac.digest(derived("agent confirmation"), salt, "sha256"),
    )


def expand(key: bytes, salt: bytes, label: str, *, length: int = KEY_BYTES) -> bytes:
    """HKDF-SHA-512 (RFC 5869) of `key` for the purpose that `label` names."""
    return HKDF(SHA512(), length, salt, f"mainforte-v1 {label}".encode()).derive(key)


def check_tag(tag: bytes, expected: bytes) -> None:
    """Pass silently when the other side's confirmation is the expected one.

    Raises:
        NotAuthentic: it is not.
    """
    if not hmac.compare_digest(tag, expected):
        raise NotAuthentic("the key confirmation does not hold")
