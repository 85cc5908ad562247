"""Which regions keep moving: photos that change again and again in the same place are a film, and go as one."""

from dataclasses import dataclass

from client_agent.screen.damage import around, clip
from client_agent.screen.source import Box

# Two changes so soon after each other make a film: as a key the second one is no larger than as a photo, so nothing is lost where
# it is none. Where pictures come more slowly three of them do.
_SOON_S = 0.15
_PICTURES = 3
_WITHIN_S = 0.8
_PIXELS_MIN = 96 * 96
_BAND_PIXELS_MIN = 4096
# Programs paint a picture as one box or as bands: these are of one picture where they fill so much of the box around them, and what
# has so much in common with what changed before is the next picture.
_FILLED = 0.8
_SHARED = 0.5
_CANDIDATES_MAX = 8
# A change of less than this share of a region that is known is not its film going on.
_LARGE = 0.2
# Without a large change for this long it stands still; after so much longer it is forgotten.
STILL_S = 0.3
_SLOWER = 4
_FORGOTTEN_S = 2.0


@dataclass(eq=False, slots=True)
class Region:
    """A region that keeps moving, or did just now."""

    box: Box
    moved_at: float
    is_refined: bool = False
    """It has become exact, at least in part, so that coarse pictures of it would be a step back."""
    _changed_px: int = 0
    _changed_at: float = 0.0

    def changed(self, pixels: int, now: float) -> None:
        """So many of its pixels have changed: it moves where many have, at once or in bands one after the other."""
        self._changed_px = pixels + (self._changed_px if now - self._changed_at < _SOON_S else 0)
        self._changed_at = now
        if self._changed_px >= _LARGE * self.box.area:
            self.moved_at, self.is_refined, self._changed_px = now, False, 0

    def is_moving(self, now: float, *, is_slow: bool = False) -> bool:
        """Whether what changes in it goes as the next picture of its film; `is_slow` where the path has room for few of them."""
        return not self.is_refined and now - self.moved_at < (_SLOWER * STILL_S if is_slow else STILL_S)


@dataclass(eq=False, slots=True)
class _Candidate:
    """A place where photos change: the picture that is being painted, as far as it has come, and the one before."""

    picture: Box
    begun_at: list[float]
    before: Box | None = None

    def includes(self, box: Box) -> bool:
        """Whether a box is a part of the picture, its next band, or the next picture: the two fill what is around them."""
        together = box.area + self.picture.area - _shared_px(box, self.picture)
        return together >= _FILLED * around(box, self.picture).area

    def add(self, box: Box, now: float) -> None:
        """One more band, or where the picture has been painted there already, the beginning of the next one."""
        if _shared_px(self.picture, box) < _SHARED * box.area:
            self.picture = around(self.picture, box)
            return
        self.before, self.picture = self.picture, box
        self.begun_at = [at for at in self.begun_at if now - at < _WITHIN_S] + [now]

    @property
    def place(self) -> Box:
        """All that the last two pictures cover; the newer one may not be whole yet."""
        return around(self.before, self.picture) if self.before else self.picture

    @property
    def is_film(self) -> bool:
        """Whether pictures of one size follow each other."""
        if self.before is None or self.picture.area < _PIXELS_MIN:
            return False
        is_alike = _shared_px(self.before, self.picture) >= _SHARED * max(self.before.area, self.picture.area)
        is_soon = self.begun_at[-1] - self.begun_at[-2] < _SOON_S if len(self.begun_at) > 1 else False
        return is_alike and (is_soon or len(self.begun_at) >= _PICTURES)


class Motion:
    """Watches where photos change. `regions` do not overlap; their sides are even numbers of pixels."""

    def __init__(self, within: Box, *, regions_max: int) -> None:
        self._within = Box(within.x, within.y, within.width & ~1, within.height & ~1)
        self._regions_max = regions_max
        self._candidates: list[_Candidate] = []
        self.regions: list[Region] = []

    def photo_changed(self, box: Box, now: float) -> None:
        """A box that looks like a photo, and lies in no region, has new pixels."""
        if box.area < _BAND_PIXELS_MIN:
            return
        self._candidates = [each for each in self._candidates if now - each.begun_at[-1] < _WITHIN_S][-_CANDIDATES_MAX:]
        candidate = next((each for each in self._candidates if each.includes(box)), None)
        if candidate is None:
            self._candidates.append(_Candidate(box, [now]))
            return
        candidate.add(box, now)
        if candidate.is_film:
            self._candidates.remove(candidate)
            self._become_region(candidate.place, now)

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


def _shared_px(one: Box, other: Box) -> int:
    shared = clip(one, other)
    return shared.area if shared else 0


def _even(box: Box, within: Box) -> Box:
    """The smallest box around it with even sides, inside an even one."""
    x, y = box.x & ~1, box.y & ~1
    right, bottom = min((box.right + 1) & ~1, within.right), min((box.bottom + 1) & ~1, within.bottom)
    x, y = min(x, right - 2), min(y, bottom - 2)
    return Box(x, y, right - x, bottom - y)
