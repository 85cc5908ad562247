"""The first meeting: two strangers with one short code (PROTOCOL.md, section 4)."""

import secrets
from dataclasses import dataclass

from client_agent.relay_link import RelayUnreachable
from client_agent.session.line import Line
from protocol.envelope import Envelope, Kind
from protocol.errors import WrongSupportCode
from protocol.handshake import AgentHandshake, Offer
from protocol.key_schedule import ChannelSecrets, Randomness
from protocol.relay_messages import PeerJoined, PeerLeft, Refused, RoomEntered, from_relay
from protocol.support_code import SupportCode


class RoomRefused(Exception):
    """The relay did not let us into the room, for `reason` (see `Refused`)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def fresh_randomness() -> Randomness:
    """For one handshake."""
    return Randomness(secrets.token_bytes(32), secrets.token_bytes(32))


@dataclass(frozen=True, slots=True)
class Paired:
    """What the first viewer and the agent agreed on."""

    secrets: ChannelSecrets
    peer: int
    """The viewer's number at the relay."""
    codecs: frozenset[str]
    """The forms of pixels that the viewer decodes."""


async def find_room(line: Line, code: SupportCode, fingerprint: bytes, offer: Offer) -> Paired:
    """Enter the room, at whichever node of the relay it is, and agree on a channel. Arguments and errors as of `shake_hands`."""
    for others in range(line.node_count - 1, -1, -1):
        try:
            return await shake_hands(line, code, fingerprint, offer)
        except RoomRefused as refused:
            # A node knows only its own rooms, and says of the others that there are none.
            if refused.reason != "no_room" or not others:
                raise
            try:
                await line.go_to_next()
            except RelayUnreachable:
                raise refused from None
    raise AssertionError("there is always a node")


async def shake_hands(line: Line, code: SupportCode, fingerprint: bytes, offer: Offer) -> Paired:
    """Enter the room and agree on a channel.

    Args:
        fingerprint: of the organisation's root, 32 bytes.

    Raises:
        RoomRefused: the relay let nobody in, or nobody answered.
        WrongSupportCode: whoever is in the room does not share the code.
    """
    handshake = AgentHandshake(code, fingerprint, offer, fresh_randomness())
    line.tell_relay(RoomEntered(code.room))
    line.send(Kind.HANDSHAKE, handshake.hello)
    async for envelope in line.envelopes():
        match envelope:
            case Envelope(Kind.RELAY, _, content):
                match from_relay.decode(content):
                    case Refused(reason):
                        raise RoomRefused(reason)
                    case PeerJoined(peer) if handshake.channel and handshake.viewer:
                        return Paired(handshake.channel, peer, frozenset(handshake.viewer.codecs))
                    case PeerLeft():
                        raise RoomRefused("alone")
            case Envelope(Kind.HANDSHAKE, _, content):
                for answer in handshake.receive(content):
                    line.send(Kind.HANDSHAKE, answer)
    raise WrongSupportCode("the connection ended before the codes were compared")
