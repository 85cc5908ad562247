"""Where the pointer of an X desktop is, for who looks at it by screenshots."""

import xcffib

from client_agent import x11_connection
from client_agent.x11_connection import ServerLost


class X11Pointer:
    """Asks the X server that DISPLAY names; None where it does not answer."""

    def __init__(self) -> None:
        try:
            self._connection = x11_connection.connect()
        except ServerLost:
            self._connection = None

    def place(self) -> tuple[int, int] | None:
        if self._connection is None:
            return None
        try:
            at = self._connection.core.QueryPointer(x11_connection.root_screen(self._connection).root).reply()
        except xcffib.XcffibException:
            return None
        return at.root_x, at.root_y

    def close(self) -> None:
        if self._connection is not None:
            self._connection.disconnect()
