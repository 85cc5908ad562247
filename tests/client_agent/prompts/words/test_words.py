"""The rooms together."""

from itertools import combinations

from client_agent.prompts.words import Words


def test_no_text_of_one_room_takes_the_place_of_another_rooms() -> None:
    rooms = [{name for name in vars(room) if not name.startswith("__")} for room in Words.__mro__[1:-1]]
    assert len(rooms) > 5
    for one, other in combinations(rooms, 2):
        assert not one & other
