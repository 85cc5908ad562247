"""Colours and sizes of the agent's windows: the product's tokens, at the system's scale."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Colours by role. Text on its ground has a contrast of at least 4.5:1, shapes 3:1."""

    ground: str
    raised: str
    text: str
    quiet: str
    line: str
    action: str
    on_action: str
    allowed: str
    attention: str
    stop: str


LIGHT = Palette(
    ground="#f7f8fa",
    raised="#ffffff",
    text="#1a1f27",
    quiet="#566072",
    line="#d5dae2",
    action="#0b5cad",
    on_action="#ffffff",
    allowed="#1b7a3d",
    attention="#8a5a00",
    stop="#b3261e",
)
DARK = Palette(
    ground="#14171c",
    raised="#1d2128",
    text="#e8ebf0",
    quiet="#a3adbd",
    line="#343b47",
    action="#6db3f8",
    on_action="#14171c",
    allowed="#5fca86",
    attention="#e9b44c",
    stop="#ff8a80",
)

SMALL, BODY, LARGE, TITLE = 16, 18, 22, 28
TARGET = 44
CORNER = 6
RING = 4
"""Room around a button for the ring that shows where the keyboard is."""


def mixed(colour: str, ground: str, share: float) -> str:
    """`share` of a colour over its ground: the tint behind a sentence, or a button that does not react yet."""
    parts = (round(int(colour[i : i + 2], 16) * share + int(ground[i : i + 2], 16) * (1 - share)) for i in (1, 3, 5))
    return "#" + "".join(f"{part:02x}" for part in parts)


@dataclass(frozen=True)
class Theme:
    """A palette, a font family and a scale; sizes are given as they are at 100 %."""

    palette: Palette
    family: str
    scale: float = 1.0

    def px(self, size: float) -> int:
        return round(size * self.scale)

    def font(self, size: int = BODY, *, is_bold: bool = False) -> tuple[str, int, str]:
        """A font as Tk takes it; negative sizes are pixels."""
        return (self.family, -self.px(size), "bold" if is_bold else "normal")
