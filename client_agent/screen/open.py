"""Which source fits this machine."""

import sys

from client_agent.screen.source import ScreenSource


def open_source() -> ScreenSource:
    """The customer's desktop.

    Raises:
        NoDisplay: there is none; the text says what to do.
        BadDisplay: it cannot be read; the text says why.
    """
    if sys.platform in ("win32", "darwin"):
        from client_agent.screen.anywhere import AnywhereSource

        return AnywhereSource()
    # Imported only where there can be an X server: xcffib needs its library.
    from client_agent.screen.x11 import X11Source

    return X11Source()
