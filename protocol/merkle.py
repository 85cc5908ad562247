"""The tree under the log of all sessions: its hashes, and proofs that nothing was left out or changed (PROTOCOL.md, section 13).

RFC 6962, section 2.1, with the verification of RFC 9162, sections 2.1.3.2 and 2.1.4.2; subtrees as in
draft-ietf-plants-merkle-tree-certs, section 4, of which a whole tree is the one that begins at 0.

A *node* is named by its level (0: the leaves) and its position there; only complete ones are ever named, so that a node never changes
once it is there. Who keeps the nodes, `nodes_of_…` tells which to fetch, and `…_proof` and `root` make of them what is needed.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from protocol.errors import LogTampered

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
PROOF_HASHES_MAX = 64


class Node(NamedTuple):
    """A complete subtree of 2**level leaves, the `position`th of its level."""

    level: int
    position: int


class Range(NamedTuple):
    """The leaves from `start` up to, and without, `end`; as far as a proof speaks of them, always a subtree."""

    start: int
    end: int


Nodes = Mapping[Node, bytes]


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of one leaf; 32 bytes."""
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbours; 32 bytes."""
    return hashlib.sha256(b"\1" + left + right).digest()


# --- making trees and proofs ---------------------------------------------------------------------------------------------


def nodes_of_range(leaves: Range) -> list[Node]:
    """The complete nodes that make up a subtree, from the left."""
    start, nodes = leaves.start, []
    while start < leaves.end:
        level = (leaves.end - start).bit_length() - 1
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return nodes


def root(nodes: Nodes, leaves: Range) -> bytes:
    """The hash over a subtree; of none at all, the hash of nothing."""
    hashes = [nodes[node] for node in nodes_of_range(leaves)]
    if not hashes:
        return EMPTY_ROOT
    total = hashes.pop()
    while hashes:
        total = node_hash(hashes.pop(), total)
    return total


def append(nodes: Nodes, size: int, leaf: bytes) -> dict[Node, bytes]:
    """The nodes that a new leaf completes.

    Args:
        nodes: at least those of `nodes_of_range(Range(0, size))`.
        leaf: its hash.
    """
    node, total = Node(0, size), leaf
    completed = {node: total}
    while node.position % 2:
        total = node_hash(nodes[Node(node.level, node.position - 1)], total)
        node = Node(node.level + 1, node.position // 2)
        completed[node] = total
    return completed


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees whose hashes prove that the leaf at `index` is in the tree of `size` leaves, from the leaf upwards."""
    return _path(index, Range(0, size))


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The subtrees whose hashes prove that the tree of `old` leaves is the beginning of the one of `new`."""
    leaves, ranges, is_whole = Range(0, new), list[Range](), True
    while old != leaves.end:
        middle = _middle(leaves)
        if old <= middle:
            ranges.append(Range(middle, leaves.end))
            leaves = Range(leaves.start, middle)
        else:
            ranges.append(Range(leaves.start, middle))
            leaves, is_whole = Range(middle, leaves.end), False
    if not is_whole:
        ranges.append(leaves)
    return ranges[::-1]


def nodes_of_ranges(ranges: Sequence[Range]) -> set[Node]:
    """All nodes that a proof of these subtrees is made from."""
    return {node for leaves in ranges for node in nodes_of_range(leaves)}


def proof(nodes: Nodes, ranges: Sequence[Range]) -> list[bytes]:
    """The hashes of these subtrees."""
    return [root(nodes, leaves) for leaves in ranges]


def _middle(leaves: Range) -> int:
    """Where a subtree of two or more leaves divides: the largest power of two below its size."""
    return leaves.start + (1 << (leaves.end - leaves.start - 1).bit_length() - 1)


def _path(index: int, leaves: Range) -> list[Range]:
    ranges = []
    while leaves.end - leaves.start > 1:
        middle = _middle(leaves)
        left, right = Range(leaves.start, middle), Range(middle, leaves.end)
        leaves, other = (left, right) if index < middle else (right, left)
        ranges.append(other)
    return ranges[::-1]


# --- verifying -----------------------------------------------------------------------------------------------------------


def verify_inclusion(leaf: bytes, index: int, proof: Sequence[bytes], size: int, root: bytes) -> None:
    """Pass silently when the leaf with this hash is at `index` in the tree of `size` leaves with this root.

    Raises:
        LogTampered: the proof does not show it.
    """
    if not 0 <= index < size or len(leaf) != HASH_BYTES:
        raise LogTampered(f"leaf {index} in a tree of {size}")
    first, last, total = index, size - 1, leaf
    for each in proof:
        if last == 0:
            raise LogTampered("a proof of inclusion that is too long")
        if first % 2 or first == last:
            total = node_hash(each, total)
            while not first % 2 and first:
                first, last = first >> 1, last >> 1
        else:
            total = node_hash(total, each)
        first, last = first >> 1, last >> 1
    if last or total != root:
        raise LogTampered(f"leaf {index} is not proven to be in the tree of {size}")


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Pass silently when the tree of `old` leaves is the beginning of the one of `new`. An empty tree proves nothing and is refused.

    Raises:
        LogTampered: the proof does not show it.
    """
    if old < 1:
        raise LogTampered("a tree without leaves is the beginning of any")
    verify_subtree_consistency(Range(0, old), old_root, new, new_root, proof)


def verify_subtree_consistency(
    leaves: Range, their_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Pass silently when this subtree, with its root, is one of the tree of `size` leaves.

    Raises:
        LogTampered: the proof does not show it, or the range is no subtree.
    """
    start, end = leaves
    if not is_subtree(leaves) or end > size:
        raise LogTampered(f"leaves {start} to {end} are no subtree of {size}")
    if start == end:
        if proof or their_root != EMPTY_ROOT:
            raise LogTampered("a subtree without leaves, and with something in it")
        return
    first, inner, last, waiting = start, end - 1, size - 1, list(proof)
    while first != inner and (inner == last or inner % 2):
        first, inner, last = first >> 1, inner >> 1, last >> 1
    if first == inner:
        theirs = total = their_root
    elif waiting:
        theirs = total = waiting.pop(0)
    else:
        raise LogTampered("a proof of consistency without hashes")
    for each in waiting:
        if last == 0:
            raise LogTampered("a proof of consistency that is too long")
        if inner % 2 or inner == last:
            if first < inner:
                theirs = node_hash(each, theirs)
            total = node_hash(each, total)
            while not inner % 2:
                first, inner, last = first >> 1, inner >> 1, last >> 1
        else:
            total = node_hash(total, each)
        first, inner, last = first >> 1, inner >> 1, last >> 1
    if last or theirs != their_root or total != root:
        raise LogTampered(f"leaves {start} to {end} are not proven to be in the tree of {size}")


def is_subtree(leaves: Range) -> bool:
    """Whether these leaves are a node of some tree: they begin where one of their number, rounded up to a power of two, may begin."""
    count = leaves.end - leaves.start
    if leaves.start < 0 or count < 0:
        return False
    return count == 0 or leaves.start % (1 << (count - 1).bit_length()) == 0
