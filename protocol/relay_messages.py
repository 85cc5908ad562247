"""What an end and the relay say to each other about rooms and evidence (PROTOCOL.md, section 2.2). Never about content."""

from typing import Annotated

from msgspec import Meta

from protocol.codec import Decoder, Message
from protocol.limits import ENTRY_BYTES_MAX, RELAY_MESSAGE_BYTES_MAX

RoomNumber = Annotated[str, Meta(pattern=r"\A[0-9]{5}\Z")]
Token = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{16,64}\Z")]
Peer = Annotated[int, Meta(ge=0, lt=2**16)]
Number = Annotated[int, Meta(ge=0, lt=2**53)]
Reason = Annotated[str, Meta(pattern=r"\A[a-z_]{1,40}\Z")]


# --- from a viewer ---------------------------------------------------------------------------------------------------------


class RoomClaimed(Message, frozen=True, tag="room_claimed"):
    """A viewer's first message: the one-use token that the desk's API gave for a room."""

    token: Token


class CandidateAccepted(Message, frozen=True, tag="candidate_accepted"):
    """The key confirmation of the agent that is being tried holds: the room is paired."""


class CandidateRejected(Message, frozen=True, tag="candidate_rejected"):
    """The agent that is being tried does not know the code; try the next one."""


# --- from an agent ---------------------------------------------------------------------------------------------------------


class RoomEntered(Message, frozen=True, tag="room_entered"):
    """An agent's first message; its hello follows at once."""

    room: RoomNumber


class EntrySubmitted(Message, frozen=True, tag="entry_submitted"):
    """An entry of the session log, to be stored and acknowledged."""

    number: Number
    entry: Annotated[str, Meta(max_length=ENTRY_BYTES_MAX)]


# --- from either -----------------------------------------------------------------------------------------------------------


class HeadSubmitted(Message, frozen=True, tag="head_submitted"):
    """A head of the session log, signed by one side or by both, to be kept."""

    note: Annotated[str, Meta(max_length=4096)]


# --- from the relay --------------------------------------------------------------------------------------------------------


class RoomOpened(Message, frozen=True, tag="room_opened"):
    """To a viewer: the room is its own; customers can come until `expires_at` (UTC seconds)."""

    room: RoomNumber
    expires_at: Number


class CandidateArrived(Message, frozen=True, tag="candidate_arrived"):
    """To a viewer: an agent waits, its hello follows; this is attempt `attempt` of three."""

    attempt: Annotated[int, Meta(ge=1, le=3)]


class CandidateLeft(Message, frozen=True, tag="candidate_left"):
    """To a viewer: the agent that was being tried is gone, or took too long."""


class PeerJoined(Message, frozen=True, tag="peer_joined"):
    """To the agent: this viewer is on the line."""

    peer: Peer


class PeerLeft(Message, frozen=True, tag="peer_left"):
    """The other end's connection is gone: to the agent with the viewer's number, to a viewer with 0."""

    peer: Peer


class EntryStored(Message, frozen=True, tag="entry_stored"):
    """To the agent: the entry of this number, and all before it, are kept."""

    number: Number


class EntryNotStored(Message, frozen=True, tag="entry_not_stored"):
    """To the agent: the entry could not be kept now; submit it again later."""

    number: Number


class Refused(Message, frozen=True, tag="refused"):
    """The relay's last word before it closes.

    Reasons: `no_room` (unknown, dead and used rooms answer alike), `too_many_attempts`, `rate_limited`, `bad_token`, `expired`,
    `unexpected` (a message that does not fit here), `too_slow`, `shutting_down`, `desk_unreachable` (nobody can tell now what the
    token opens; try again).
    """

    reason: Reason


FromEnd = RoomClaimed | CandidateAccepted | CandidateRejected | RoomEntered | EntrySubmitted | HeadSubmitted
FromRelay = (
    RoomOpened | CandidateArrived | CandidateLeft | PeerJoined | PeerLeft | EntryStored | EntryNotStored | Refused
)

from_end: Decoder[FromEnd] = Decoder(FromEnd, bytes_max=RELAY_MESSAGE_BYTES_MAX)
from_relay: Decoder[FromRelay] = Decoder(FromRelay, bytes_max=RELAY_MESSAGE_BYTES_MAX)
