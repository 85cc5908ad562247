"""A small log of sessions in memory, and whom one believes about it."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import merkle
from protocol.identity import public_bytes
from protocol.log_of_sessions import Checkpoint, Leaf, Logged, Trust, leaf_text, sign_checkpoint
from protocol.merkle import Node, Range

LOG, OTHER, *WITNESSES = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(1, 6))
NAMES = ("first.example/w", "second.example/w", "third.example/w")
ORIGIN = "mainforte/sessions/A"
TRUST = Trust(ORIGIN, (public_bytes(LOG),), tuple(zip(NAMES, map(public_bytes, WITNESSES), strict=True)), 0)


def log_of(leaves: Sequence[Leaf], index: int, *, key: Ed25519PrivateKey = LOG, origin: str = ORIGIN) -> Logged:
    nodes: dict[Node, bytes] = {}
    for size, leaf in enumerate(leaves):
        nodes |= merkle.append(nodes, size, merkle.leaf_hash(leaf_text(leaf).encode()))
    checkpoint = Checkpoint(origin, len(leaves), merkle.root(nodes, Range(0, len(leaves))))
    hashes = merkle.proof(nodes, merkle.inclusion_ranges(index, len(leaves)))
    return Logged(leaf_text(leaves[index]), index, hashes, str(sign_checkpoint(checkpoint, key)))
