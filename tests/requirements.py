"""`python -m tests.requirements` writes docs/requirements.md from the marks on the tests.

A requirement counts as met when a test drives it in the running product; where only its rule is proven, the table says so.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
OUTPUT = ROOT / "docs" / "requirements.md"
LAST = 172
PER_TEST_MAX = 8

# Files whose tests use the running product: its pages, its sockets, its programs.
IN_THE_PRODUCT = (
    "tests/journeys/",
    "tests/relay/desk/pages/",
    "tests/relay/desk/test_desk_pages.py",
    "tests/relay/desk/test_server.py",
)

GROUPS = (
    (1, 14, "Actors, roles, places"),
    (15, 33, "Ticket, customer, notes, history"),
    (34, 71, "Method of handling"),
    (72, 105, "Levels, escalation, remote control, transfer"),
    (106, 113, "Appointments"),
    (114, 132, "Routing, queue, announcements, wait"),
    (133, 144, "Metrics, quality, audit"),
    (145, 156, "Knowledge"),
    (157, 172, "Self-care"),
)

# What is in the product although no test of its own names it, or only in part: the honest remark.
IN_PART = {
    1: "the role and what it may do; no test of its own",
    2: "the role and what it may do; no test of its own",
    3: "the role, domains by skill; no test of its own",
    4: "the skills level-2 and level-3 open that level's work; set on the page of colleagues",
    5: "a customer is external or internal; nothing differs yet",
    6: "opening hours have a table, no page",
    8: "groups are named by the procedures; membership has a table, no page",
    9: "the picture on every ticket",
    11: "approval by a supervisor; escalation to a named colleague is missing",
    14: "organisation and service are on every row; one service is served",
    17: "the ticket's history",
    18: "ticket numbers never change",
    22: "customer beside ticket on one screen; no training mode",
    23: "contacts of all channels stand in one list; e-mail and web arrive with self-care",
    24: "a call is entered by the adviser; no mail gateway",
    26: "the file of the case, driven by the story",
    27: "steps per level, driven by the story",
    30: "customer number and serial numbers",
    31: "required data per kind of request",
    35: "the text is there; no criterion of quality yet",
    36: "key points and questions, driven by the story",
    38: "options and the choice; no test in the product",
    39: "what was done is written down; no test in the product",
    41: "the customer's test before closing, and asking again later",
    46: "the closing text, driven by a page test under A59",
    48: "priority with its reason; no test in the product",
    50: "guides are articles; nothing is sent to customers yet",
    52: "steps with outcome",
    53: "kinds of record: incident, request, how-to, set-up, onboarding, return",
    55: "the history of the call",
    56: "the order of the call is refused otherwise",
    62: "the texts of next step and time frame",
    65: "the closing text",
    68: "arrives with self-care",
    72: "level 1 has no remote control",
    79: "the device type is on every session",
    81: "agent and page: the main job",
    82: "the relay: the main job",
    85: "the procedure for returns; refund and repair have no states of their own",
    86: "sessions name their device",
    87: "the table and its guards; the story ends at level 2",
    88: "complexity and approval are required; the story ends at level 2",
    89: "the directory by domain; a consultation cannot be asked for",
    90: "required by the table",
    92: "several people in one session: the live session; the telephone is not ours",
    93: "handing over a session: the live session",
    94: "search and notes on the ticket",
    96: "level 1 says that it fits, driven by the story",
    100: "the table proposes group and level",
    102: "how many people had the case stands on it; the figure comes later",
    103: "the ladder is in the procedures; three levels are fixed",
    104: "questions lead to a level",
    105: "a weight per kind of request is stored, not used yet",
    145: "searches are written on the ticket; required by the table",
    151: "the newest articles come first in the list; nothing is sent",
    152: "articles may be for customers; no public page yet",
    154: "the picture on every ticket; no export",
    155: "arrives with self-care",
}
LATER = "not yet"


def marks_of(path: Path) -> Iterator[tuple[str, str]]:
    """Each test of a file with each number that it proves.

    Raises:
        ValueError: a test names more than eight, or something that is no number of the list.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        numbers = [number for decorator in node.decorator_list for number in _numbers(decorator)]
        if len(numbers) > PER_TEST_MAX:
            raise ValueError(f"{node.name} names {len(numbers)} requirements; at most {PER_TEST_MAX}")
        for number in numbers:
            if not number.startswith("A") or not number[1:].isdigit() or not 1 <= int(number[1:]) <= LAST:
                raise ValueError(f"{node.name} names {number}")
            yield number, node.name


def _numbers(decorator: ast.expr) -> Iterator[str]:
    match decorator:
        case ast.Call(func=ast.Attribute(attr="requirement"), args=arguments):
            yield from (str(a.value) for a in arguments if isinstance(a, ast.Constant))


def table() -> str:
    """The whole document."""
    driven: dict[int, list[str]] = {}
    proven: dict[int, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        place = path.relative_to(ROOT).as_posix()
        for number, name in marks_of(path):
            kept = driven if place.startswith(IN_THE_PRODUCT) else proven
            kept.setdefault(int(number[1:]), []).append(
                f"`{path.name}`: {name.removeprefix('test_').replace('_', ' ')}"
            )
    lines = [
        "# Requirements of the desk, and where each is",
        "",
        "Written by `python -m tests.requirements` from the marks on the tests; the numbers are those of the list of requirements.",
        "",
        f"Of {LAST}: **{len(driven)} driven in the running product by a test that names them**,"
        f" {len(set(proven) - set(driven))} with their rule proven, but not driven through the product;"
        f" {len(set(IN_PART) - set(driven) - set(proven))} there in part; the rest not yet.",
    ]
    for first, last, title in GROUPS:
        lines += ["", f"## {title}", "", "| # | state | where, or why not |", "| --- | --- | --- |"]
        lines += [_line(number, driven, proven) for number in range(first, last + 1)]
    return "\n".join(lines) + "\n"


def _line(number: int, driven: dict[int, list[str]], proven: dict[int, list[str]]) -> str:
    remark = IN_PART.get(number, "")
    if number in driven:
        return f"| A{number} | driven | {'; '.join(driven[number])}{'; ' + remark if remark else ''} |"
    if number in proven:
        return f"| A{number} | rule proven | {'; '.join(proven[number])}{'; ' + remark if remark else ''} |"
    if remark:
        return f"| A{number} | in part | {remark} |"
    return f"| A{number} | {LATER} | |"


def main() -> int:
    """Write the document; with `--check` only say whether it is the one that the tests make."""
    text = table()
    if "--check" in sys.argv:
        return 0 if OUTPUT.read_text(encoding="utf-8") == text else 1
    OUTPUT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
