"""Which source fits this machine."""

import logging
import sys
from importlib.util import find_spec

from client_agent.screen.source import ScreenSource, TellsNothing

_log = logging.getLogger(__name__)


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

    try:
        return X11Source()
    except TellsNothing:
        if find_spec("mss") is None or find_spec("numpy") is None:
            raise
    _log.info("this desktop does not tell what changes: it is looked at again and again")
    from client_agent.screen.anywhere import AnywhereSource

    return AnywhereSource()
