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

# What is in the product only in part, whether a test names it or not: which part is missing.
IN_PART = {
    12: "juniors begin with what is simple; tools for self-care come later",
    24: "by telephone as the adviser enters it, by mail through a gateway; no computer telephony",
    33: "contacts, escalations and what a customer tells beforehand are there; the rungs of self-care come later",
    68: "open to everybody; offered on the way of self-care later",
    75: "the case comes to level 3 with all that is known; the appointment itself comes later",
    83: "installed software is run by whoever controls, as any other program; nothing asks for that alone",
    84: "the rights of an administrator",
    92: "several people in one session; the telephone line itself is not ours",
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
        f"Of {LAST}: **{len(driven)} driven in the running product by a test that names them**"
        f" ({len(set(driven) & set(IN_PART))} of them without a part, which is named),"
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
        state = "driven, in part" if remark else "driven"
        return (
            f"| A{number} | {state} | {'; '.join(driven[number])}{'. **Not all of it:** ' + remark if remark else ''} |"
        )
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
