"""protocol/cpace.py against the published vectors of the draft."""

import json
from pathlib import Path
from typing import Any

import pytest

from protocol import cpace
from protocol.errors import NotAuthentic


@pytest.fixture(scope="module")
def published(shared_vectors: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((shared_vectors / "cpace_x25519_vectors.json").read_text())
    return read


def _inputs(published: dict[str, Any]) -> dict[str, bytes]:
    return {name: bytes.fromhex(published["inputs"][name]) for name in ("PRS", "CI", "sid", "ya", "yb", "ADa", "ADb")}


def test_the_generator_is_that_of_the_draft(published: dict[str, Any]) -> None:
    given, expected = _inputs(published), published["expected"]
    string = cpace.generator_string(given["PRS"], given["CI"], given["sid"])
    assert string.hex() == expected["generator_string"]
    assert cpace.generator(given["PRS"], given["CI"], given["sid"]).hex() == expected["g"]


def test_shares_point_and_key_are_those_of_the_draft(published: dict[str, Any]) -> None:
    given, expected = _inputs(published), published["expected"]
    base = cpace.generator(given["PRS"], given["CI"], given["sid"])
    ya, yb = cpace.share(given["ya"], base), cpace.share(given["yb"], base)
    assert (ya.hex(), yb.hex()) == (expected["Ya"], expected["Yb"])
    point = cpace.shared_point(given["ya"], yb)
    assert point == cpace.shared_point(given["yb"], ya)
    assert point.hex() == expected["K"]
    transcript = cpace.transcript(ya, given["ADa"], yb, given["ADb"])
    assert transcript.hex() == expected["transcript_ir"]
    assert cpace.intermediate_key(given["sid"], point, transcript).hex() == expected["ISK_IR"]


def test_points_of_low_order_abort_and_others_multiply_as_published(published: dict[str, Any]) -> None:
    scalar = bytes.fromhex(published["scalar_mult_vfy"]["s"])
    for case in published["scalar_mult_vfy"]["cases"]:
        point = bytes.fromhex(case["u"])
        if case["must_abort"]:
            with pytest.raises(NotAuthentic):
                cpace.shared_point(scalar, point)
        else:
            assert cpace.shared_point(scalar, point).hex() == case["q"], case["name"]


def test_strings_are_joined_as_published(published: dict[str, Any]) -> None:
    strings = published["string_utils"]
    for case in strings["prepend_len"]:
        assert cpace.prepend_len(bytes.fromhex(case["in"])).hex() == case["out"]
    for case in strings["lv_cat"]:
        assert cpace.lv_cat(*map(bytes.fromhex, case["in"])).hex() == case["out"]
    for case in strings["transcript_ir"]:
        parts = (bytes.fromhex(case[name]) for name in ("Ya", "ADa", "Yb", "ADb"))
        assert cpace.transcript(*parts).hex() == case["out"]
