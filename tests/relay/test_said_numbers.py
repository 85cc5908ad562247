"""What the operator's commands print."""

from relay.__main__ import _runs


def test_numbers_that_follow_each_other_are_said_as_a_run() -> None:
    assert _runs([2036, 2038, 2039, 2041, 2042, 2043]) == "2036, 2038–2039, 2041–2043"
    assert _runs([]) == ""
