"""protocol/merkle.py: the published vectors, and trees of every size against the definition in RFC 6962."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import DataObject, data, integers

from protocol import merkle
from protocol.errors import LogTampered
from protocol.merkle import Node, Range

LEAVES = [f"leaf {n}".encode() for n in range(300)]


def built(leaves: list[bytes]) -> dict[Node, bytes]:
    nodes: dict[Node, bytes] = {}
    for size, leaf in enumerate(leaves):
        nodes |= merkle.append(nodes, size, merkle.leaf_hash(leaf))
    return nodes


NODES = built(LEAVES)


def defined(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word."""
    if not leaves:
        return merkle.EMPTY_ROOT
    if len(leaves) == 1:
        return merkle.leaf_hash(leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return merkle.node_hash(defined(leaves[:k]), defined(leaves[k:]))


def root(size: int) -> bytes:
    return merkle.root(NODES, Range(0, size))


@pytest.mark.parametrize("size", range(70))
def test_the_root_is_the_one_that_is_defined(size: int) -> None:
    assert root(size) == defined(LEAVES[:size])


@pytest.mark.parametrize("size", [*range(1, 20), 255, 256, 257, 300])
def test_every_leaf_is_proven_and_nothing_else_passes_for_it(size: int) -> None:
    for index in range(size):
        leaf, proof = merkle.leaf_hash(LEAVES[index]), merkle.proof(NODES, merkle.inclusion_ranges(index, size))
        merkle.verify_inclusion(leaf, index, proof, size, root(size))
        top, verify = root(size), merkle.verify_inclusion
        refused(verify, merkle.leaf_hash(b"other"), index, proof, size, top)
        refused(verify, leaf, index, proof, size, root(size - 1))
        refused(verify, leaf, index, [*proof, bytes(32)], size, top)
        refused(verify, leaf, index + size, proof, size, top)
        refused(verify, leaf, index - size, proof, size, top)


@pytest.mark.parametrize("new", [*range(1, 40), 255, 256, 257])
def test_every_beginning_is_proven_and_no_other_passes_for_it(new: int) -> None:
    for old in range(1, new + 1):
        proof = merkle.proof(NODES, merkle.consistency_ranges(old, new))
        merkle.verify_consistency(old, root(old), new, root(new), proof)
        refused(merkle.verify_consistency, old, bytes(32), new, root(new), proof)
        refused(merkle.verify_consistency, old, root(old), new, bytes(32), proof)
        refused(merkle.verify_consistency, old, root(old), new, root(new), [*proof, bytes(32)])
        if proof:
            refused(merkle.verify_consistency, old, root(old), new, root(new), proof[:-1])


@given(integers(2, 300), data())
def test_a_bit_flipped_anywhere_in_a_proof_is_noticed(new: int, chosen: DataObject) -> None:
    old = chosen.draw(integers(1, new - 1))
    proof = merkle.proof(NODES, merkle.consistency_ranges(old, new))
    which, bit = chosen.draw(integers(0, len(proof) - 1)), chosen.draw(integers(0, 255))
    proof[which] = (int.from_bytes(proof[which]) ^ 1 << bit).to_bytes(32)
    refused(merkle.verify_consistency, old, root(old), new, root(new), proof)


def test_appending_needs_only_the_nodes_of_the_tree_before() -> None:
    for size in range(200):
        edge = {node: NODES[node] for node in merkle.nodes_of_range(Range(0, size))}
        for node, value in merkle.append(edge, size, merkle.leaf_hash(LEAVES[size])).items():
            assert NODES[node] == value


def test_a_proof_needs_the_nodes_that_are_named_and_no_others() -> None:
    ranges = merkle.inclusion_ranges(77, 300)
    merkle.proof({node: NODES[node] for node in merkle.nodes_of_ranges(ranges)}, ranges)


# --- as published ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published(shared_vectors: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((shared_vectors / "rfc6962_merkle_vectors.json").read_text())
    return read


def test_hashes_are_those_published(published: dict[str, Any]) -> None:
    hashes = {name: bytes.fromhex(text) for name, text in published["hash_vectors"].items()}
    assert hashes["empty_root"] == merkle.EMPTY_ROOT
    assert merkle.leaf_hash(b"") == hashes["leaf_empty"]
    assert merkle.leaf_hash(b"L123456") == hashes["leaf_L123456"]
    assert merkle.node_hash(b"N123", b"N456") == hashes["node_N123_N456"]
    nodes = built([bytes.fromhex(leaf) for leaf in published["leaves_hex"]])
    for size, expected in enumerate(published["roots_by_size_hex"]):
        assert merkle.root(nodes, Range(0, size)).hex() == expected


def test_every_published_proof_is_judged_as_published(published: dict[str, Any]) -> None:
    def unpacked(case: dict[str, Any], *names: str) -> list[bytes]:
        return [base64.b64decode(case[name]) for name in names]

    def judged(kind: str, case: dict[str, Any]) -> None:
        proof = [base64.b64decode(each) for each in case["proof"] or []]
        if kind == "inclusion":
            leaf, top = unpacked(case, "leafHash", "root")
            merkle.verify_inclusion(leaf, case["leafIdx"], proof, case["treeSize"], top)
        elif kind == "subtreeinclusion":
            leaf, top = unpacked(case, "leafHash", "root")
            leaves = Range(case["start"], case["end"])
            if not merkle.is_subtree(leaves):
                raise LogTampered("no subtree")
            merkle.verify_inclusion(leaf, case["leafIdx"] - leaves.start, proof, leaves.end - leaves.start, top)
        elif kind == "consistency":
            old, new = unpacked(case, "root1", "root2")
            merkle.verify_consistency(case["size1"], old, case["size2"], new, proof)
        else:
            part, top = unpacked(case, "root1", "root2")
            merkle.verify_subtree_consistency(Range(case["start"], case["end"]), part, case["size"], top, proof)

    counted = 0
    for kind in ("inclusion", "consistency", "subtreeinclusion", "subtreeconsistency"):
        for case in published[kind]:
            counted += 1
            try:
                judged(kind, case)
                is_refused = False
            except LogTampered:
                is_refused = True
            assert is_refused == case["wantErr"], (kind, case["desc"])
    assert counted == 518


def refused(verify: Callable[..., None], *arguments: Any) -> None:
    with pytest.raises(LogTampered):
        verify(*arguments)
