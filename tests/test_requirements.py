"""tests/requirements.py: the table of requirements is the one that the marks on the tests make."""

from pathlib import Path

import pytest

from tests.requirements import OUTPUT, marks_of, table


def test_the_table_of_requirements_is_up_to_date() -> None:
    assert OUTPUT.read_text(encoding="utf-8") == table(), "run: python -m tests.requirements"


@pytest.mark.parametrize(
    ("numbers", "problem"), [([f"A{n}" for n in range(1, 10)], "at most 8"), (["B1"], "names B1"), (["A173"], "A173")]
)
def test_a_mark_that_cannot_be_right_is_refused(tmp_path: Path, numbers: list[str], problem: str) -> None:
    path = tmp_path / "test_marks.py"
    decorators = "".join(f'@pytest.mark.requirement("{number}")\n' for number in numbers)
    path.write_text(f"{decorators}def test_something() -> None: ...\n", encoding="utf-8")
    with pytest.raises(ValueError, match=problem):
        list(marks_of(path))
