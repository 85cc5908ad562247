"""Windows that are moved, by the X server's own account: their pixels are on the screen already, only somewhere else."""

import struct
from collections import deque

from client_agent.screen.source import Box, Moved

# ConfigureNotify (X11 protocol, section 11): the window it was selected on, the window, the sibling, place, size, border.
_CONFIGURED = struct.Struct("=BxHIIIhhHHH")
# A desktop has some hundred windows that are mapped at once; and nobody can follow more moves than these.
_WINDOWS_MAX = 1024
_MOVES_MAX = 16


class WindowMoves:
    """Follows the places of top-level windows. `configured` belongs to the event loop's thread, `take` to the one that captures."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._places: dict[int, Box] = {}
        self._moved: deque[tuple[Box, Box, int]] = deque(maxlen=_MOVES_MAX)

    def configured(self, event: bytes) -> None:
        """A ConfigureNotify event came."""
        _, _, parent, window, _, x, y, width, height, border = _CONFIGURED.unpack_from(event)
        if parent != self._root or window == self._root or not (width and height):
            return
        place = Box(x, y, width + 2 * border, height + 2 * border)
        before = self._places.pop(window, None)
        self._places[window] = place
        if len(self._places) > _WINDOWS_MAX:
            del self._places[next(iter(self._places))]
        if (
            before is not None
            and (before.x, before.y) != (x, y)
            and (before.width, before.height) == (place.width, place.height)
        ):
            self._moved.append((before, place, window))

    def take(self) -> list[Moved]:
        """What was moved since the last call, each window from where it was then."""
        first: dict[int, Box] = {}
        last: dict[int, Box] = {}
        while self._moved:
            before, after, window = self._moved.popleft()
            first.setdefault(window, before)
            last[window] = after
        return [Moved(first[window].x, first[window].y, last[window]) for window in first]
