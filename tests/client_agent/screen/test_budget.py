import pytest
from hypothesis import given
from hypothesis.strategies import builds, floats, sampled_from

from client_agent.screen.budget import RECORD_BYTES_MAX, RECORD_BYTES_MIN, RECORD_S, Path, budget
from protocol.vocabulary import Preference

WIDE = Path(rate=50e6, motion_rate=50e6, round_trip_s=0.002)
NARROW = Path(rate=125e3, motion_rate=110e3, round_trip_s=0.2)
preferences = sampled_from(Preference)
paths = builds(Path, floats(1, 1e9), floats(1, 1e9), floats(1e-4, 2), floats(0, 5))


@given(paths, preferences)
def test_a_record_is_never_longer_than_others_may_wait(path: Path, preference: Preference) -> None:
    record_bytes = budget(path, preference).record_bytes
    assert record_bytes <= RECORD_BYTES_MAX
    assert record_bytes == RECORD_BYTES_MIN or record_bytes <= path.rate * RECORD_S


@given(paths, preferences)
def test_all_that_moves_stays_within_what_the_path_has_for_it(path: Path, preference: Preference) -> None:
    allowed = budget(path, preference)
    assert allowed.video_kbit * 125 <= path.motion_rate
    assert 5 <= allowed.pictures_a_second <= 60


@given(preferences, floats(1e4, 1e8), floats(1.0, 100.0))
def test_a_wider_path_never_gives_less(preference: Preference, rate: float, wider: float) -> None:
    less = budget(Path(rate, rate, 0.1), preference)
    more = budget(Path(rate * wider, rate * wider, 0.1), preference)
    assert more.exact_bytes >= less.exact_bytes
    assert more.video_kbit >= less.video_kbit
    assert more.photo_quality >= less.photo_quality


@pytest.mark.parametrize("preference", [each for each in Preference if each is not Preference.SAVE_DATA])
def test_on_a_wide_path_everything_is_exact_whatever_is_preferred(preference: Preference) -> None:
    allowed = budget(WIDE, preference)
    assert not allowed.is_narrow
    assert allowed.exact_bytes >= 3840 * 2160
    assert allowed.record_bytes == RECORD_BYTES_MAX


def test_nothing_is_coarse_because_nothing_is_known_yet() -> None:
    allowed = budget(Path(), Preference.AUTOMATIC)
    assert not allowed.is_narrow
    assert allowed.exact_bytes >= 3840 * 2160


def test_on_a_narrow_path_each_wish_is_kept() -> None:
    automatic, sharper, smoother, saving = (
        budget(NARROW, each)
        for each in (Preference.AUTOMATIC, Preference.SHARPER, Preference.SMOOTHER, Preference.SAVE_DATA)
    )
    assert sharper.exact_bytes > automatic.exact_bytes > smoother.exact_bytes
    assert sharper.photo_quality > automatic.photo_quality > smoother.photo_quality
    assert sharper.photo_bytes > automatic.photo_bytes
    assert sharper.pictures_a_second < automatic.pictures_a_second <= smoother.pictures_a_second
    assert saving.video_kbit < automatic.video_kbit / 2


def test_nothing_takes_longer_than_a_second_on_a_narrow_path_so_that_nothing_older_is_shown_as_live() -> None:
    for preference in Preference:
        allowed = budget(NARROW, preference)
        assert max(allowed.exact_bytes, allowed.photo_bytes) / NARROW.rate + NARROW.round_trip_s / 2 < 1


def test_what_waits_for_the_path_already_is_not_followed_by_as_much_again() -> None:
    full = Path(rate=125e3, motion_rate=110e3, round_trip_s=0.2, queue_s=0.3, excess=45e3)
    assert budget(full, Preference.AUTOMATIC).exact_bytes < budget(NARROW, Preference.AUTOMATIC).exact_bytes - 40_000


def test_who_saves_data_does_so_on_a_wide_path_too() -> None:
    allowed = budget(WIDE, Preference.SAVE_DATA)
    assert allowed.is_narrow
    assert allowed.video_kbit == 400
