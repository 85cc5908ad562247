"""Which sink fits this machine."""

import sys

from client_agent.input.injected import InjectedKeys
from client_agent.input.sink import InputSink, OwnWindows


def open_sink(own: OwnWindows, injected: InjectedKeys) -> InputSink:
    """Hands on the customer's desktop.

    Args:
        own: the agent's own windows, which nothing may reach.
        injected: the one that the stop key is watched with.

    Raises:
        NoInput: this desktop takes no input from programs.
    """
    if sys.platform in ("win32", "darwin"):
        from client_agent.input.anywhere import AnywhereSink

        return AnywhereSink(own=own)
    # Imported only where there can be an X server: xcffib needs its library.
    from client_agent.input.x11 import X11Sink

    return X11Sink(own=own, injected=injected)
