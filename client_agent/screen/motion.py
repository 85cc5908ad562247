"""Which regions keep moving: photos that change again and again in the same place are a film, and go as one."""

from dataclasses import dataclass, field

from client_agent.screen.damage import around, clip
from client_agent.screen.source import Box

# Two changes so soon after each other make a film: as a key the second one is no larger than as a photo, so nothing is lost where
# it is none. Where pictures come more slowly three of them do.
_SOON_S = 0.15
_CHANGES = 3
_WITHIN_S = 0.8
_PIXELS_MIN = 96 * 96
# Two changes are of one place where this much of the smaller one is in both.
_SHARED = 0.5
_CANDIDATES_MAX = 8
# A change of less than this share of a region that is known is not its film going on.
_LARGE = 0.2
# Without a large change for this long it stands still; after so much longer it is forgotten.
STILL_S = 0.3
_FORGOTTEN_S = 2.0


@dataclass(eq=False, slots=True)
class Region:
    """A region that keeps moving, or did just now."""

    box: Box
    moved_at: float
    is_refined: bool = False
    """It has become exact, at least in part, so that coarse pictures of it would be a step back."""

    def is_moving(self, now: float) -> bool:
        """Whether what changes in it goes as the next picture of its film."""
        return not self.is_refined and now - self.moved_at < STILL_S


@dataclass(eq=False, slots=True)
class _Candidate:
    box: Box
    changes: list[float] = field(default_factory=list)


class Motion:
    """Watches where photos change. `regions` do not overlap; their sides are even numbers of pixels."""

    def __init__(self, within: Box, *, regions_max: int) -> None:
        self._within = Box(within.x, within.y, within.width & ~1, within.height & ~1)
        self._regions_max = regions_max
        self._candidates: list[_Candidate] = []
        self.regions: list[Region] = []

    def photo_changed(self, box: Box, now: float) -> None:
        """A box that looks like a photo, and lies in no region, has new pixels."""
        if box.area < _PIXELS_MIN:
            return
        candidate = next((each for each in self._candidates if _is_same_place(each.box, box)), None)
        if candidate is None:
            self._candidates = [each for each in self._candidates if now - each.changes[-1] < _WITHIN_S][
                -_CANDIDATES_MAX:
            ]
            candidate = _Candidate(box)
            self._candidates.append(candidate)
        candidate.changes = [at for at in candidate.changes if now - at < _WITHIN_S] + [now]
        candidate.box = around(candidate.box, box) if len(candidate.changes) > 1 else box
        is_soon = len(candidate.changes) > 1 and now - candidate.changes[-2] < _SOON_S
        if is_soon or len(candidate.changes) >= _CHANGES:
            self._candidates.remove(candidate)
            self._become_region(candidate.box, now)

    def region_changed(self, region: Region, changed: Box, now: float) -> None:
        """Something changed inside a region."""
        if changed.area >= _LARGE * region.box.area:
            region.moved_at, region.is_refined = now, False

    def refined(self, box: Box) -> None:
        """This box is about to become exact."""
        for region in self.regions:
            region.is_refined |= clip(region.box, box) is not None

    def forget_old(self, now: float) -> list[Region]:
        """Forget the regions that have stood still for long; gives them."""
        old = [region for region in self.regions if now - region.moved_at > STILL_S + _FORGOTTEN_S]
        self.regions = [region for region in self.regions if region not in old]
        return old

    def _become_region(self, box: Box, now: float) -> None:
        box = _even(box, self._within)
        for region in list(self.regions):
            if clip(region.box, box):
                box = _even(around(region.box, box), self._within)
                self.regions.remove(region)
        if len(self.regions) < self._regions_max:
            self.regions.append(Region(box, now))


def _is_same_place(one: Box, other: Box) -> bool:
    shared = clip(one, other)
    return shared is not None and shared.area >= _SHARED * max(one.area, other.area)


def _even(box: Box, within: Box) -> Box:
    """The smallest box around it with even sides, inside an even one."""
    x, y = box.x & ~1, box.y & ~1
    right, bottom = min((box.right + 1) & ~1, within.right), min((box.bottom + 1) & ~1, within.bottom)
    x, y = min(x, right - 2), min(y, bottom - 2)
    return Box(x, y, right - x, bottom - y)
