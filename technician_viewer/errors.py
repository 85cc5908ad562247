"""What can go wrong on the technician's side, apart from what `protocol.errors` already names.

AssistanceError
├── NotReachable     the relay does not answer, or its certificate does not verify
├── DeskRefused      the desk's API says no, with a status and a word
├── RoomRefused      the relay closes the room: expired, a used token, too slow ...
│   └── CodeUsedUp   three attempts at the code failed; somebody may be guessing
├── NotAllowed       the customer was asked, and it is a no
├── FileNotMoved     a file did not arrive, and why
├── NotShared        the customer's clipboard does not take a text, or give one, and why
├── InputHeld        input cannot go to the customer now, and why
└── SessionOver      there is nothing to wait for any more
"""

from collections.abc import Sequence

from protocol.vocabulary import Capability, ClipboardAnswer, FileOutcome, Outcome


class AssistanceError(Exception):
    """Anything that keeps a technician, or a program in their place, from going on."""


class NotReachable(AssistanceError):
    """The relay does not answer, or not as a relay."""


class DeskRefused(AssistanceError):
    """The desk does not carry a request out."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}")
        self.status, self.reason = status, reason


class RoomRefused(AssistanceError):
    """The relay's last word about the room; the reasons are those of `protocol.relay_messages.Refused`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CodeUsedUp(RoomRefused):
    """Three attempts at this code have failed: it is of no use any more, and nothing was shown."""

    def __init__(self) -> None:
        super().__init__("too_many_attempts")


class NotAllowed(AssistanceError):
    """The customer's answer does not hold the capability; `why` is `refused`, `timed_out` or `not_stored`."""

    def __init__(self, capability: Capability, why: str) -> None:
        super().__init__(f"{capability}: {why}")
        self.capability, self.why = capability, why


class NotShared(AssistanceError):
    """A wish about the customer's clipboard was not fulfilled."""

    def __init__(self, answer: ClipboardAnswer) -> None:
        super().__init__(answer)
        self.answer = answer


class InputHeld(AssistanceError):
    """Input would not be applied: `not_allowed`, `late_picture`, or the holds of `protocol.vocabulary.Hold`."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(", ".join(reasons))
        self.reasons = tuple(reasons)


class FileNotMoved(AssistanceError):
    """A file did not arrive, and why."""

    def __init__(self, outcome: FileOutcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class SessionOver(AssistanceError):
    """The session has ended, with this outcome; DROPPED where the connection is gone."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome
