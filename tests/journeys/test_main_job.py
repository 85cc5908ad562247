"""The whole main job with the real programs, as `./run demo --once` plays it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.requirement("A81")
@pytest.mark.requirement("A82")
@pytest.mark.requirement("A92")
@pytest.mark.requirement("A93")
@pytest.mark.parametrize("language", ["fr", pytest.param("en", marks=pytest.mark.soak)])
def test_a_customer_is_seen_controlled_and_helped_and_the_ticket_holds_the_proof(tmp_path: Path, language: str) -> None:
    command = [sys.executable, "-m", "demo", "--once", "--language", language, "--output", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    assert done.stdout.splitlines()[-1:] == ["main job: ok"], done.stdout + done.stderr
    assert done.returncode == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert len(report["root_fingerprint"]) == 43
    assert not [step for step in report["steps"] if "failed" in step]
