"""relay/desk/rights.py: roles give a level, skills may raise it, and nothing else does."""

import pytest

from relay.desk.actions import ACTIONS
from relay.desk.rights import LEVEL_OF_ROLE, WRITERS, level_of
from relay.desk.roles import ROLES


@pytest.mark.requirement("A4")
@pytest.mark.parametrize(
    ("roles", "skills", "level"),
    [
        ({"adviser"}, set(), 1),
        ({"adviser"}, {"level-2"}, 2),
        ({"adviser"}, {"television"}, 1),
        ({"technician"}, {"level-3"}, 3),
        ({"expert"}, {"level-2"}, 3),
        ({"auditor"}, {"level-3"}, 0),
        ({"adviser", "auditor"}, set(), 1),
        (set(), {"level-3"}, 0),
        ({"emperor"}, {"level-3"}, 0),
    ],
)
def test_a_skill_opens_the_work_of_a_level_to_whoever_works_at_the_desk(
    roles: set[str], skills: set[str], level: int
) -> None:
    assert level_of(frozenset(roles), frozenset(skills)) == level


def test_every_role_has_its_level_and_no_button_is_for_whoever_only_reads() -> None:
    assert set(LEVEL_OF_ROLE) == set(ROLES)
    assert all(set(action.roles) <= set(WRITERS) for action in ACTIONS.values())
