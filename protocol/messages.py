"""What each side can say inside the sealed channel (PROTOCOL.md, section 5.3).

Names are past tense: a message tells what its sender did or what became true there; the other side decides what follows.
Coordinates are device pixels from the top left of the named screen; times are UTC milliseconds.
"""

from typing import Annotated

from msgspec import Meta

from protocol.codec import Decoder, Message
from protocol.limits import (
    CLIPBOARD_PIECE_CHARACTERS_MAX,
    CLIPBOARD_PIECES_MAX,
    CONTROL_MESSAGE_BYTES_MAX,
    ENTRY_BYTES_MAX,
    FILE_BYTES_MAX,
    FILE_NAME_CHARACTERS_MAX,
    FILE_PART_BYTES_MAX,
    MEASURED_MS_MAX,
    PEERS_PER_ROOM_MAX,
    PROMPT_S_MAX,
    SCREEN_SIDE_PX_MAX,
    SCREENS_MAX,
    TEXT_TYPED_CHARACTERS_MAX,
)
from protocol.text import Line, SaidText, Text
from protocol.vocabulary import (
    Answer,
    Bottleneck,
    Capability,
    ClipboardAnswer,
    FileOutcome,
    Hold,
    Outcome,
    Preference,
    RecordingState,
    Role,
)

SafeInt = Annotated[int, Meta(ge=0, lt=2**53)]
ScreenNumber = Annotated[int, Meta(ge=0, lt=SCREENS_MAX)]
Px = Annotated[int, Meta(ge=0, lt=SCREEN_SIDE_PX_MAX)]
Key = Annotated[bytes, Meta(min_length=32, max_length=32)]
Signature = Annotated[bytes, Meta(min_length=64, max_length=64)]
Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]
EntryText = Annotated[str, Meta(max_length=ENTRY_BYTES_MAX)]
NoteText = Annotated[str, Meta(max_length=4096)]
Ms = Annotated[int, Meta(ge=0, le=MEASURED_MS_MAX)]
"""How long something took; what took longer counts as that."""
KeyCode = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9]{1,32}\Z")]
Participant = Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
"""The serial number of a participant's certificate."""
FileName = Annotated[str, Meta(min_length=1, max_length=FILE_NAME_CHARACTERS_MAX)]
"""As whoever sends it calls it: anything at all. Whoever receives it makes a safe name of it."""
FileBytes = Annotated[int, Meta(ge=0, le=FILE_BYTES_MAX)]
Proof = Annotated[bytes, Meta(max_length=4096)]
ClipboardPiece = Annotated[
    str, Meta(max_length=CLIPBOARD_PIECE_CHARACTERS_MAX, pattern=r"\A[^\x00-\x08\x0b-\x1f\x7f-\x9f]*\Z")
]
"""Part of a text on its way from one clipboard to the other: no control character but tab and newline (section 5.5)."""
PieceNumber = Annotated[int, Meta(ge=0, lt=CLIPBOARD_PIECES_MAX)]
Pieces = Annotated[int, Meta(ge=1, le=CLIPBOARD_PIECES_MAX)]


# --- from the technician ---------------------------------------------------------------------------------------------------


class Introduced(Message, frozen=True, tag="introduced"):
    """Who the technician is and what for: the first message, exactly once (section 4.5).

    `certificate` is a signed certificate (protocol/identity.py) as text; `signature` is the certificate's key over label,
    channel binding and this message with an empty signature. `proofs` is empty in version 1.
    """

    certificate: Annotated[str, Meta(max_length=4096)]
    ticket: Line
    subject: Line
    reason: Text
    asks: Capability
    proofs: Annotated[list[Proof], Meta(max_length=8)]
    signature: Annotated[bytes, Meta(max_length=64)]


class Returned(Message, frozen=True, tag="returned"):
    """The first message after a resume: the certificate's key signs the new channel's binding, and the agent checks both (section 11)."""

    signature: Signature


class AccessAsked(Message, frozen=True, tag="access_asked"):
    """A request for one more capability; the customer is asked in a prompt of its own."""

    capability: Capability
    reason: Text


class ControlGivenBack(Message, frozen=True, tag="control_given_back"):
    """The technician needs control no longer."""


