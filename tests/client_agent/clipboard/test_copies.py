"""client_agent/clipboard/copies.py: what a person copies counts, and what a clipboard manager only takes over does not."""

import pytest

from client_agent.clipboard.clipboard import Copies
from client_agent.clipboard.copies import CopyCount

NOON = 1_000_000
BEFORE = Copies(0)


@pytest.fixture
def copies() -> CopyCount:
    """What was there before anybody looked is no copy that was seen."""
    return CopyCount()


def test_what_is_copied_after_a_moment_is_later_and_what_was_copied_before_is_not(copies: CopyCount) -> None:
    assert not copies.is_later(BEFORE)
    copies.copied(NOON, is_by_manager=False)
    assert copies.is_later(BEFORE)
    assert not copies.is_later(copies.count)
    since = copies.count
    copies.copied(NOON + 1, is_by_manager=False)
    assert copies.is_later(since)


def test_a_manager_that_takes_an_old_copy_over_does_not_make_it_new(copies: CopyCount) -> None:
    copies.copied(NOON, is_by_manager=False)
    since = copies.count
    copies.copied(NOON + 10, is_by_manager=True)
    assert not copies.is_later(since)


def test_a_manager_that_takes_a_new_copy_over_leaves_it_new(copies: CopyCount) -> None:
    copies.copied(NOON, is_by_manager=False)
    copies.copied(NOON + 10, is_by_manager=True)
    assert copies.is_later(BEFORE)


@pytest.mark.parametrize("lost_ms", [NOON, 2**32 - 1000], ids=["in between", "as the clock runs round"])
def test_whoever_fills_the_clipboard_again_after_its_program_ended_has_an_old_copy(
    copies: CopyCount, lost_ms: int
) -> None:
    copies.copied(lost_ms - 500, is_by_manager=False)
    since = copies.count
    copies.lost(lost_ms)
    copies.copied((lost_ms + 1500) % 2**32, is_by_manager=False)
    assert not copies.is_later(since)
    copies.copied((lost_ms + 1600) % 2**32, is_by_manager=False)
    assert copies.is_later(since)


def test_what_is_copied_long_after_the_clipboard_was_emptied_is_new(copies: CopyCount) -> None:
    copies.lost(NOON)
    copies.copied(NOON + 2001, is_by_manager=False)
    assert copies.is_later(BEFORE)


def test_what_we_put_there_is_no_copy_of_the_customers_whoever_takes_it_over(copies: CopyCount) -> None:
    copies.copied(NOON, is_by_manager=False)
    copies.put()
    assert not copies.is_later(BEFORE)
    copies.copied(NOON + 10, is_by_manager=True)
    assert not copies.is_later(BEFORE)
    copies.copied(NOON + 20, is_by_manager=False)
    assert copies.is_later(BEFORE)
