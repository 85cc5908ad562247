"""The auditors' player: where it is after each press on the timeline, and which picture it shows there."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

PICTURES = [[1000, 2000, 10_900], [14_000, 15_000]]
ENDS = [13_000, 20_000]


def played(node: Path, steps: list[int | str]) -> list[dict[str, Any]]:
    """Where the player is after each step, and which pictures it brought to the screen."""
    given = {"pictures": PICTURES, "ends": ENDS, "steps": steps}
    script = Path(__file__).parent / "player.mjs"
    done = subprocess.run(
        [str(node), str(script)], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


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
    last = played(node, [15_000, pressed])[-1]
    assert (last["at"], last["shown"][-1]) == (at, shown)


def test_a_screen_that_lost_its_picture_gets_it_again_and_what_is_wrong_in_the_recording_is_tried_once(
    node: Path,
) -> None:
    _, mended, again, _, elsewhere = played(node, [2500, "mend", "mend", 11_000, "mend"])
    assert mended == {"at": 2500, "shown": [1000, 2000]}
    assert again == {"at": 2500, "shown": []}
    assert elsewhere == {"at": 11_000, "shown": [1000, 2000, 10_900]}
