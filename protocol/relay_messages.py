"""What an end and the relay say to each other about rooms and evidence (PROTOCOL.md, section 2.2). Never about content."""

from typing import Annotated

from msgspec import Meta

from protocol.codec import Decoder, Message
from protocol.limits import (
    ATTEMPTS_PER_CODE,
    BESIDE_BYTES_MAX,
    ENTRY_BYTES_MAX,
    MEASURED_MS_MAX,
    RELAY_MESSAGE_BYTES_MAX,
    SEGMENT_BYTES_MAX,
    SEGMENT_PART_BYTES_MAX,
)
from protocol.log_of_sessions import Logged

RoomNumber = Annotated[str, Meta(pattern=r"\A[0-9]{5}\Z")]
Token = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{16,64}\Z")]
Peer = Annotated[int, Meta(ge=0, lt=2**16)]
Number = Annotated[int, Meta(ge=0, lt=2**53)]
Attempt = Annotated[int, Meta(ge=1, le=ATTEMPTS_PER_CODE)]
Session = Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
Signature = Annotated[bytes, Meta(min_length=64, max_length=64)]
Ms = Annotated[int, Meta(ge=0, le=MEASURED_MS_MAX)]
Reason = Annotated[str, Meta(pattern=r"\A[a-z_]{1,40}\Z")]


# --- from a viewer ---------------------------------------------------------------------------------------------------------


class RoomClaimed(Message, frozen=True, tag="room_claimed"):
    """A viewer's first message: the one-use token that the desk's API gave for a room."""

    token: Token


class CandidateAccepted(Message, frozen=True, tag="candidate_accepted"):
    """The key confirmation of the agent tried in this attempt holds: the room is paired."""

    attempt: Attempt


class CandidateRejected(Message, frozen=True, tag="candidate_rejected"):
    """The agent tried in this attempt does not know the code; try the next one."""

    attempt: Attempt


class ViewerCame(Message, frozen=True, tag="viewer_came"):
    """The first message of a viewer that comes back after a cut, or joins: its certificate, which names the session.

    `signature` is the certificate's key over the label `mainforte-v1 arrival`, and `ARRIVAL` of session and time (section 2.5).
    """

    certificate: Annotated[str, Meta(max_length=4096)]
    at_ms: Number
    signature: Signature


# --- from an agent ---------------------------------------------------------------------------------------------------------


class RoomEntered(Message, frozen=True, tag="room_entered"):
    """An agent's first message; its hello follows at once."""

    room: RoomNumber


class AgentCame(Message, frozen=True, tag="agent_came"):
    """The first message of an agent that comes back after a cut; signed as by a viewer, with the key in the log's first entry."""

    session: Session
    at_ms: Number
    signature: Signature


class PeerAdmitted(Message, frozen=True, tag="peer_admitted"):
    """From now on pictures go to this viewer too. Whoever `sets_pace` slows the agent down when their path is full; others are cut off."""

    peer: Peer
    sets_pace: bool


class PeerDismissed(Message, frozen=True, tag="peer_dismissed"):
    """This viewer is not wanted: the relay closes its connection."""

    peer: Peer


class EntrySubmitted(Message, frozen=True, tag="entry_submitted"):
    """An entry of the session log, to be stored and acknowledged, with what lies beside it: sealed, and empty for most."""

    number: Number
    entry: Annotated[str, Meta(max_length=ENTRY_BYTES_MAX)]
    beside: Annotated[bytes, Meta(max_length=BESIDE_BYTES_MAX)]


class SegmentOpened(Message, frozen=True, tag="segment_opened"):
    """From here on the media records to all and to the store are those of this segment of the recording, until it is completed."""

    segment: Number


class SegmentPart(Message, frozen=True, tag="segment_part"):
    """Bytes of a segment that is sent again, because it is not known to be kept; `offset` is where they belong."""

    segment: Number
    offset: Annotated[int, Meta(ge=0, lt=SEGMENT_BYTES_MAX)]
    data: Annotated[bytes, Meta(max_length=SEGMENT_PART_BYTES_MAX)]


class SegmentCompleted(Message, frozen=True, tag="segment_completed"):
    """All records of this segment have been sent, SHA-256 of it as in the log: to be kept and acknowledged."""

    segment: Number
    hash: Annotated[bytes, Meta(min_length=32, max_length=32)]


