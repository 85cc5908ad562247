"""Runs the page's own tests of its protocol twin in Node.js."""

import subprocess
from pathlib import Path


def test_the_page_speaks_the_protocol_to_the_byte(node: Path) -> None:
    script = Path(__file__).parent / "core_test.mjs"
    done = subprocess.run([str(node), "--test", str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