class HandedOver(Message, frozen=True, tag="handed_over"):
    """Whoever leads the session makes another participant lead it; a capability does not pass with it."""

    participant: Participant


class Left(Message, frozen=True, tag="left"):
    """This viewer leaves; the session goes on for the others. The last technician who leaves ends it."""


class ScreenChosen(Message, frozen=True, tag="screen_chosen"):
    """From now on the technician looks at this screen; the agent may leave the others out."""

    screen: ScreenNumber


class KeyPictureAsked(Message, frozen=True, tag="key_picture_asked"):
    """The decoder has lost its state and needs a picture that builds on nothing."""


class PictureShown(Message, frozen=True, tag="picture_shown"):
    """The picture of this number, and all before it, is on the technician's canvas."""

    picture: SafeInt


class PreferenceChosen(Message, frozen=True, tag="preference_chosen"):
    """What the technician would rather have where the path is narrow; counts while this viewer sets the pace."""

    preference: Preference


class DrawingTimed(Message, frozen=True, tag="drawing_timed"):
    """How long pictures took here of late, from the arrival of the last record to the canvas: the median."""

    took_ms: Ms


class PointerMoved(Message, frozen=True, tag="pointer_moved"):
    """The technician's pointer, made on the picture of this number."""

    screen: ScreenNumber
    x: Px
    y: Px
    picture: SafeInt


class PointerButton(Message, frozen=True, tag="pointer_button"):
    """A button of the mouse: 0 left, 1 middle, 2 right, 3 back, 4 forward (UI Events, MouseEvent.button)."""

    screen: ScreenNumber
    x: Px
    y: Px
    button: Annotated[int, Meta(ge=0, le=4)]
    is_down: bool
    picture: SafeInt


class WheelTurned(Message, frozen=True, tag="wheel_turned"):
    """The wheel, in 120ths of a notch; positive is right and down (UI Events, WheelEvent)."""

    screen: ScreenNumber
    x: Px
    y: Px
    right: Annotated[int, Meta(ge=-12000, le=12000)]
    down: Annotated[int, Meta(ge=-12000, le=12000)]
    picture: SafeInt


class KeyChanged(Message, frozen=True, tag="key_changed"):
    """A physical key, named as KeyboardEvent.code (UI Events KeyboardEvent code Values)."""

    code: KeyCode
    is_down: bool


class TextTyped(Message, frozen=True, tag="text_typed"):
    """Characters to appear as they are, whatever layout the customer's keyboard has. Newline is Enter, tab is Tab."""

    text: Annotated[
        str, Meta(min_length=1, max_length=TEXT_TYPED_CHARACTERS_MAX, pattern=r"\A[^\x00-\x08\x0b-\x1f\x7f-\x9f]*\Z")
    ]


class InputReleased(Message, frozen=True, tag="input_released"):
    """Nothing is held any more: every key and button that is down comes up."""


class NoteWritten(Message, frozen=True, tag="note_written"):
    """A note for the auditors, about what the picture of this number shows; without text it only marks the moment.

    `revises` is the number of the log entry with the note's first version, 0 for a new note.
    """

    revises: SafeInt
    text: Text
    picture: SafeInt


class ChatWritten(Message, frozen=True, tag="chat_written"):
    """Something for everybody who takes part to read; the agent answers with `ChatSaid`, to all, or `ChatRefused`."""

    text: SaidText


class FileOffered(Message, frozen=True, tag="file_offered"):
    """A file for the customer. `transfer` is a number that this viewer has not used for another one (section 16)."""

    transfer: SafeInt
    name: FileName
    bytes: FileBytes


class FileAsked(Message, frozen=True, tag="file_asked"):
    """A request for a file: the customer reads what for, and chooses one or says no."""

    transfer: SafeInt
    what: Text


class ClipboardPut(Message, frozen=True, tag="clipboard_put"):
    """Piece `number`, from 0 on, of a text of `pieces` that is to be on the customer's clipboard; the last one puts it there."""

    number: PieceNumber
    pieces: Pieces
    text: ClipboardPiece