# --- from either -----------------------------------------------------------------------------------------------------------


class HeadSubmitted(Message, frozen=True, tag="head_submitted"):
    """A head of the session log, signed by one side or by both, to be kept."""

    note: Annotated[str, Meta(max_length=4096)]


# --- from the relay --------------------------------------------------------------------------------------------------------


class RoomOpened(Message, frozen=True, tag="room_opened"):
    """To a viewer: the room is its own; customers can come until `expires_at` (UTC seconds)."""

    room: RoomNumber
    expires_at: Number


class AgentPresent(Message, frozen=True, tag="agent_present"):
    """To a viewer that came back or joins: the agent is on the line, and waits for its hello."""


class CandidateArrived(Message, frozen=True, tag="candidate_arrived"):
    """To a viewer: an agent waits, its hello follows; this is attempt `attempt` of three."""

    attempt: Attempt


class CandidateLeft(Message, frozen=True, tag="candidate_left"):
    """To a viewer: the agent that was being tried is gone, or took too long."""


class PeerJoined(Message, frozen=True, tag="peer_joined"):
    """To the agent: this viewer is on the line. The first has just been accepted; of any other the hello follows (sections 11, 12)."""

    peer: Peer


class PeerLeft(Message, frozen=True, tag="peer_left"):
    """The other end's connection is gone: to the agent with the viewer's number, to a viewer with 0."""

    peer: Peer


class PeerShutOut(Message, frozen=True, tag="peer_shut_out"):
    """To the agent: the organisation lets this viewer in no more; it does not come back."""

    peer: Peer


class EntryStored(Message, frozen=True, tag="entry_stored"):
    """To the agent: the entry of this number, and all before it, are kept."""

    number: Number


class EntryLogged(Message, frozen=True, tag="entry_logged"):
    """To the agent: what the log of all sessions says of this entry, proven (section 13). Only of some entries there is anything to say."""

    number: Number
    logged: Logged


class EntryNotStored(Message, frozen=True, tag="entry_not_stored"):
    """To the agent: the entry could not be kept now; submit it again later."""

    number: Number


class LegsMeasured(Message, frozen=True, tag="legs_measured"):
    """To the agent: there and back between relay and agent, between relay and whoever sets the pace, and what the relay itself adds.

    Measured with the WebSocket's own pings, which wait behind whatever is on its way; sent when it has changed, once a second at most.
    """

    agent_ms: Ms
    viewer_ms: Ms
    relay_ms: Ms


class SegmentStored(Message, frozen=True, tag="segment_stored"):
    """To the agent: this segment of the recording is kept."""

    segment: Number


class SegmentNotStored(Message, frozen=True, tag="segment_not_stored"):
    """To the agent: this segment could not be kept, or did not arrive as it was signed; send its records again later."""

    segment: Number


class Refused(Message, frozen=True, tag="refused"):
    """The relay's last word before it closes.

    Reasons: `no_room` (unknown, dead and used rooms answer alike), `too_many_attempts`, `rate_limited`, `bad_token`, `expired`,
    `unexpected` (a message that does not fit here), `too_slow`, `dismissed` (the agent does not want it), `replaced` (the same end
    has come again), `shutting_down`, `desk_unreachable` (nobody can tell now what the token or the signature opens; try again).
    """

    reason: Reason


FromEnd = (
    RoomClaimed
    | CandidateAccepted
    | CandidateRejected
    | ViewerCame
    | RoomEntered
    | AgentCame
    | PeerAdmitted
    | PeerDismissed
    | EntrySubmitted
    | SegmentOpened
    | SegmentPart
    | SegmentCompleted
    | HeadSubmitted
)
FromRelay = (
    RoomOpened
    | AgentPresent
    | CandidateArrived
    | CandidateLeft
    | PeerJoined
    | PeerLeft
    | PeerShutOut
    | EntryStored
    | EntryLogged
    | EntryNotStored
    | LegsMeasured
    | SegmentStored
    | SegmentNotStored
    | Refused
)

from_end: Decoder[FromEnd] = Decoder(FromEnd, bytes_max=RELAY_MESSAGE_BYTES_MAX)
from_relay: Decoder[FromRelay] = Decoder(FromRelay, bytes_max=RELAY_MESSAGE_BYTES_MAX)
