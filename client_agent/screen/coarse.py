"""Where viewers see something else than the exact pixels, and since when nothing has changed there."""

from dataclasses import dataclass, replace

from client_agent.screen.damage import around, clip
from client_agent.screen.encoders.bands import WIDTH_PX_MAX
from client_agent.screen.source import Box

_BOXES_MAX = 32


@dataclass(frozen=True, slots=True)
class CoarseBox:
    """A box that was sent with loss, and when it last changed, in seconds of the stream's clock."""

    box: Box
    changed_at: float


class CoarseBoxes:
    """All of one screen; they may overlap, and are never more than a handful."""

    def __init__(self) -> None:
        self._boxes: list[CoarseBox] = []

    @property
    def is_empty(self) -> bool:
        """Whether every pixel is exact."""
        return not self._boxes

    def add(self, box: Box, now: float) -> None:
        """This box has just been sent with loss."""
        for x in range(box.x, box.right, WIDTH_PX_MAX):
            self._add(Box(x, box.y, min(WIDTH_PX_MAX, box.right - x), box.height), now)

    def _add(self, box: Box, now: float) -> None:
        self._boxes = [each for each in self._boxes if clip(each.box, box) != each.box]
        self._boxes.append(CoarseBox(box, now))
        if len(self._boxes) > _BOXES_MAX:
            everything = self._boxes[0].box
            for each in self._boxes:
                everything = around(everything, each.box)
            self._boxes.clear()
            self.add(everything, now)

    def copied(self, from_x: int, from_y: int, to: Box, now: float) -> None:
        """A copy takes what is coarse along."""
        source = Box(from_x, from_y, to.width, to.height)
        for each in list(self._boxes):
            if part := clip(each.box, source):
                self.add(Box(part.x - from_x + to.x, part.y - from_y + to.y, part.width, part.height), now)

    def oldest(self) -> CoarseBox | None:
        """The one that has been still for longest."""
        return min(self._boxes, key=lambda each: each.changed_at, default=None)

    def refined(self, done: CoarseBox, rows: int) -> None:
        """The upper rows of a box are exact now."""
        self._boxes.remove(done)
        if rows < done.box.height:
            rest = Box(done.box.x, done.box.y + rows, done.box.width, done.box.height - rows)
            self._boxes.append(replace(done, box=rest))