class ClipboardAsked(Message, frozen=True, tag="clipboard_asked"):
    """The text that the customer copied last, since this was allowed, is wanted: it comes, or an answer says why not."""


class HeadSigned(Message, frozen=True, tag="head_signed"):
    """The same head with the technician's signature added: received, in this order."""

    note: NoteText


# --- from the agent --------------------------------------------------------------------------------------------------------


class Welcomed(Message, frozen=True, tag="welcomed"):
    """The introduction holds and the customer is about to be asked. `agent_key` signs the log (Ed25519)."""

    agent_key: Key
    participant: Line
    system: Line


class PromptOpened(Message, frozen=True, tag="prompt_opened"):
    """The customer is reading a question; without an answer it is a no after `seconds`."""

    capability: Capability
    seconds: Annotated[int, Meta(ge=1, le=PROMPT_S_MAX)]


class PromptClosed(Message, frozen=True, tag="prompt_closed"):
    """The customer's answer; an allowed capability comes into force with the `AccessChanged` that follows."""

    capability: Capability
    answer: Answer


class AccessChanged(Message, frozen=True, tag="access_changed"):
    """All that this technician may do now, and what holds input back. Replaces what was said before."""

    capabilities: Annotated[list[Capability], Meta(max_length=8)]
    holds: Annotated[list[Hold], Meta(max_length=8)]
    until_ms: SafeInt


class AccessNotStored(Message, frozen=True, tag="access_not_stored"):
    """The customer said yes, but the relay did not keep the entry in time: nothing is granted."""

    capability: Capability


class RecordingChanged(Message, frozen=True, tag="recording_changed"):
    """How it stands with the recording. Replaces what was said before."""

    state: RecordingState


class ParticipantShown(Message, frozen=True):
    """One of those who watch, as everybody sees it."""

    participant: Participant
    name: Line
    role: Role
    capabilities: Annotated[list[Capability], Meta(max_length=8)]
    leads: bool
    is_present: bool


class ParticipantsChanged(Message, frozen=True, tag="participants_changed"):
    """Who is there, in the order in which they came. Replaces what was said before."""

    participants: Annotated[list[ParticipantShown], Meta(max_length=PEERS_PER_ROOM_MAX)]


class SentAway(Message, frozen=True, tag="sent_away"):
    """The customer no longer wants this viewer, or did not want it to join; nothing follows."""

    by: Annotated[str, Meta(pattern=r"\A(customer|time)\Z")]


class ChatSaid(Message, frozen=True, tag="chat_said"):
    """A line of the conversation, in the order in which they were said; `entry` is the number of the log's entry about it.

    `participant` is empty for the customer, whose name the agent does not know.
    """

    entry: SafeInt
    participant: Annotated[str, Meta(pattern=r"\A([0-9a-f]{32})?\Z")]
    name: Line
    at_ms: SafeInt
    text: SaidText


class ChatRefused(Message, frozen=True, tag="chat_refused"):
    """What this viewer wrote, the oldest that was not answered yet, was not said: it came too fast, or the conversation is full."""

    why: Annotated[str, Meta(pattern=r"\A(too_fast|full)\Z")]


class EpochStarted(Message, frozen=True, tag="epoch_started"):
    """The key of the media records of this epoch, from this counter on (section 7.1)."""

    epoch: SafeInt
    key: Key
    first_counter: SafeInt


class MediaReached(Message, frozen=True, tag="media_reached"):
    """The newest media counter the agent has sent, within half a second: a withheld picture is noticed (section 8)."""

    counter: SafeInt
    picture: SafeInt


class PathMeasured(Message, frozen=True, tag="path_measured"):
    """How the way from the customer's screen to the canvas of whoever sets the pace is now, at most once a second (section 7.6).

    `round_trip_ms` is from a picture's leaving to hearing that it is shown, `rate_kbit` what was delivered, in 1000 bits a second.
    The parts: there and back between agent and relay, and between relay and viewer; waiting inside the relay; making a picture;
    drawing it.
    """

    preference: Preference
    bottleneck: Bottleneck
    round_trip_ms: Ms
    rate_kbit: SafeInt
    agent_ms: Ms
    relay_ms: Ms
    viewer_ms: Ms
    making_ms: Ms
    drawing_ms: Ms


