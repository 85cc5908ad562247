"""From newly captured pixels to what viewers have to be told: what moved, what changed, and what of it looks like a photo."""

from dataclasses import dataclass
from typing import Protocol

from client_agent.screen.memory import PictureMemory
from client_agent.screen.source import Box
from protocol.media_parts import BYTES_PER_PIXEL

Captured = bytes | bytearray | memoryview

# Unchanged rows up to this many in a row are sent along rather than cutting a box in two.
_GAP_ROWS = 32


@dataclass(frozen=True, slots=True)
class Copied:
    """What was at another place before is at `to` now, for the most part."""

    from_x: int
    from_y: int
    to: Box


@dataclass(frozen=True, slots=True)
class Changed:
    """New pixels."""

    box: Box
    is_photo: bool = False


Step = Copied | Changed


def area_of(steps: list[Step]) -> int:
    """How many pixels are new."""
    return sum(step.box.area for step in steps if isinstance(step, Changed))


class Finder(Protocol):
    """Finds the steps from what is remembered to what was captured, and remembers it."""

    def find(
        self,
        memory: PictureMemory,
        box: Box,
        pixels: Captured,
        *,
        may_copy: bool,
        may_lose: bool,
    ) -> list[Step]:
        """Take the pixels of `box` into the memory.

        Args:
            may_copy: whether the steps may hold copies.
            may_lose: whether it is worth knowing what looks like a photo.

        Returns:
            The steps in the order in which they have to be taken; empty where nothing changed.
        """

    def all_of(self, memory: PictureMemory, box: Box, pixels: Captured, *, may_lose: bool) -> list[Step]:
        """Take the pixels of `box` into the memory, all of them as changed: nobody knows what was there before."""

    def take(self, memory: PictureMemory, box: Box, pixels: Captured) -> int:
        """Take the pixels of `box` into the memory; gives about how many have changed, 0 only where none has."""

    def moved(self, memory: PictureMemory, move: Copied, pixels: Captured) -> list[Box] | None:
        """Do what the system says was moved to the memory, where `pixels`, captured at its new place, show that it is worth a copy.

        Returns:
            What the copy gets wrong, as boxes of the screen, which the memory does not hold yet; None where there was none.
        """


class RowFinder:
    """Compares row by row; knows no copies and no photos, and needs no other package."""

    def all_of(self, memory: PictureMemory, box: Box, pixels: Captured, *, may_lose: bool) -> list[Step]:
        memory.put(box, pixels)
        return [Changed(box)]

    def find(
        self,
        memory: PictureMemory,
        box: Box,
        pixels: Captured,
        *,
        may_copy: bool,
        may_lose: bool,
    ) -> list[Step]:
        row = box.width * BYTES_PER_PIXEL
        before, after = bytes(memory.cut(box)), bytes(pixels)
        if before == after:
            return []
        changed = [y for y in range(box.height) if before[y * row : (y + 1) * row] != after[y * row : (y + 1) * row]]
        memory.put(box, after)
        steps: list[Step] = []
        first = last = changed[0]
        for y in [*changed[1:], box.height + _GAP_ROWS + 1]:
            if y - last > _GAP_ROWS:
                steps.append(Changed(Box(box.x, box.y + first, box.width, last + 1 - first)))
                first = y
            last = y
        return steps

    def take(self, memory: PictureMemory, box: Box, pixels: Captured) -> int:
        return area_of(self.find(memory, box, pixels, may_copy=False, may_lose=False))

    def moved(self, memory: PictureMemory, move: Copied, pixels: Captured) -> list[Box] | None:
        return None
