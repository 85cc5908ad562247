"""A desk that is killed at any step of storing: nothing acknowledged is lost, nothing is there twice, tree and leaves agree."""

import json
import signal
import subprocess
import sys
from pathlib import Path

WHEN = {1: "session_opened", 3: "session_joined", 4: "session_closed"}
"""How many entries are stored by the time a leaf is there."""


def test_whoever_is_killed_at_any_step_leaves_each_entry_with_its_leaf_or_neither(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.relay.evidence.killed", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    *killed, last = told
    assert len(killed) > 40
    assert {each["code"] for each in killed} == {-signal.SIGKILL}
    assert last["code"] == 0
    for each in told:
        after = each["killed"]
        assert after["tree_holds"], each
        assert after["entries"] == after["stored"] >= after["acknowledged"]
        assert after["leaves"] == [kind for entries, kind in WHEN.items() if entries <= after["entries"]]
        assert (after["state"] == "closed") == (after["entries"] == 4)
        again = each["again"]
        assert again["tree_holds"], each
        assert (again["entries"], again["leaves"]) == (4, list(WHEN.values()))
