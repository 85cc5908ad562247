"""The video streams of the regions that move: one for each, at a rate that the path has room for."""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from client_agent.screen import abilities
from client_agent.screen.encoders.interface import CannotEncode, VideoRate
from client_agent.screen.memory import PictureMemory
from client_agent.screen.motion import Motion, Region
from client_agent.screen.pacing import Urgency
from client_agent.screen.terms import Terms
from protocol.limits import VIDEO_STREAMS_MAX
from protocol.media_parts import VIDEO_CODEC_NAMES, Part, VideoCodec, VideoEnded

if TYPE_CHECKING:
    from client_agent.screen.encoders.video import VideoEncoder

_log = logging.getLogger(__name__)

# A stream goes on at its rate, although it should have another one, until the two differ by so much, and for so long: beginning anew
# costs a key. More is of use only where it needs nearly all that it may have, and less only where a picture may be larger than fits.
_RATE_FALLS, _RATE_RISES = 0.6, 1.5
_FALLS_EVERY_S, _RISES_EVERY_S = 1.0, 3.0
_NEEDS, _NEEDS_AT_TIMES = 0.7, 3.0
# So that a stream can begin while the one that it takes the place of has not been ended yet.
FILMS_MAX = VIDEO_STREAMS_MAX // 2
_EARLY_S = 0.004


class Films:
    """The encoders of one screen's regions; a region without one is played from its next picture on."""

    def __init__(self, screen: int) -> None:
        self._screen = screen
        self._encoders: dict[int, tuple[Region, VideoEncoder]] = {}
        self._played_at: dict[int, float] = {}
        self._waiting: list[Region] = []
        self._failed: set[str] = set()

    def codec(self, terms: Terms) -> VideoCodec | None:
        """What the next stream would be coded with; None where there can be none."""
        return abilities.video_codec(terms.agreed - self._failed, is_narrow=terms.budget.is_narrow)

    def keep(self, motion: Motion, terms: Terms, now: float) -> Iterator[Part]:
        """End the streams of regions that stand still for long or are no more, and those that somebody cannot decode."""
        motion.forget_old(now)
        for number, (region, encoder) in list(self._encoders.items()):
            if region not in motion.regions or VIDEO_CODEC_NAMES[encoder.codec] not in terms.agreed:
                del self._encoders[number]
                yield VideoEnded(number)
        self._waiting = [region for region in self._waiting if region in motion.regions and region.is_moving(now)]

    def waits(self, region: Region) -> bool:
        """Whether the region has changed since its last picture, and it was too early for another one."""
        return region in self._waiting

    def due_at(self, terms: Terms) -> float | None:
        """When a region that waits may be shown again."""
        if not self._waiting:
            return None
        return min(self._next_at(region, terms) for region in self._waiting)

    def play(self, region: Region, memory: PictureMemory, terms: Terms, now: float) -> Iterator[Part]:
        """Show a region as it is; later, where it was shown just now or the path is full."""
        if terms.least > Urgency.MOTION or now < self._next_at(region, terms) - _EARLY_S:
            if region not in self._waiting:
                self._waiting.append(region)
            return
        self._waiting = [each for each in self._waiting if each is not region]
        codec = self.codec(terms)
        if codec is None:
            return
        number = self._number_of(region, codec, terms, now)
        self._played_at[number] = now
        _, encoder = self._encoders[number]
        try:
            yield from encoder.parts(self._screen, memory, now, data_bytes=terms.data_bytes)
        except CannotEncode as error:
            # What it would have shown becomes exact once it is still.
            _log.warning("no more video of the codec %s: %s", encoder.codec.name, error)
            self._failed.add(VIDEO_CODEC_NAMES[encoder.codec])
            del self._encoders[number]
            yield VideoEnded(number)

    def restart(self) -> None:
        """Begin every stream anew, with a key."""
        for _, encoder in self._encoders.values():
            encoder.restart(encoder.rate)

    def _next_at(self, region: Region, terms: Terms) -> float:
        played_at = next(
            (self._played_at[number] for number, (one, _) in self._encoders.items() if one is region), float("-inf")
        )
        return played_at + 1 / terms.budget.pictures_a_second

    def _number_of(self, region: Region, codec: VideoCodec, terms: Terms, now: float) -> int:
        """The number of the region's stream, which is begun where there is none."""
        share = max(1, sum(one is not region for one, _ in self._encoders.values()) + 1)
        rate = VideoRate(max(1, terms.budget.video_kbit // share), max(1, terms.budget.moving_bytes // share))
        for number, (one, encoder) in self._encoders.items():
            if one is region:
                is_less = rate.kbit < _RATE_FALLS * encoder.rate.kbit and encoder.age_s(now) > _FALLS_EVERY_S
                is_more = rate.kbit > _RATE_RISES * encoder.rate.kbit and encoder.age_s(now) > _RISES_EVERY_S
                has_enough = _NEEDS_AT_TIMES * encoder.kbit < rate.kbit
                if (is_less and not has_enough) or (is_more and encoder.kbit > _NEEDS * encoder.rate.kbit):
                    encoder.restart(rate)
                return number
        number = next(number for number in range(len(self._encoders) + 1) if number not in self._encoders)
        self._encoders[number] = region, abilities.video(number, codec, region.box, rate)
        return number
