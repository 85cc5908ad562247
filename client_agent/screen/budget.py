"""How good and how large a picture may be on a path like this one: the pace's word to the encoders, and the technician's wish in it.

Text stays exact as long as that is not late; what moves, photos and whole new screens lose first; and once there is room, everything
becomes exact. A table for each wish, and no state: the same path and the same wish always give the same.
"""

from dataclasses import dataclass

from protocol.limits import MEDIA_PLAIN_BYTES_TARGET
from protocol.vocabulary import Preference

# A record on its way holds up what is more urgent for no longer than this.
RECORD_S = 0.03
RECORD_BYTES_MAX = MEDIA_PLAIN_BYTES_TARGET
RECORD_BYTES_MIN = 1024
# Below this a path is narrow: bytes are dearer than the processor's time.
NARROW_BYTES_S = 400_000.0
# A picture as large as this takes no time on a path that nothing is known of, or on a wide one.
_BYTES_MAX = 8 * 1024 * 1024
_VIDEO_KBIT_MAX = 20_000
_PICTURES_A_SECOND_MAX = 60.0


@dataclass(frozen=True, slots=True)
class Path:
    """What is known of the way to the canvas and back; all 0 before anything is."""

    rate: float = 0.0
    """What it carries, bytes a second."""
    motion_rate: float = 0.0
    """How much of that what moves may take without making others wait."""
    round_trip_s: float = 0.0
    """There and back where nothing queues."""
    queue_s: float = 0.0
    """How much longer it takes now."""
    excess: float = 0.0
    """Bytes that were sent and still wait for the path, beyond what it holds."""
    is_lossy: bool = False
    """It loses so much that what is under way makes what comes after it late."""

    @property
    def is_narrow(self) -> bool:
        return 0 < self.rate < NARROW_BYTES_S


@dataclass(frozen=True, slots=True)
class Budget:
    """What the next picture may cost. Sizes are of plaintext bytes on the wire, after encoding."""

    record_bytes: int
    """A record holds at most this, whatever is in it: 32 KB or 30 ms of the path."""
    exact_bytes: int
    """What changed goes exactly up to this size; what would make the picture longer goes coarsely first, and is refined."""
    moving_bytes: int
    """One picture of all regions that move together: what a video encoder's buffer (VBV) may hold."""
    refining_bytes: int
    """So much may be made exact with one picture, once nothing more urgent is left."""
    video_kbit: int
    """All video streams together, 1000 bits a second: a limit, not an aim."""
    pictures_a_second: float
    """No more of a region that moves."""
    photo_quality: int
    """Of JPEG, 1 to 95, for what appears once and does not fit exactly."""
    photo_bytes: int
    """All photos that appear at once together: where they would need more they come more coarsely first."""
    rest_waits: bool
    """What does not fit is not sent coarsely, which takes long as well: what was there before is seen until there is time."""
    exact_after_s: float
    """How long something has to be still before it is made exact."""
    is_narrow: bool
    """The processor's time is cheaper than bytes: AV1 before H.264, colours at half the resolution, zstd at a higher level."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a preference means."""

    exact_s: float
    """How long one picture may be on the path for the sake of being exact."""
    motion_share: float
    """Of what the path has for what moves."""
    pictures_a_second: float
    """On a narrow path."""
    photo_quality: int
    """On a narrow path."""
    exact_after_s: float
    photo_s: float = 0.15
    """How long one may be on the path before it is seen at all."""
    video_kbit_max: int = _VIDEO_KBIT_MAX


_PHOTO_QUALITY_WIDE = 80
_WISHES = {
    Preference.AUTOMATIC: _Wish(0.4, 0.9, 30.0, 50, 0.2),
    Preference.SHARPER: _Wish(0.7, 0.9, 15.0, 75, 0.15, photo_s=0.4),
    Preference.SMOOTHER: _Wish(0.2, 0.95, 30.0, 35, 0.3),
    Preference.SAVE_DATA: _Wish(0.2, 0.4, 10.0, 30, 1.0, video_kbit_max=400),
}
# No photo is anything in less.
_PHOTO_BYTES_MIN = 8 * 1024
# Where pictures would get smaller than this, there are fewer of them. On a lossy path they are as large as what a packet carries: whatever
# is in it, it counts as one of the few that may be under way.
_MOVING_BYTES_MIN, _MOVING_BYTES_LOSSY = 2000, 1300
_PICTURES_A_SECOND_MIN = 5.0
# Where pictures are rare, what has not changed for so long has not stopped moving yet.
_EXACT_AFTER_NARROW_S = 0.6
# A picture that needs more than most may have it.
_MOVING_SLACK = 1.5


def budget(path: Path, preference: Preference) -> Budget:
    """What the next picture may cost on this path."""
    wish = _WISHES[preference]
    saves = preference is Preference.SAVE_DATA
    is_narrow = path.is_narrow or saves

    def bytes_in(seconds: float, at_least: int = RECORD_BYTES_MIN) -> int:
        return max(at_least, int(min(path.rate * seconds, _BYTES_MAX))) if path.rate else _BYTES_MAX

    motion_rate = min(wish.motion_share * path.motion_rate or float("inf"), wish.video_kbit_max * 125)
    pictures = wish.pictures_a_second if is_narrow else _PICTURES_A_SECOND_MAX
    pictures = max(
        _PICTURES_A_SECOND_MIN,
        min(pictures, motion_rate / (_MOVING_BYTES_LOSSY if path.is_lossy else _MOVING_BYTES_MIN)),
    )
    return Budget(
        record_bytes=min(bytes_in(RECORD_S), RECORD_BYTES_MAX),
        # Picture after picture of exact pixels must not make the last of them late.
        exact_bytes=max(RECORD_BYTES_MIN, bytes_in(wish.exact_s) - int(path.excess)),
        # Few films have more than 30 pictures a second.
        moving_bytes=int(_MOVING_SLACK * motion_rate / min(pictures, 30.0)),
        refining_bytes=bytes_in(RECORD_S),
        video_kbit=int(motion_rate / 125),
        pictures_a_second=pictures,
        photo_quality=wish.photo_quality if is_narrow else _PHOTO_QUALITY_WIDE,
        photo_bytes=bytes_in(wish.photo_s, _PHOTO_BYTES_MIN),
        rest_waits=is_narrow and path.is_lossy,
        exact_after_s=max(wish.exact_after_s, _EXACT_AFTER_NARROW_S) if is_narrow else wish.exact_after_s,
        is_narrow=is_narrow,
    )
