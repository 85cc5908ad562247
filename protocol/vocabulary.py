"""The words that messages, the session log, tickets and statistics share."""

from enum import StrEnum


class Capability(StrEnum):
    """What a customer can allow."""

    VIEW = "view"
    CONTROL = "control"
    RECORD = "record"
    """That the organisation's auditors may watch it later; nobody's in particular."""
    FILES = "files"
    """To send files here, and to ask for some: which of those leave, the customer chooses one by one."""
    CLIPBOARD = "clipboard"
    """To put text on the customer's clipboard, and to read what the customer copies from then on."""


class Role(StrEnum):
    """In what capacity a certificate's holder takes part."""

    TECHNICIAN = "technician"
    OBSERVER = "observer"
    SUPERVISOR = "supervisor"
    EXPERT = "expert"
    """From outside, by a link of their own: sees, and nothing else."""


class Outcome(StrEnum):
    """How a session ended. Statistics, logs and texts share these names."""

    COMPLETED = "completed"
    """The technician ended it."""
    STOPPED = "stopped"
    """The customer ended it."""
    DECLINED = "declined"
    """The customer said no to the first question."""
    UNANSWERED = "unanswered"
    """The first question timed out, which is a no."""
    WRONG_CODE = "wrong_code"
    """The two ends did not share the secret."""
    ALONE = "alone"
    """Nobody came."""
    DROPPED = "dropped"
    """The connection was lost and did not come back."""
    FAILED = "failed"
    """One end broke a rule of the protocol, or could not go on."""


class Answer(StrEnum):
    """What became of a question to the customer."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"


class Direction(StrEnum):
    """Which way a file goes, or a text of the clipboard."""

    TO_CUSTOMER = "to_customer"
    FROM_CUSTOMER = "from_customer"


class FileOutcome(StrEnum):
    """What became of a file that was to be moved."""

    MOVED = "moved"
    """All of it is there, and it is what left."""
    CANCELLED = "cancelled"
    """The technician no longer wants it."""
    REFUSED = "refused"
    """The customer said no, or stopped this one."""
    WITHDRAWN = "withdrawn"
    """Files are not allowed any more, or not yet."""
    PAUSED = "paused"
    """The customer paused the session."""
    INTERRUPTED = "interrupted"
    """The technician's side is gone, or has lost what it had of it."""
    BUSY = "busy"
    """Another file goes the same way, or there were too many."""
    TOO_LARGE = "too_large"
    NO_ROOM = "no_room"
    """The disk of whoever receives it is full."""
    NOT_WRITABLE = "not_writable"
    """The folder of whoever receives it cannot be written to."""
    UNREADABLE = "unreadable"
    """It cannot be read where it is, or no longer."""
    ALTERED = "altered"
    """It is shorter or longer than was said, or not what left."""


class Preference(StrEnum):
    """What the technician would rather have where the path cannot carry everything. Text is sharp before anything else in each."""

    AUTOMATIC = "automatic"
    SHARPER = "sharper"
    """Fewer pictures, each as good as it can be."""
    SMOOTHER = "smoother"
    """More pictures, coarser while they move."""
    SAVE_DATA = "save_data"
    """As few bytes as will do, also where there is room for more."""


class Bottleneck(StrEnum):
    """Which part holds the picture up most."""

    NONE = "none"
    """Nothing that a person would notice."""
    VIEWER_NETWORK = "viewer_network"
    VIEWER_PROCESSOR = "viewer_processor"
    RELAY = "relay"
    AGENT_NETWORK = "agent_network"
    AGENT_PROCESSOR = "agent_processor"


class Hold(StrEnum):
    """Why the agent applies no input for the moment although control is allowed."""

    PROMPT = "prompt"
    """A prompt, the summary or a menu of the agent is open."""
    PAUSED = "paused"
    """The customer paused the session: no picture either."""
    STOP_KEY = "stop_key"
    """The customer pressed Esc and has not let the technician go on yet."""
    STALE_PICTURE = "stale_picture"
    """The controller has not acknowledged a recent picture."""
    UNRECORDED = "unrecorded"
    """The organisation lets nobody control who is not recorded, and the customer has paused the recording."""


class ClipboardAnswer(StrEnum):
    """What became of a wish of the technician's about the customer's clipboard."""

    PUT = "put"
    """The text is there, for the customer to paste."""
    NOTHING_COPIED = "nothing_copied"
    """The customer has copied nothing since this was allowed; what was there before is nobody's business."""
    MARKED = "marked"
    """A password manager marked what was copied as secret."""
    NOT_TEXT = "not_text"
    """A picture, files, or something that is not written as it says."""
    TOO_LONG = "too_long"
    NO_ANSWER = "no_answer"
    """The program in which it was copied did not hand it over in time."""
    HELD = "held"
    """Nobody may act for the moment."""
    UNAVAILABLE = "unavailable"
    """The customer's machine cannot do that, or it was done too often in one session."""


class RecordingState(StrEnum):
    """How it stands with the recording, as everybody who takes part is told."""

    UNAVAILABLE = "unavailable"
    """The organisation records nothing, names no auditors, or nobody vouches for it."""
    OFF = "off"
    """The customer has not allowed it, or no longer does."""
    ON = "on"
    PAUSED = "paused"
