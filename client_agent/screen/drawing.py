"""What viewers see of one screen, and how it becomes what the screen shows: exact where that can be, coarse first where it moves.

    captured ──► finder ──► steps ──┬─► copies and exact rectangles      in the order in which they were found
                   ▲                ├─► photos: JPEG                     ─┐
                memory              └─► regions that move: video         ─┴─► coarse ──► exact again, once still

To be used by one thread at a time; boxes are relative to the top left of the screen.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from client_agent.screen import abilities
from client_agent.screen.coarse import CoarseBoxes
from client_agent.screen.damage import clip, without
from client_agent.screen.encoders.interface import BoxEncoder
from client_agent.screen.encoders.zstd_frames import ZstdFrames
from client_agent.screen.encoders.zstd_stream import ZstdStream
from client_agent.screen.films import FILMS_MAX, Films
from client_agent.screen.finder import Captured, Changed, Copied, Step
from client_agent.screen.memory import PictureMemory
from client_agent.screen.motion import Motion, Region
from client_agent.screen.pacing import Urgency
from client_agent.screen.source import Box
from client_agent.screen.terms import Terms
from protocol.media_parts import BYTES_PER_PIXEL, Copy, Part, Rectangle

Grab = Callable[[Box], Captured]

# After so many pixels it is asked again whether there is room for exact ones.
_SLICE_BYTES, _SLICE_BYTES_MIN = 512 * 1024, 32 * 1024
# From this share on what was painted at once is taken for one film.
_FILM_SHARE = 0.4
# How many bytes of pixels become one when they are exact, photos and text, and when they are a photo that is seen well. Pieces follow
# from it; of larger ones than the first of the two that follow more would be made than fits a record, and of a smaller JPEG than the
# second most would be its tables.
_PHOTO_SHRINKS, _TEXT_SHRINKS, _JPEG_SHRINKS = 3, 12, 30
_REFINED_BYTES = 96 * 1024
_JPEG_BYTES_MIN = 2000
# Whoever scrolls goes on scrolling: what moved, and what came into sight with it, waits so much longer until it becomes exact.
_SCROLLS_ON_S = 0.1
# Where there is no room for anything else, something that goes on changing is seen as it was for so long.
_WAITS_S = 2.0
# No JPEG of a photo takes less.
_BYTES_A_PIXEL_MIN = 0.02


class Drawing:
    """One screen from a key picture on."""

    def __init__(self) -> None:
        self._finder = abilities.finder()
        self._frames, self._stream = ZstdFrames(), ZstdStream()
        self._for_one = 0
        self.begin(0, 1, 1)

    def begin(self, screen: int, width: int, height: int) -> None:
        """Viewers know nothing: the next update, of all of the screen, is a picture that is complete for all."""
        self.screen = screen
        self._memory = PictureMemory(width, height)
        self._motion = Motion(self._memory.box, regions_max=FILMS_MAX)
        self._films = Films(screen)
        self._coarse = CoarseBoxes()
        self._stream.restart()
        self._is_new = True
        self._spent = 0

    @property
    def is_exact(self) -> bool:
        """Whether what viewers see is what was captured last, to the bit."""
        return self._coarse.is_empty

    @property
    def box(self) -> Box:
        """All of the screen."""
        return self._memory.box

    # --- for all viewers -------------------------------------------------------------------------------------------------

    def update(
        self, boxes: Iterable[Box], grab: Grab, moves: Sequence[Copied], terms: Terms, now: float
    ) -> Iterator[Part]:
        """Bring what may have changed in these boxes to the viewers."""
        self._spent = 0
        yield from self._films.keep(self._motion, terms, now)
        moving = [region for region in self._motion.regions if region.is_moving(now, is_slow=terms.budget.is_narrow)]
        touched: list[Region] = [region for region in moving if self._films.waits(region)]
        photos: list[Box] = []
        # Before anything is drawn over what was moved; what a copy makes right needs no other look.
        for move in moves if self._may_copy(terms) else ():
            others = self._finder.moved(self._memory, move, grab(move.to))
            if others is not None:
                yield self._copy(move, now)
                boxes = [piece for box in boxes for piece in without(box, [move.to])] + others
        still_from = now
        for box in boxes:
            for region in moving:
                if (
                    (part := clip(box, region.box))
                    and self._film_changed(region, part, grab, now)
                    and region not in touched
                ):
                    touched.append(region)
            for piece in without(box, [region.box for region in moving]):
                found: list[Box] = []
                for step in self._find(piece, grab, terms):
                    match step:
                        case Copied():
                            still_from = now + _SCROLLS_ON_S
                            yield self._copy(step, still_from)
                        case Changed(changed, is_photo=True):
                            self._coarse.add(changed, still_from)
                            found.append(changed)
                        case Changed(changed):
                            yield from self._exactly(changed, terms, now)
                # A film is painted as one box, whatever of it is plain or stands still.
                is_one = sum(photo.area for photo in found) >= _FILM_SHARE * piece.area
                for photo in [piece] if is_one else found:
                    self._motion.photo_changed(photo, now)
                photos += found
        yield from self._photos(photos, touched, terms, now)
        for region in touched:
            self._coarse.add(region.box, now)
            yield from self._films.play(region, self._memory, terms, now)
        self._is_new = False

    def _find(self, box: Box, grab: Grab, terms: Terms) -> list[Step]:
        may_lose = abilities.JPEG in terms.agreed
        if self._is_new:
            return self._finder.all_of(self._memory, box, grab(box), may_lose=may_lose)
        return self._finder.find(self._memory, box, grab(box), may_copy=self._may_copy(terms), may_lose=may_lose)

    def _may_copy(self, terms: Terms) -> bool:
        # Whoever has a picture of their own coming lacks the rest of it still.
        return abilities.COPY in terms.agreed and not self._for_one and not self._is_new

    def _copy(self, copied: Copied, still_from: float) -> Copy:
        self._coarse.copied(copied.from_x, copied.from_y, copied.to, still_from)
        to = copied.to
        return Copy(self.screen, copied.from_x, copied.from_y, to.x, to.y, to.width, to.height)

    def _film_changed(self, region: Region, part: Box, grab: Grab, now: float) -> bool:
        area = self._finder.take(self._memory, part, grab(part))
        if area:
            region.changed(area, now)
        return area > 0

    def _exactly(self, box: Box, terms: Terms, now: float) -> Iterator[Rectangle]:
        """Exact rectangles, for as long as the picture has room for them."""
        # What pixels take in the worst case is what they are: no slice is much more than all there is room for.
        slice_bytes = min(max(terms.budget.exact_bytes, _SLICE_BYTES_MIN), _SLICE_BYTES)
        rows = max(1, slice_bytes // (box.width * BYTES_PER_PIXEL))
        exact = self._exact(terms)
        # Of text a JPEG that looks well is longer than its exact pixels.
        bytes_a_pixel = terms.budget.photo_bytes / self._memory.box.area
        may_lose = abilities.JPEG in terms.agreed
        coarse = abilities.jpeg(terms.budget.photo_quality, bytes_a_pixel) if may_lose else exact
        for y in range(box.y, box.bottom, rows):
            part = Box(box.x, y, box.width, min(rows, box.bottom - y))
            is_too_much = may_lose and self._spent >= terms.budget.exact_bytes
            rest = Box(box.x, y, box.width, box.bottom - y)
            if is_too_much and self._may_wait(rest, terms, now):
                self._coarse.wait(rest, now, is_text=True)
                return
            if is_too_much:
                self._coarse.add(part, now, is_text=True)
            else:
                self._coarse.exact(part)
            yield from self._encoded(part, coarse if is_too_much else exact, terms)

    def _may_wait(self, box: Box, terms: Terms, now: float) -> bool:
        """Whether viewers may see for a while longer what was in this box before."""
        since = self._coarse.waiting_since(box)
        return terms.budget.rest_waits and not self._is_new and (since is None or now - since < _WAITS_S)

    def _photos(self, photos: list[Box], touched: list[Region], terms: Terms, now: float) -> Iterator[Rectangle]:
        """Photos that belong to a region that moves become part of its next picture; others are sent by themselves."""
        alone: list[Box] = []
        for photo in photos:
            region = next((each for each in self._motion.regions if clip(each.box, photo) == photo), None)
            if region is None or self._films.codec(terms) is None:
                alone.append(photo)
                continue
            region.changed(photo.area, now)
            if region.is_moving(now, is_slow=terms.budget.is_narrow) and region not in touched:
                touched.append(region)
            elif region not in touched:
                alone.append(photo)
        area = sum(photo.area for photo in alone)
        is_too_much = terms.least > Urgency.MOTION or area * _BYTES_A_PIXEL_MIN > terms.budget.photo_bytes
        if terms.budget.rest_waits and is_too_much and not self._is_new:
            for photo in alone:
                self._coarse.wait(photo, now, is_rough=True)
        elif alone:
            bytes_a_pixel = terms.budget.photo_bytes / area
            encoder = abilities.jpeg(terms.budget.photo_quality, bytes_a_pixel)
            for photo in alone:
                yield from self._encoded(photo, encoder, terms)
                if encoder.quality < terms.budget.photo_quality:
                    self._coarse.add(photo, now, is_rough=True)

    def _encoded(self, box: Box, encoder: BoxEncoder, terms: Terms) -> Iterator[Rectangle]:
        for rectangle in encoder.rectangles(self.screen, box, self._memory.cut(box), data_bytes=terms.data_bytes):
            self._spent += len(rectangle.data)
            yield rectangle

    def _exact(self, terms: Terms) -> BoxEncoder:
        if abilities.ZSTD_STREAM not in terms.agreed:
            return self._frames
        self._stream.suit(is_narrow=terms.budget.is_narrow)
        return self._stream

    def _photo(self, terms: Terms) -> BoxEncoder:
        return abilities.jpeg(terms.budget.photo_quality)

    # --- exact again -----------------------------------------------------------------------------------------------------

    def due_at(self, terms: Terms) -> float | None:
        """When there is something to do although nothing changes; None where there never is."""
        oldest = self._coarse.oldest()
        refining = oldest.changed_at + terms.budget.exact_after_s if oldest else None
        times = [at for at in (refining, self._films.due_at(terms)) if at is not None]
        return min(times, default=None)

    def refine(self, terms: Terms, now: float) -> Iterator[Part]:
        """Make something exact that has stood still for long enough, as much as one picture may hold."""
        self._spent = 0
        while (oldest := self._coarse.oldest()) and now >= oldest.changed_at + terms.budget.exact_after_s:
            if self._spent >= terms.budget.refining_bytes:
                return
            refining_bytes = terms.budget.refining_bytes
            if oldest.is_rough:
                # Seen well for a while before it is exact; a film that goes on is not disturbed by it.
                encoder: BoxEncoder = self._photo(terms)
                raw_bytes = min(3 * _REFINED_BYTES, _JPEG_SHRINKS * max(refining_bytes, _JPEG_BYTES_MIN))
            else:
                self._motion.refined(oldest.box)
                is_photo = abilities.PLANES in terms.agreed and not oldest.is_text
                encoder = abilities.planes() if is_photo else self._exact(terms)
                raw_bytes = min(_REFINED_BYTES, (_PHOTO_SHRINKS if is_photo else _TEXT_SHRINKS) * refining_bytes)
            rows = min(oldest.box.height, max(1, raw_bytes // (oldest.box.width * BYTES_PER_PIXEL)))
            yield from self._encoded(Box(oldest.box.x, oldest.box.y, oldest.box.width, rows), encoder, terms)
            self._coarse.refined(oldest, rows)

    # --- for one viewer --------------------------------------------------------------------------------------------------

    def begin_for_one(self) -> None:
        """Somebody is about to get a complete picture: what goes to all has to make sense without what went before."""
        self._for_one += 1
        self._stream.restart()
        self._films.restart()

    def end_for_one(self) -> None:
        """They have it, or it was given up."""
        self._for_one -= 1

    def whole(self, box: Box) -> Iterator[Rectangle]:
        """The exact pixels of a box as they are remembered, by themselves."""
        return self._frames.rectangles(self.screen, box, self._memory.cut(box))
