"""Shapes with smooth edges, which Tk's canvas lacks: rounded boxes and the marks beside sentences, as PNG for `PhotoImage`.

Each is drawn several times larger and reduced. Marks are described on a square of 24 units.
"""

import io
from collections.abc import Callable
from functools import lru_cache

from PIL import Image, ImageDraw

from client_agent.prompts.words.marks import Mark

_FINER = 4
_UNITS = 24
_STROKE = 2.0

Point = tuple[float, float]


@lru_cache(maxsize=256)
def rounded_box(width: int, height: int, radius: int, fill: str, outline: str = "", outline_px: int = 0) -> bytes:
    """A box with rounded corners on transparent ground; sizes in device pixels."""
    # Twice finer is enough for one large curve, and buttons are large.
    image = Image.new("RGBA", (width * 2, height * 2), (0, 0, 0, 0))
    ImageDraw.Draw(image).rounded_rectangle(
        (0, 0, width * 2 - 1, height * 2 - 1),
        radius * 2,
        fill=fill or None,
        outline=outline or None,
        width=outline_px * 2,
    )
    return _png(image.reduce(2))


@lru_cache(maxsize=128)
def mark(kind: Mark, size: int, colour: str, ground: str) -> bytes:
    """A mark in a square of `size` device pixels; `ground` shows where one shape is cut out of another."""
    finer = size * _FINER
    image = Image.new("RGBA", (finer, finer), (0, 0, 0, 0))
    _MARKS[kind](_Pen(ImageDraw.Draw(image), finer / _UNITS, colour, ground))
    return _png(image.reduce(_FINER))


def _png(image: Image.Image) -> bytes:
    data = io.BytesIO()
    image.save(data, "PNG", compress_level=1)
    return data.getvalue()


class _Pen:
    """Draws in units of the mark's square."""

    def __init__(self, draw: ImageDraw.ImageDraw, unit: float, colour: str, ground: str) -> None:
        self._draw, self._unit, self.colour, self.ground = draw, unit, colour, ground

    def line(self, *points: Point, width: float = _STROKE, colour: str = "") -> None:
        colour = colour or self.colour
        scaled = [self._scaled(point) for point in points]
        self._draw.line(scaled, fill=colour, width=round(width * self._unit), joint="curve")
        for point in (points[0], points[-1]):
            self.dot(point, width / 2, colour)

    def dot(self, centre: Point, radius: float, colour: str = "") -> None:
        self._draw.ellipse(self._box(centre, radius), fill=colour or self.colour)

    def ring(self, centre: Point, radius: float, width: float = _STROKE) -> None:
        self._draw.ellipse(self._box(centre, radius + width / 2), outline=self.colour, width=round(width * self._unit))

    def shape(self, *points: Point) -> None:
        self._draw.polygon([self._scaled(point) for point in points], fill=self.colour)

    def bar(self, left: float, top: float, right: float, bottom: float, radius: float) -> None:
        box = (*self._scaled((left, top)), *self._scaled((right, bottom)))
        self._draw.rounded_rectangle(box, radius * self._unit, fill=self.colour)

    def slash(self) -> None:
        """Cross the mark out."""
        self.line((5.5, 2.5), (22.5, 19.5), width=2.6, colour=self.ground)
        self.line((3.5, 3.5), (20.5, 20.5))

    def _scaled(self, point: Point) -> Point:
        return (point[0] * self._unit, point[1] * self._unit)

    def _box(self, centre: Point, radius: float) -> tuple[float, float, float, float]:
        (x, y), r = self._scaled(centre), radius * self._unit
        return (x - r, y - r, x + r, y + r)


def _curve(start: Point, control: Point, end: Point, steps: int = 24) -> list[Point]:
    """Points on a quadratic Bézier curve."""
    points = []
    for step in range(steps + 1):
        t = step / steps
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
        points.append((a * start[0] + b * control[0] + c * end[0], a * start[1] + b * control[1] + c * end[1]))
    return points


def _eye(pen: _Pen) -> None:
    pen.line(*_curve((1.8, 12), (12, -1.2), (22.2, 12)))
    pen.line(*_curve((1.8, 12), (12, 25.2), (22.2, 12)))
    pen.dot((12, 12), 3.4)


def _hand(pen: _Pen) -> None:
    """An open hand, filled: four fingers, a thumb and the palm."""
    for x, top in ((7.4, 5.6), (10.8, 3.2), (14.2, 3.8), (17.6, 6.4)):
        pen.line((x, top), (x, 14), width=2.8)
    pen.shape((6.0, 12), (19.0, 12), (19.0, 16), (17.4, 19.8), (14.4, 21.8), (11, 21.8), (8.2, 20), (6.0, 16.6))
    pen.dot((14.4, 17.4), 4.6)
    pen.dot((10.8, 17.4), 4.6)
    pen.line((3.4, 12.6), (7.4, 18.2), width=2.8)


