"""Dots on a logarithmic scale, as SVG: one row a peer, one dot a round, so that one sees what overlaps."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_ROW_PX, _LEFT_PX, _WIDTH_PX, _HEAD_PX = 17, 150, 560, 26
_OURS, _THEIRS, _INK, _GRID = "#1f5fae", "#8a6d3b", "#333", "#ddd"


@dataclass(frozen=True)
class Panel:
    """One workload: for each peer what its rounds gave."""

    title: str
    rows: Sequence[tuple[str, Sequence[float]]]


def strip_plot(title: str, panels: Sequence[Panel], ours: str) -> str:
    """The picture; what is not a number, or not above 0, has no dot."""
    values = [each for panel in panels for _, row in panel.rows for each in row if math.isfinite(each) and each > 0]
    low, high = (min(values), max(values)) if values else (1.0, 10.0)
    first, last = math.floor(math.log10(low)), max(math.ceil(math.log10(high)), math.floor(math.log10(low)) + 1)
    scale = (_WIDTH_PX - _LEFT_PX - 20) / (last - first)

    def x_of(value: float) -> float:
        return _LEFT_PX + (math.log10(value) - first) * scale

    parts: list[str] = []
    y = 40.0
    for panel in panels:
        parts.append(f'<text x="8" y="{y + 14:.0f}" font-weight="bold">{escape(panel.title)}</text>')
        y += _HEAD_PX
        for label, row in panel.rows:
            colour = _OURS if label == ours else _THEIRS
            parts.append(
                f'<text x="{_LEFT_PX - 8}" y="{y + 4:.0f}" text-anchor="end" fill="{colour}">{escape(label)}</text>'
            )
            parts.append(f'<line x1="{_LEFT_PX}" x2="{_WIDTH_PX - 20}" y1="{y:.0f}" y2="{y:.0f}" stroke="#f2f2f2"/>')
            parts += [
                f'<circle cx="{x_of(value):.1f}" cy="{y:.0f}" r="4" fill="{colour}" fill-opacity="0.65"/>'
                for value in row
                if math.isfinite(value) and value > 0
            ]
            y += _ROW_PX
        y += 6
    grid: list[str] = []
    for power in range(first, last + 1):
        x = x_of(10.0**power)
        grid.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="34" y2="{y:.0f}" stroke="{_GRID}"/>')
        grid.append(f'<text x="{x:.1f}" y="{y + 14:.0f}" text-anchor="middle">{10.0**power:g}</text>')
    head = f'<text x="8" y="20" font-size="14" font-weight="bold">{escape(title)}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH_PX}" height="{y + 24:.0f}" font-family="sans-serif" '
        f'font-size="11" fill="{_INK}"><rect width="100%" height="100%" fill="white"/>{head}\n'
        + "\n".join(grid + parts)
        + "\n</svg>\n"
    )
