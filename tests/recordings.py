"""All that a server holds of a recorded session, read from its disk: the log, what lies beside it, the segments."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from protocol.recording_keys import RecordingKey, Seals, open_recording_key, read_seals
from protocol.session_log import Entry, KeySealed, Opened, parse_entry
from technician_viewer import auditor_key
from technician_viewer.playback import Playback


@dataclass(frozen=True)
class Held:
    """What lies there of one session."""

    texts: list[str]
    beside: dict[int, bytes]
    segments: dict[int, bytes]

    @property
    def entries(self) -> list[Entry]:
        return [parse_entry(text) for text in self.texts]

    @property
    def session(self) -> str:
        opened = self.entries[0].event
        assert isinstance(opened, Opened)
        return opened.session

    @property
    def seals(self) -> Seals:
        return read_seals(self.beside[self.key_sealed.number], self.session)

    @property
    def key_sealed(self) -> Entry:
        return next(entry for entry in self.entries if isinstance(entry.event, KeySealed))

    def key_for(self, keys: auditor_key.AuditorKeys) -> RecordingKey:
        """The recording key, as this auditor opens it."""
        sealed = self.key_sealed.event
        assert isinstance(sealed, KeySealed)
        return RecordingKey(self.session, open_recording_key(self.seals, keys.hpke, sealed.commitment))

    def playback(self, keys: auditor_key.AuditorKeys) -> Playback:
        return Playback(self.entries, self.key_for(keys))


def held_of(folder: Path, session: str) -> Held:
    """What the server of this organisation's folder has of a session."""
    with sqlite3.connect(folder / "database.sqlite3") as database:
        rows = database.execute(
            "select log_entry.number, entry, beside from log_entry join session on session.id = session_id"
            " where session = ? order by log_entry.number",
            (session,),
        ).fetchall()
        kept = database.execute(
            "select segment.number from segment join session on session.id = session_id where session = ?", (session,)
        ).fetchall()
    database.close()
    place = folder / "recordings" / "recordings" / session
    return Held(
        [bytes(entry).decode() for _, entry, _ in rows],
        {number: bytes(beside) for number, _, beside in rows if beside},
        {number: (place / f"{number:06}").read_bytes() for (number,) in kept},
    )
