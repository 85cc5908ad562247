"""A display that goes away under our windows: Xlib, which Tk draws with, ends the program there and then unless it is told to wait."""

import ctypes
import sys
from collections.abc import Callable

_Handler = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


class DisplayLoss:
    """Calls `on_loss` once the X server is gone, in the thread that Tk lives in, in the midst of whatever it does there.

    No window can be touched any more, and when `on_loss` returns the program ends with exit code 1 (Xlib, XSetIOErrorHandler). Nothing
    of this where windows are not Xlib's. To be kept for as long as there are windows.
    """

    def __init__(self, on_loss: Callable[[], None]) -> None:
        def lost(_display: int | None) -> int:
            on_loss()
            return 0

        # Xlib keeps an address, and nobody else the function.
        self._handler = _Handler(lost)
        if sys.platform == "linux":
            try:
                xlib = ctypes.CDLL("libX11.so.6")
            except OSError:
                return
            xlib.XSetIOErrorHandler(self._handler)