def _no_hand(pen: _Pen) -> None:
    _hand(pen)
    pen.slash()


def _stop(pen: _Pen) -> None:
    pen.ring((12, 12), 9.2)
    pen.bar(8.2, 8.2, 15.8, 15.8, 1)


def _pause(pen: _Pen) -> None:
    pen.bar(6, 4, 10, 20, 1.2)
    pen.bar(14, 4, 18, 20, 1.2)


def _broken(pen: _Pen) -> None:
    """A line that does not reach the other side."""
    pen.ring((5, 12), 2.4)
    pen.ring((19, 12), 2.4)
    pen.line((7.4, 12), (9.2, 12))
    pen.line((14.8, 12), (16.6, 12))
    pen.line((10.2, 7.2), (13.8, 16.8))


def _verified(pen: _Pen) -> None:
    """A shield with a tick."""
    pen.shape(
        (12, 1.6),
        (20.6, 4.8),
        *_curve((20.6, 11), (20.4, 18.6), (12, 22.6)),
        *_curve((12, 22.6), (3.6, 18.6), (3.4, 11)),
        (3.4, 4.8),
    )
    pen.line((7.8, 12.2), (10.9, 15.3), (16.3, 8.9), width=2.2, colour=pen.ground)


def _warning(pen: _Pen) -> None:
    pen.shape((12, 2), (23, 21.4), (1, 21.4))
    pen.line((12, 9), (12, 14.4), width=2.4, colour=pen.ground)
    pen.dot((12, 18), 1.4, pen.ground)


def _wait(pen: _Pen) -> None:
    """A clock."""
    pen.ring((12, 12), 9.2)
    pen.line((12, 6.6), (12, 12), (15.6, 14.2))


def _record(pen: _Pen) -> None:
    """A dot in its ring."""
    pen.ring((12, 12), 9.2)
    pen.dot((12, 12), 5.2)


def _no_record(pen: _Pen) -> None:
    pen.ring((12, 12), 9.2)
    pen.slash()


def _key(pen: _Pen) -> None:
    pen.ring((7.6, 12), 4.6)
    pen.line((12.2, 12), (22, 12))
    pen.line((18, 12), (18, 16.2))
    pen.line((21.6, 12), (21.6, 15.4))


def _message(pen: _Pen) -> None:
    """A speech bubble with two lines."""
    pen.bar(2, 3.4, 22, 17, 3.2)
    pen.shape((5.6, 16), (12.4, 16), (5.6, 22))
    pen.line((6.6, 8.2), (17.4, 8.2), colour=pen.ground)
    pen.line((6.6, 12.4), (13.6, 12.4), colour=pen.ground)


def _file_in(pen: _Pen) -> None:
    """An arrow that comes down into a tray."""
    pen.line((12, 2.6), (12, 13.4))
    pen.line((7.2, 9), (12, 13.8), (16.8, 9))
    _tray(pen)


def _file_out(pen: _Pen) -> None:
    pen.line((12, 3), (12, 14))
    pen.line((7.2, 7.4), (12, 2.6), (16.8, 7.4))
    _tray(pen)


def _tray(pen: _Pen) -> None:
    pen.line((3, 15), (3, 20.6), (21, 20.6), (21, 15))


def _clipboard(pen: _Pen) -> None:
    """A board with its clip and two lines of text."""
    pen.line((5, 4.5), (5, 21.5), (19, 21.5), (19, 4.5), (5, 4.5))
    pen.bar(8.2, 1.6, 15.8, 7.2, 1.4)
    pen.line((8.6, 12), (15.4, 12), width=1.8)
    pen.line((8.6, 16.6), (13.4, 16.6), width=1.8)


_MARKS: dict[Mark, Callable[[_Pen], None]] = {
    Mark.EYE: _eye,
    Mark.HAND: _hand,
    Mark.NO_HAND: _no_hand,
    Mark.STOP: _stop,
    Mark.PAUSE: _pause,
    Mark.BROKEN: _broken,
    Mark.VERIFIED: _verified,
    Mark.WARNING: _warning,
    Mark.WAIT: _wait,
    Mark.RECORD: _record,
    Mark.NO_RECORD: _no_record,
    Mark.KEY: _key,
    Mark.MESSAGE: _message,
    Mark.FILE_IN: _file_in,
    Mark.FILE_OUT: _file_out,
    Mark.CLIPBOARD: _clipboard,
}
