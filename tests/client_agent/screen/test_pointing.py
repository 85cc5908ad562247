import random

import zstandard

from client_agent.screen.encoders.interface import DATA_BYTES_MAX
from client_agent.screen.pointing import Pointing
from client_agent.screen.source import PointerImage, Screen
from protocol.limits import POINTER_SIDE_PX_MAX
from protocol.media_parts import BYTES_PER_PIXEL, PointerShape
from tests.client_agent.screen.memory_desktop import MemoryDesktop

SCREEN = Screen(0, 0, 0, 40, 30, "all")


class NoisyPointer(MemoryDesktop):
    def pointer_image(self) -> PointerImage:
        side = POINTER_SIDE_PX_MAX
        noise = random.Random(1).randbytes(side * side * BYTES_PER_PIXEL)
        return PointerImage(side - 1, side - 1, side, side, noise)


def test_a_pointer_that_does_not_compress_is_sent_smaller_with_its_hot_spot_inside() -> None:
    shape, _ = Pointing(NoisyPointer(SCREEN)).news(SCREEN, 0.0)
    assert isinstance(shape, PointerShape)
    assert len(shape.data) <= DATA_BYTES_MAX
    assert (shape.hot_x < shape.width, shape.hot_y < shape.height) == (True, True)
    assert len(zstandard.ZstdDecompressor().decompress(shape.data)) == shape.width * shape.height * BYTES_PER_PIXEL
