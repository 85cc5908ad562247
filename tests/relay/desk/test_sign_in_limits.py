"""relay/desk/sign_in_limits.py: how often signing in may fail."""

from relay.desk.sign_in_limits import IN_ALL_FACTOR, KEYS_MAX, WINDOW_S, SignInLimits


def test_an_account_that_failed_too_often_waits_from_whatever_address() -> None:
    limits = SignInLimits(3)
    for number in range(3):
        limits.failed(f"10.0.0.{number}", "marc", now=100.0)
    assert limits.wait_s("10.9.9.9", "marc", now=100.0) == WINDOW_S + 1
    assert limits.wait_s("10.9.9.9", "someone else", now=100.0) == 0
    assert limits.wait_s("10.9.9.9", "marc", now=100.0 + WINDOW_S) == 0


def test_an_address_that_failed_too_often_waits_with_whatever_account() -> None:
    limits = SignInLimits(3)
    for number in range(3):
        limits.failed("10.0.0.1", f"account{number}", now=0.0)
    assert limits.wait_s("10.0.0.1", "fresh", now=1.0) > 0


def test_all_together_are_limited_too() -> None:
    limits = SignInLimits(3)
    for number in range(3 * IN_ALL_FACTOR):
        limits.failed(f"address{number}", f"account{number}", now=0.0)
    assert limits.wait_s("fresh", "fresh", now=1.0) > 0


def test_a_success_forgets_the_failures_before() -> None:
    limits = SignInLimits(3)
    for _ in range(3):
        limits.failed("10.0.0.1", "marc", now=0.0)
    limits.succeeded("10.0.0.1", "marc")
    assert limits.wait_s("10.0.0.1", "marc", now=0.0) == 0


def test_what_is_remembered_stays_bounded() -> None:
    limits = SignInLimits(3)
    for number in range(KEYS_MAX):
        limits.failed(f"address{number}", f"account{number}", now=0.0)
    assert len(limits._failures) <= KEYS_MAX
