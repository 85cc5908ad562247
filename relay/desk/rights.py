"""Who may do what at the desk: by role, and by what somebody can do beyond their title. No I/O; what is not listed is refused."""

from collections.abc import Mapping

LEVEL_OF_ROLE: Mapping[str, int] = {
    "adviser": 1,
    "hotliner": 1,
    "technician": 2,
    "expert": 3,
    "supervisor": 5,
    "administrator": 5,
    "auditor": 0,
    "router": 0,
}

ASSISTS_FROM = 2
"""The level whose work is remote assistance."""
HELPERS = tuple(role for role, level in LEVEL_OF_ROLE.items() if level >= ASSISTS_FROM)
"""Whose title lets them start remote assistance; others do by the skill of that level."""
READERS = tuple(LEVEL_OF_ROLE)
WRITERS = tuple(role for role, level in LEVEL_OF_ROLE.items() if level)
APPROVERS = ("expert", "supervisor", "administrator")
"""Who agrees to level 3, and puts articles in force."""
DESIGNERS = ("supervisor", "router", "administrator")
"""Who writes scripts, question trees and procedures, and says who can do what."""
ROUTERS = ("router", "administrator")
"""Who says which groups there are, when they are there, and which tools lie beside the ticket."""
COACHES = ("supervisor", "administrator")
"""Who reviews how calls were led, and coaches."""
REVIEWERS = ("supervisor", "auditor", "administrator")
"""Who marks how calls were led, and reads the figures."""
ADMINISTRATORS = ("administrator",)
OVERSEERS = ("supervisor", "auditor", "administrator")
"""Who reads the audit trail."""

AUDITORS = ("auditor",)
"""Who goes through the evidence of sessions, and watches recordings: a role of its own, which no other includes."""

LEVEL_SKILLS: Mapping[str, int] = {f"level-{level}": level for level in (2, 3, 4, 5)}
"""Skills that open a level's work to somebody of another title."""


def level_of(roles: frozenset[str], skills: frozenset[str] = frozenset()) -> int:
    """The highest level whose work this person may do; 0 for none."""
    by_role = max((LEVEL_OF_ROLE.get(role, 0) for role in roles), default=0)
    if by_role == 0:
        return 0
    return max(by_role, *(LEVEL_SKILLS.get(skill, 0) for skill in skills), 0)
