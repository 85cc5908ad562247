"""The shapes beside sentences, the same ones on the bar and on the technician's page."""

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """The shape beside a sentence."""

    EYE = "eye"
    HAND = "hand"
    NO_HAND = "no_hand"
    STOP = "stop"
    PAUSE = "pause"
    BROKEN = "broken"
    VERIFIED = "verified"
    WARNING = "warning"
    WAIT = "wait"
    RECORD = "record"
    NO_RECORD = "no_record"
    KEY = "key"
    MESSAGE = "message"
    FILE_IN = "file_in"
    FILE_OUT = "file_out"
    CLIPBOARD = "clipboard"


@dataclass(frozen=True)
class Marked:
    """A sentence and its shape."""

    mark: Mark
    text: str
