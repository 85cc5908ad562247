"""The lanes of the auditors' timeline: from when to when something was so."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

Lanes = dict[str, list[dict[str, Any]]]
CAMILLE, PAUL = "a", "b"
GOOD = {"type": "path_changed", "bottleneck": "none", "round_trip_ms": 20, "rate_kbit": 9000}
SLOW = {"type": "path_changed", "bottleneck": "agent_network", "round_trip_ms": 1200, "rate_kbit": 300}


def lanes(
    node: Path,
    events: list[tuple[int, dict[str, Any]]],
    titles: Sequence[tuple[int, str]] = (),
    files: Sequence[tuple[int, str]] = (),
    clipboard: Sequence[tuple[int, str]] = (),
) -> Lanes:
    """What becomes of these events and titles, each with its time, and of what was opened, each with its entry."""
    opened = {"type": "opened", "participant": CAMILLE}
    entries = [{"number": n, "at_ms": at, "event": event} for n, (at, event) in enumerate([(0, opened), *events])]
    given: dict[str, Any] = {
        "entries": entries,
        "titles": [{"title": title, "atMs": at, "entry": 0} for at, title in titles],
    }
    given |= {"files": [(number, {"name": name, "sha256": ""}) for number, name in files], "clipboard": clipboard}
    script = Path(__file__).parent / "lanes.mjs"
    done = subprocess.run(
        [str(node), str(script)], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: Lanes = json.loads(done.stdout)
    return found


def times(spans: list[dict[str, Any]]) -> list[tuple[int, int]]:
    return [(span["fromMs"], span["toMs"]) for span in spans]


STOPS = [
    {"type": "recording_paused"},
    {"type": "held", "hold": "paused"},
    {"type": "access_ended", "capability": "record", "participant": "", "by": "customer"},
]


@pytest.mark.parametrize("stop", STOPS)
def test_a_title_lasts_until_the_next_one_or_until_nothing_is_recorded(node: Path, stop: dict[str, Any]) -> None:
    titles = [(10, "Courrier"), (20, "Banque"), (60, "Courrier"), (70, "")]
    found = lanes(node, [(40, stop), (90, {"type": "ended"})], titles)["windows"]
    assert times(found) == [(10, 20), (20, 40), (60, 70)]
    assert [span["text"] for span in found] == ["Courrier", "Banque", "Courrier"]


def test_a_hold_of_input_alone_ends_no_title(node: Path) -> None:
    held = {"type": "held", "hold": "stop_key"}
    assert times(lanes(node, [(40, held), (90, {"type": "ended"})], [(10, "Courrier")])["windows"]) == [(10, 90)]


def test_how_good_the_way_was_is_told_until_it_changes(node: Path) -> None:
    found = lanes(node, [(10, GOOD), (30, SLOW), (50, GOOD), (90, {"type": "ended"})])["network"]
    assert times(found) == [(10, 30), (30, 50), (50, 90)]
    assert [span["path"]["bottleneck"] for span in found] == ["none", "agent_network", "none"]


def test_while_nobody_is_there_the_way_is_neither_good_nor_bad(node: Path) -> None:
    cut, back = {"type": "cut", "participant": CAMILLE}, {"type": "resumed", "participant": CAMILLE}
    joined, left = {"type": "joined", "participant": PAUL}, {"type": "left", "participant": PAUL}
    alone: list[tuple[int, dict[str, Any]]] = [(10, GOOD), (20, cut), (40, back), (90, {"type": "ended"})]
    assert times(lanes(node, alone)["network"]) == [(10, 20), (40, 90)]
    assert times(lanes(node, [(5, joined), *alone[:-1], (50, left), alone[-1]])["network"]) == [(10, 90)]


def test_files_are_shown_by_their_direction_with_the_names_that_could_be_opened(node: Path) -> None:
    moved = {"type": "file_transferred", "participant": CAMILLE, "direction": "to_customer", "outcome": "moved"}
    back = moved | {"direction": "from_customer"}
    events = [(10, moved), (20, back), (30, moved | {"outcome": "no_room"}), (90, {"type": "ended"})]
    found = lanes(node, events, files=[(1, "notice.pdf"), (3, "film.mp4")])["files"]
    assert [(mark["atMs"], mark["what"], mark.get("text")) for mark in found] == [
        (10, "to_customer", "notice.pdf"),
        (20, "from_customer", None),
        (30, "not_moved", "film.mp4"),
    ]


def test_the_clipboard_has_a_lane_from_its_yes_to_its_end_with_each_text_that_went_over_it(node: Path) -> None:
    def moved(direction: str) -> dict[str, Any]:
        return {
            "type": "clipboard_moved",
            "participant": CAMILLE,
            "direction": direction,
            "characters": 5,
            "content": "",
        }

    events: list[tuple[int, dict[str, Any]]] = [
        (10, {"type": "asked", "participant": CAMILLE, "capability": "clipboard", "words": "?"}),
        (20, {"type": "answered", "question": 1, "answer": "allowed", "capabilities": ["clipboard"]}),
        (30, moved("to_customer")),
        (40, moved("from_customer")),
        (50, {"type": "access_ended", "participant": CAMILLE, "capability": "clipboard", "by": "customer"}),
        (90, {"type": "ended"}),
    ]
    span, *marks = lanes(node, events, clipboard=[(3, "Bonjour")])["clipboard"]
    assert times([span]) == [(20, 50)]
    assert [(mark["atMs"], mark["what"], mark["text"], mark["entry"]) for mark in marks] == [
        (30, "clipboard_put", "Bonjour", 3),
        (40, "clipboard_read", "", 4),
    ]
    assert "clipboard" not in lanes(node, [(90, {"type": "ended"})])
