"""Notes and marks of those who take part: for the auditors, beside the log, never overwritten (PROTOCOL.md, section 14.3)."""

from client_agent.session.recording import Recording
from client_agent.session.voices import Voices
from protocol.consent import ViewerId
from protocol.limits import NOTES_MAX
from protocol.session_log import Noted


class Notes:
    """What was noted so far: by whom, by the number of the entry with the first version."""

    def __init__(self, voices: Voices, recording: Recording) -> None:
        self._voices, self._recording = voices, recording
        self._writers: dict[int, ViewerId] = {}
        self._count = 0

    def write(self, viewer: ViewerId, revises: int, text: str, shown_ms: int) -> None:
        """Keep a new note, or a version of one of the viewer's own; nothing happens where there is nobody to read it later."""
        if not self._recording.is_available or self._count >= NOTES_MAX:
            return
        if revises and self._writers.get(revises) != viewer:
            return
        self._count += 1
        sealed, its_hash = self._recording.seal({"text": text})
        number = self._voices.write(Noted(viewer, revises, shown_ms, its_hash), sealed)
        if not revises:
            self._writers[number] = viewer
