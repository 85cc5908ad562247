"""benchmarks/forms.py: every byte of a record belongs to one form."""

import numpy as np

from benchmarks.forms import FORMS, counted
from client_agent.screen import abilities
from client_agent.screen.encoders.zstd_frames import ZstdFrames
from client_agent.screen.source import Box
from protocol.media_codec import write_part
from protocol.media_parts import Copy, Part, PictureEnd, VideoEnded
from tests.client_agent.screen.array_desktop import photo

BOX = Box(0, 0, 64, 64)


def test_each_part_counts_with_all_its_bytes_for_what_it_is() -> None:
    pixels = memoryview(np.ascontiguousarray(photo(64, 64)).tobytes())
    parts: dict[str, list[Part]] = {
        "copies": [Copy(0, 0, 0, 8, 8, 16, 16)],
        "exact pixels": list(ZstdFrames().rectangles(0, BOX, pixels, data_bytes=65_536)),
        "photos": list(abilities.jpeg(80).rectangles(0, BOX, pixels, data_bytes=65_536)),
        "made exact again": list(abilities.planes().rectangles(0, BOX, pixels, data_bytes=65_536)),
        "all else": [VideoEnded(0), PictureEnd(1, False, 0)],
    }
    expected = {form: sum(len(write_part(part)) for part in of) for form, of in parts.items()}
    assert counted([part for of in parts.values() for part in of]) == expected
    assert set(expected) | {"films"} == set(FORMS)
