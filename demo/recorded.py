"""The auditor, who has the keys and all that the server holds of a session, and sees what the technician saw."""

import io
import json
from pathlib import Path

from PIL import Image, ImageChops

from demo.organisation import PASSWORD, Organisation
from protocol.session_log import KeySealed, parse_entry
from technician_viewer import auditor_key
from tests.recordings import held_of


def play_recording(organisation: Organisation, log: Path, to: Path) -> dict[str, object]:
    """Play a session's recording from its beginning, and write its last picture; gives what was seen on the way."""
    first = json.loads(json.loads(log.read_text())["entries"][0])
    held = held_of(organisation.folder, first["event"]["session"])
    keys = auditor_key.load(organisation.auditor_key, PASSWORD)
    assert isinstance(held.key_sealed.event, KeySealed)
    playback, pictures, clicks = held.playback(keys), 0, 0
    for segment in playback.segments:
        for moment in playback.play(segment.segment, held.segments[segment.segment]):
            pictures += 1
            clicks += sum(part.kind == "button" for part in moment.applied)
    shown = playback.pictures.of(playback.pictures.screens[0].number)
    shown.image().save(to)
    notes = [entry.number for entry in map(parse_entry, held.texts) if type(entry.event).__name__ == "Noted"]
    read = [json.loads(held.key_for(keys).open_content(held.beside[number]))["text"] for number in notes]
    return {"segments": len(playback.segments), "pictures": pictures, "clicks": clicks, "notes": read}


def same_pixels(path: Path, png: bytes) -> bool:
    """Whether two pictures are the same, pixel for pixel."""
    one, other = (Image.open(each).convert("RGB") for each in (path, io.BytesIO(png)))
    return one.size == other.size and ImageChops.difference(one, other).getbbox() is None
