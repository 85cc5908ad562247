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


class MarkWatch:
    """Hears of all that is painted on a display (XDamage), until it is closed."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._root = connection.get_setup().roots[0].root
        self._extension = connection(xcffib.damage.key)
        # Both ask to be told which version is spoken before anything else.
        connection(xcffib.xfixes.key).QueryVersion(5, 0).reply()
        self._extension.QueryVersion(1, 1).reply()
        self._damage = connection.generate_id()
        self._extension.Create(self._damage, self._root, xcffib.damage.ReportLevel.NonEmpty)

    def until(self, number: int, place: Place) -> int:
        """Wait until this mark is there; gives when we were told of the painting after which it was (CLOCK_MONOTONIC, nanoseconds).

        Raises:
            NeverPainted: it was not there after 20 s.
        """
        end = time.monotonic() + _WITHIN_S
        told_ns = time.monotonic_ns()
        while True:
            # Anew from now on: what is painted while we look is told again.
            self._extension.Subtract(self._damage, 0, 0)
            if self._mark_at(place) == number:
                return told_ns
            while not self._is_told():
                if not select.select(
                    [self._connection.get_file_descriptor()], [], [], max(0.0, end - time.monotonic())
                )[0]:
                    raise NeverPainted(f"mark {number} at {place.x}, {place.y}")
            told_ns = time.monotonic_ns()

    def close(self) -> None:
        self._extension.Destroy(self._damage)

    def _is_told(self) -> bool:
        """Take in what has come; whether something was painted."""
        found = False
        while (event := self._connection.poll_for_event()) is not None:
            found |= isinstance(event, xcffib.damage.NotifyEvent)
        return found

    def _mark_at(self, place: Place) -> int:
        x, y, size = place
        everything = 0xFFFFFFFF
        asked = self._connection.core.GetImage(
            xcffib.xproto.ImageFormat.ZPixmap, self._root, x, y, size.width_px, size.height_px, everything
        )
        pixels = numpy.frombuffer(asked.reply().data.buf(), numpy.uint8)
        return marker.read(pixels.reshape(size.height_px, size.width_px, 4), Place(0, 0, size))
