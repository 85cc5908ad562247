"""Which clipboard fits this machine."""

import sys

from client_agent.clipboard.clipboard import Clipboard


def open_clipboard() -> Clipboard | None:
    """The clipboard of the customer's desktop; None where there is none that we can use: on Windows and macOS, and without an X server."""
    if sys.platform in ("win32", "darwin"):
        return None
    # Imported only where there can be an X server: xcffib needs its library.
    from client_agent.clipboard.x11 import X11Clipboard
    from client_agent.x11_connection import ServerLost

    try:
        return X11Clipboard()
    except (ServerLost, LookupError):
        return None
