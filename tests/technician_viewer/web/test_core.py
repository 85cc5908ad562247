"""Runs the page's own tests, of what needs no browser, in Node.js."""

import subprocess
from pathlib import Path

import pytest


@pytest.mark.parametrize("name", ["core_test.mjs", "files_test.mjs", "screen_test.mjs"])
def test_the_page_speaks_the_protocol_to_the_byte(node: Path, name: str) -> None:
    script = Path(__file__).parent / name
    done = subprocess.run([str(node), "--test", str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
