"""The auditor's file of keys, made by the program and opened by the page."""

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from technician_viewer import auditor_key

PASSPHRASE = "une phrase assez longue"


@pytest.fixture(scope="module")
def keys() -> auditor_key.AuditorKeys:
    return auditor_key.make("Odile Fabre")


@pytest.fixture(scope="module")
def file(keys: auditor_key.AuditorKeys, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("keys") / "key.json"
    auditor_key.save(path, keys, PASSPHRASE)
    return path.read_text(encoding="utf-8")


def opened(node: Path, file: str, passphrase: str = PASSPHRASE) -> dict[str, Any]:
    given = json.dumps({"file": file, "passphrase": passphrase})
    script = str(Path(__file__).with_name("key_file.mjs"))
    done = subprocess.run([str(node), script], input=given, capture_output=True, text=True, timeout=60, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_page_opens_what_the_program_made_and_cannot_read_the_private_key(
    node: Path, file: str, keys: auditor_key.AuditorKeys
) -> None:
    key = base64.b64encode(keys.auditor.hpke_key).decode()
    told = opened(node, file)
    assert told == {"name": "Odile Fabre", "key": key, "opened": [7], "isSigner": True, "canBeRead": False}


def _renamed(file: str) -> str:
    return file.replace("Odile Fabre", "Olga Fabre")


@pytest.mark.parametrize(
    ("alter", "passphrase", "error"),
    [
        (str, "une autre phrase", "WrongPassphrase"),
        (_renamed, PASSPHRASE, "WrongPassphrase"),
        (lambda file: file + " ", PASSPHRASE, "NotAKeyFile"),
        (lambda file: file.replace("auditor_key", "something"), PASSPHRASE, "NotAKeyFile"),
        (lambda file: file.replace("600000", "99999999999"), PASSPHRASE, "NotAKeyFile"),
        (lambda _: "a photo of a cat", PASSPHRASE, "NotAKeyFile"),
        (lambda _: "x" * 100_000, PASSPHRASE, "NotAKeyFile"),
    ],
    ids=[
        "another passphrase",
        "another name",
        "a byte more",
        "another kind",
        "work without end",
        "no JSON",
        "too long",
    ],
)
def test_what_does_not_open_is_told_apart(
    node: Path, file: str, alter: Callable[[str], str], passphrase: str, error: str
) -> None:
    assert opened(node, alter(file), passphrase) == {"error": error}