class InputDropped(Message, frozen=True, tag="input_dropped"):
    """Input that arrived was not applied, and why; sent once for a run of them."""

    hold: Hold


class ClipboardSent(Message, frozen=True, tag="clipboard_sent"):
    """Piece `number`, from 0 on, of the text of `pieces` that the customer copied, as it was asked for."""

    number: PieceNumber
    pieces: Pieces
    text: ClipboardPiece


class ClipboardAnswered(Message, frozen=True, tag="clipboard_answered"):
    """The text is on the customer's clipboard, or why a wish about it was not fulfilled."""

    answer: ClipboardAnswer


class EntryAppended(Message, frozen=True, tag="entry_appended"):
    """A new entry of the session log, as the exact text that was stored."""

    entry: EntryText


class HeadOffered(Message, frozen=True, tag="head_offered"):
    """A head of the session log that the agent signed; the technician answers with `HeadSigned`."""

    note: NoteText


class FileChosen(Message, frozen=True, tag="file_chosen"):
    """The customer chose a file for the request of this number."""

    transfer: SafeInt
    name: FileName
    bytes: FileBytes


# --- from either -----------------------------------------------------------------------------------------------------------


class Pinged(Message, frozen=True, tag="pinged"):
    """Proof of life from either side, where nothing else was said (section 8)."""

    at_ms: SafeInt


class FileReceived(Message, frozen=True, tag="file_received"):
    """So many bytes of the file are safe here; the first one, with 0, says that it may begin."""

    transfer: SafeInt
    bytes: FileBytes


class FilePart(Message, frozen=True, tag="file_part"):
    """The next bytes of the file, from `offset` on."""

    transfer: SafeInt
    offset: FileBytes
    data: Annotated[bytes, Meta(min_length=1, max_length=FILE_PART_BYTES_MAX)]


class FileCompleted(Message, frozen=True, tag="file_completed"):
    """There is no more of it; `hash` is SHA-256 of all that was read."""

    transfer: SafeInt
    hash: Hash


class FileClosed(Message, frozen=True, tag="file_closed"):
    """The transfer is over: what became of it. That it was moved only its receiver says."""

    transfer: SafeInt
    outcome: FileOutcome


class Ended(Message, frozen=True, tag="ended"):
    """The session is over; nothing follows."""

    outcome: Outcome


FromViewer = (
    Introduced
    | Returned
    | AccessAsked
    | ControlGivenBack
    | HandedOver
    | Left
    | ScreenChosen
    | KeyPictureAsked
    | PictureShown
    | PreferenceChosen
    | DrawingTimed
    | PointerMoved
    | PointerButton
    | WheelTurned
    | KeyChanged
    | TextTyped
    | InputReleased
    | NoteWritten
    | ChatWritten
    | FileOffered
    | FileAsked
    | FileReceived
    | FilePart
    | FileCompleted
    | FileClosed
    | ClipboardPut
    | ClipboardAsked
    | HeadSigned
    | Pinged
    | Ended
)

FromAgent = (
    Welcomed
    | PromptOpened
    | PromptClosed
    | AccessChanged
    | AccessNotStored
    | RecordingChanged
    | ParticipantsChanged
    | SentAway
    | ChatSaid
    | ChatRefused
    | EpochStarted
    | MediaReached
    | PathMeasured
    | InputDropped
    | ClipboardSent
    | ClipboardAnswered
    | EntryAppended
    | HeadOffered
    | FileChosen
    | FileReceived
    | FilePart
    | FileCompleted
    | FileClosed
    | Pinged
    | Ended
)

# Input is never sent twice (section 5.2): what a cut swallowed was meant for a picture that is gone.
INPUT = (PointerMoved, PointerButton, WheelTurned, KeyChanged, TextTyped, InputReleased)

from_viewer: Decoder[FromViewer] = Decoder(FromViewer, bytes_max=CONTROL_MESSAGE_BYTES_MAX)
from_agent: Decoder[FromAgent] = Decoder(FromAgent, bytes_max=CONTROL_MESSAGE_BYTES_MAX)
