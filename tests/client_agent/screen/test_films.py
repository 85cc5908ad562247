"""A region's stream goes on as long as what it needs has room: client_agent/screen/films.py."""

from client_agent.screen.budget import Path, budget
from client_agent.screen.films import Films
from client_agent.screen.memory import PictureMemory
from client_agent.screen.motion import Region
from client_agent.screen.terms import Terms
from protocol.media_parts import Video
from protocol.vocabulary import Preference
from tests.client_agent.screen.array_desktop import ALL_CODECS, film

WIDTH, HEIGHT, PICTURES_A_SECOND = 320, 240, 30


def keys_of(motion_rates: list[float], *, seconds_each: int) -> list[int]:
    """How often a film began anew while what moves may have each of these, bytes a second, for so long."""
    films, memory = Films(1), PictureMemory(WIDTH, HEIGHT)
    region = Region(memory.box, moved_at=0.0)
    forth = list(film(WIDTH, HEIGHT, 60))
    # And back, so that nothing but the rate is a reason for a key.
    pictures = forth + forth[-2:0:-1]
    found, number = [], 0
    for motion_rate in motion_rates:
        terms = Terms(ALL_CODECS, budget(Path(5e6, motion_rate, 0.002), Preference.AUTOMATIC))
        keys = 0
        for _ in range(seconds_each * PICTURES_A_SECOND):
            memory.put(memory.box, pictures[number % len(pictures)].tobytes())
            keys += any(
                isinstance(part, Video) and part.is_key
                for part in films.play(region, memory, terms, number / PICTURES_A_SECOND)
            )
            number += 1
        found.append(keys)
    return found


def test_a_film_that_needs_little_does_not_begin_anew_where_it_may_have_less() -> None:
    assert keys_of([2.5e6, 1.2e6, 2.5e6], seconds_each=4) == [1, 0, 0]


def test_a_film_that_needs_more_than_it_may_have_begins_anew() -> None:
    assert keys_of([2.5e6, 5e3], seconds_each=4) == [1, 1]
