"""Where viewers see something else than the exact pixels, and since when nothing has changed there."""

from dataclasses import dataclass, replace

from client_agent.screen.damage import around, clip, without
from client_agent.screen.encoders.bands import WIDTH_PX_MAX
from client_agent.screen.source import Box

_BOXES_MAX = 32
_ROUGH_FIRST_S = 2.0
# What viewers have not seen at all comes before what is not exact, and text before photos, as if it had been still for so long.
_BEFORE_ALL_S = 1000.0


@dataclass(frozen=True, slots=True)
class CoarseBox:
    """A box that was sent with loss, and when it last changed, in seconds of the stream's clock."""

    box: Box
    changed_at: float
    is_rough: bool = False
    """So coarse that it becomes better before anything becomes exact."""
    is_text: bool = False
    """Letters and windows, for which there was no room: other forms of exact pixels suit them than suit photos."""
    waits_since: float | None = None
    """Since when viewers have seen what was there before, where nothing of it was sent at all."""


class CoarseBoxes:
    """All of one screen; they do not overlap, and are never more than a handful."""

    def __init__(self) -> None:
        self._boxes: list[CoarseBox] = []

    @property
    def is_empty(self) -> bool:
        """Whether every pixel is exact."""
        return not self._boxes

    def add(self, box: Box, now: float, *, is_rough: bool = False, is_text: bool = False) -> None:
        """This box has just been sent with loss."""
        for x in range(box.x, box.right, WIDTH_PX_MAX):
            part = Box(x, box.y, min(WIDTH_PX_MAX, box.right - x), box.height)
            self._add(CoarseBox(part, now, is_rough, is_text))

    def wait(self, box: Box, now: float, *, is_rough: bool = False, is_text: bool = False) -> None:
        """This box was not sent at all, and is due at once: what goes on changing would never be still."""
        since = self.waiting_since(box)
        for x in range(box.x, box.right, WIDTH_PX_MAX):
            part = Box(x, box.y, min(WIDTH_PX_MAX, box.right - x), box.height)
            before_all = now - _BEFORE_ALL_S * (1 + is_text)
            self._add(CoarseBox(part, before_all, is_rough, is_text, now if since is None else since))

    def waiting_since(self, box: Box) -> float | None:
        """Since when some of this box has not been sent; None where viewers have seen all of it."""
        times = (each.waits_since for each in self._boxes if clip(each.box, box))
        return min((since for since in times if since is not None), default=None)

    def exact(self, box: Box) -> None:
        """Viewers see the exact pixels of this box from now on."""
        left = self._beside(box)
        # Where it would be too many, what is exact becomes so once more.
        if len(left) <= _BOXES_MAX:
            self._boxes = left

    def copied(self, from_x: int, from_y: int, to: Box, now: float) -> None:
        """A copy takes what is coarse along, and only that is where it went to."""
        source = Box(from_x, from_y, to.width, to.height)
        coarse = [(each, part) for each in self._boxes if (part := clip(each.box, source))]
        self.exact(to)
        for each, part in coarse:
            moved = Box(part.x - from_x + to.x, part.y - from_y + to.y, part.width, part.height)
            self.add(moved, now, is_rough=each.is_rough, is_text=each.is_text)

    def _add(self, new: CoarseBox) -> None:
        self._boxes = _together(self._beside(new.box), new)
        if len(self._boxes) > _BOXES_MAX:
            everything = self._boxes[0].box
            for each in self._boxes:
                everything = around(everything, each.box)
            self._boxes.clear()
            self.add(everything, new.changed_at)

    def _beside(self, box: Box) -> list[CoarseBox]:
        return [replace(each, box=piece) for each in self._boxes for piece in without(each.box, [box])]

    def oldest(self) -> CoarseBox | None:
        """The one to be refined next: that which has been still for longest, but what is rough before what has changed as lately."""
        return min(self._boxes, key=lambda each: each.changed_at - _ROUGH_FIRST_S * each.is_rough, default=None)

    def refined(self, done: CoarseBox, rows: int) -> None:
        """The upper rows of a box are exact now, or if it was rough not rough any more."""
        self._boxes.remove(done)
        if done.is_rough:
            changed_at = done.changed_at if done.waits_since is None else done.waits_since
            self._boxes.append(CoarseBox(Box(done.box.x, done.box.y, done.box.width, rows), changed_at))
        if rows < done.box.height:
            rest = Box(done.box.x, done.box.y + rows, done.box.width, done.box.height - rows)
            self._boxes.append(replace(done, box=rest))


def _together(boxes: list[CoarseBox], new: CoarseBox) -> list[CoarseBox]:
    """With one more, and as one what has the same to be said of it and fills the box around it, as strips do that came into sight."""
    others: list[CoarseBox] = []
    for each in boxes:
        both = around(each.box, new.box)
        is_one = both.width <= WIDTH_PX_MAX and both.area == each.box.area + new.box.area
        if is_one and replace(each, box=both) == replace(new, box=both):
            new = replace(new, box=both)
        else:
            others.append(each)
    return [*others, new]
