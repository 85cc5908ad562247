"""The ladder of levels: how many there are, what they are called, and for which cases each is meant. No I/O."""

from typing import Annotated, Literal

from msgspec import Meta

from protocol.codec import Message
from relay.desk.procedures import LEVELS_MAX, Level
from relay.desk.question_trees import Complexity
from relay.desk.rules import Both


class Tier(Message, frozen=True):
    """One level."""

    level: Level
    title: Both
    complexity: Complexity | Literal[""]
    """The difficulty that this level is suggested for; people decide."""
    only_difficult: bool
    """No simple case comes here."""


class Ladder(Message, frozen=True, tag="ladder"):
    """All levels, from the first on."""

    title: Both
    tiers: Annotated[tuple[Tier, ...], Meta(min_length=1, max_length=LEVELS_MAX)]

    def tier(self, level: int) -> Tier | None:
        return next((tier for tier in self.tiers if tier.level == level), None)

    def title_of(self, level: int, language: str) -> str:
        tier = self.tier(level)
        return tier.title.into(language) if tier else str(level)

    def level_for(self, complexity: str) -> int:
        """The level that is suggested for a case of this difficulty."""
        return next((tier.level for tier in self.tiers if tier.complexity == complexity), 1)

    def is_only_for_difficult(self, level: int) -> bool:
        tier = self.tier(level)
        return tier is not None and tier.only_difficult


USUAL = Ladder(
    Both("Trois niveaux", "Three levels"),
    (
        Tier(1, Both("Niveau 1, conseil", "Level 1, advice"), "low", False),
        Tier(2, Both("Niveau 2, assistance à distance", "Level 2, remote assistance"), "complex", False),
        Tier(3, Both("Niveau 3, experts", "Level 3, experts"), "very_complex", True),
    ),
)
"""What a service begins with."""

NAME = "ladder"
"""There is one ladder a service; it goes by this name."""


def problems(ladder: Ladder) -> list[str]:
    """Why it cannot be used; empty when it can."""
    numbers = [tier.level for tier in ladder.tiers]
    return [] if numbers == list(range(1, len(numbers) + 1)) else ["levels"]
