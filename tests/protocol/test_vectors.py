"""The bytes of version 1 stay what they are: tests/vectors/version1.json, which the page is held to as well."""

import json

from tests.vectors.make import FILE, vectors


def test_the_code_writes_the_bytes_of_version_1() -> None:
    assert vectors() == json.loads(FILE.read_text(encoding="utf-8"))
