"""Seeing on the X server itself when another program has painted a mark (marker.py)."""

import select
import time
from typing import Any

import numpy
import xcffib
import xcffib.damage
import xcffib.xfixes
import xcffib.xproto

from benchmarks import marker
from benchmarks.marker import Place

_WITHIN_S = 20.0


class NeverPainted(Exception):
    """The program did not paint its mark."""


class PaintWatch:
    """Hears of all that is painted on a display (XDamage), until it is closed."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._extension = connection(xcffib.damage.key)
        # Both ask to be told which version is spoken before anything else.
        connection(xcffib.xfixes.key).QueryVersion(5, 0).reply()
        self._extension.QueryVersion(1, 1).reply()
        self._damage = connection.generate_id()
        root = connection.get_setup().roots[0].root
        self._extension.Create(self._damage, root, xcffib.damage.ReportLevel.NonEmpty)
        self._is_told = False

    def begin(self) -> None:
        """What is painted from now on is told, although something was before."""
        self._is_told = False
        # Done when this returns: who looks or paints next may have a connection of their own.
        self._extension.Subtract(self._damage, 0, 0, is_checked=True).check()

    def is_painted(self, within_s: float) -> bool:
        """Whether something is painted after `begin` and within this time."""
        end = time.monotonic() + within_s
        self._connection.flush()
        while not self._is_told:
            while (event := self._connection.poll_for_event()) is not None:
                self._is_told |= isinstance(event, xcffib.damage.NotifyEvent)
            left_s = end - time.monotonic()
            if self._is_told or left_s <= 0:
                break
            select.select([self._connection.get_file_descriptor()], [], [], left_s)
        return self._is_told

    def close(self) -> None:
        self._extension.Destroy(self._damage)


class MarkWatch:
    """Looks for marks whenever something is painted."""

    def __init__(self, connection: Any) -> None:
        self._connection, self._painting = connection, PaintWatch(connection)
        self._root = connection.get_setup().roots[0].root

    def until(self, number: int, place: Place) -> int:
        """Wait until this mark is there; gives when we were told of the painting after which it was (CLOCK_MONOTONIC, nanoseconds).

        Raises:
            NeverPainted: it was not there after 20 s.
        """
        told_ns, end = time.monotonic_ns(), time.monotonic() + _WITHIN_S
        while True:
            # Anew from now on: what is painted while we look is told again.
            self._painting.begin()
            if self._mark_at(place) == number:
                return told_ns
            if not self._painting.is_painted(end - time.monotonic()):
                raise NeverPainted(f"mark {number} at {place.x}, {place.y}")
            told_ns = time.monotonic_ns()

    def close(self) -> None:
        self._painting.close()

    def _mark_at(self, place: Place) -> int:
        x, y, size = place
        everything = 0xFFFFFFFF
        asked = self._connection.core.GetImage(
            xcffib.xproto.ImageFormat.ZPixmap, self._root, x, y, size.width_px, size.height_px, everything
        )
        pixels = numpy.frombuffer(asked.reply().data.buf(), numpy.uint8)
        return marker.read(pixels.reshape(size.height_px, size.width_px, 4), Place(0, 0, size))
