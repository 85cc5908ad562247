"""The auditors' player: where it is after each press on the timeline, and which picture it shows there."""

import json
import subprocess
from pathlib import Path

import pytest

PICTURES = [[1000, 2000, 10_900], [14_000, 15_000]]
ENDS = [13_000, 20_000]


@pytest.mark.parametrize(
    ("pressed", "at", "shown"),
    [
        (2000, 2000, 2000),
        # Nothing moved then: it stays where it was pressed, with the picture of before.
        (11_000, 11_000, 10_900),
        (13_500, 13_500, 10_900),
        (14_500, 14_500, 14_000),
        (500, 1000, 1000),
        (30_000, 20_000, 15_000),
    ],
)
def test_the_player_is_where_it_was_pressed_with_the_picture_that_was_seen_then(
    node: Path, pressed: int, at: int, shown: int
) -> None:
    given = {"pictures": PICTURES, "ends": ENDS, "seeks": [15_000, pressed]}
    script = Path(__file__).parent / "player.mjs"
    done = subprocess.run(
        [str(node), str(script)], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[-1] == {"at": at, "shown": shown}
