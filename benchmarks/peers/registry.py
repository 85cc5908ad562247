"""Everybody who is measured."""

from benchmarks.peers.ours import Ours
from benchmarks.peers.peer import Peer
from benchmarks.peers.vnc import X0vncserver, X0vncserverTuned, X11vnc, X11vncTuned
from benchmarks.peers.xpra import Xpra, XpraTuned


def everybody() -> list[Peer]:
    """Ours first, then the others, each with what it comes with and with one setting that suits this work better."""
    return [Ours(), X0vncserver(), X0vncserverTuned(), X11vnc(), X11vncTuned(), Xpra(), XpraTuned()]
