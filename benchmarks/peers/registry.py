"""Everybody who is measured."""

from benchmarks.peers.meshcentral import MeshCentral, MeshCentralTuned
from benchmarks.peers.ours import Ours
from benchmarks.peers.peer import Peer
from benchmarks.peers.vnc import X0vncserver, X0vncserverTuned, X11vnc, X11vncTuned
from benchmarks.peers.xpra import Xpra, XpraTuned


def everybody() -> list[Peer]:
    """Ours first, then the others, each with what it comes with and with one setting that suits this work better."""
    return [
        Ours(), X0vncserver(), X0vncserverTuned(), X11vnc(), X11vncTuned(), Xpra(), XpraTuned(), MeshCentral(), MeshCentralTuned(),
    ]  # fmt: skip


NOT_MEASURED = {
    "xpra 6.5 from PyPI": "its server builds from source with some twenty development packages, but its HTML5 client is in none of the "
    "registries, and that of Debian's 3.1 does not speak with it",
}
"""Who else was looked at, and why there are no figures of them."""
