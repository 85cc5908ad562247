"""Rate limits by themselves: the time is an argument."""

import pytest

from relay.admission import (
    PER_ADDRESS,
    SOCKETS_MAX,
    SOCKETS_PER_ADDRESS_MAX,
    WRONG_ROOM_COST,
    Admission,
    Allowance,
    Buckets,
    source_of,
)

NOON = 1_800_000_000.0
OFFICE, HOME = "192.0.2.1", "198.51.100.7"


def sweep(admission: Admission, address: str, now: float) -> int:
    """Name wrong rooms until refused; gives how many were answered."""
    answered = 0
    while admission.admits_guess(address, now):
        admission.guessed(address, now, was_right=False)
        answered += 1
    return answered


def test_sweeping_room_numbers_is_stopped_after_a_few_and_stays_slow() -> None:
    admission = Admission()
    assert sweep(admission, OFFICE, NOON) == PER_ADDRESS.burst / WRONG_ROOM_COST
    assert sweep(admission, OFFICE, NOON) == 0
    assert sweep(admission, OFFICE, NOON + 60) == 60 * PER_ADDRESS.per_s / WRONG_ROOM_COST


def test_right_rooms_weigh_less_than_wrong_ones() -> None:
    admission = Admission()
    for _ in range(int(PER_ADDRESS.burst / WRONG_ROOM_COST) + 1):
        assert admission.admits_guess(OFFICE, NOON)
        admission.guessed(OFFICE, NOON, was_right=True)
    assert admission.admits_guess(OFFICE, NOON)


def test_one_address_that_sweeps_stops_no_other() -> None:
    admission = Admission()
    sweep(admission, OFFICE, NOON)
    assert admission.admits_guess(HOME, NOON)


def test_a_sweep_from_many_addresses_is_limited_in_all() -> None:
    admission = Admission()
    answered = sum(sweep(admission, f"10.0.{n // 256}.{n % 256}", NOON) for n in range(1000))
    assert answered < 1000 * PER_ADDRESS.burst / WRONG_ROOM_COST / 10
    assert not admission.admits_guess(HOME, NOON)


def test_an_account_that_opens_room_after_room_is_slowed_down_and_no_other() -> None:
    admission = Admission()
    while admission.admits_account("alice", NOON):
        pass
    assert admission.admits_account("bob", NOON)
    assert admission.admits_account("alice", NOON + 60)


def test_sockets_are_limited_per_address_and_a_closed_one_makes_place() -> None:
    admission = Admission()
    assert all(admission.open_socket(OFFICE) for _ in range(SOCKETS_PER_ADDRESS_MAX))
    assert not admission.open_socket(OFFICE)
    assert admission.open_socket(HOME)
    admission.close_socket(OFFICE)
    assert admission.open_socket(OFFICE)


def test_sockets_are_limited_in_all() -> None:
    admission = Admission()
    opened = sum(admission.open_socket(f"10.0.{n // 256}.{n % 256}") for n in range(SOCKETS_MAX + 5))
    assert opened == SOCKETS_MAX


def test_memory_is_bounded_whatever_number_of_addresses_come() -> None:
    buckets = Buckets(Allowance(burst=10, per_s=1), keys_max=100)
    for number in range(1000):
        buckets.pay(str(number), 1, NOON)
    assert len(buckets) == 100


def test_a_clock_that_is_set_back_gives_nothing_and_takes_nothing() -> None:
    buckets = Buckets(Allowance(burst=10, per_s=1))
    buckets.pay("a", 10, NOON)
    assert not buckets.has("a", 1, NOON - 3600)
    assert buckets.has("a", 5, NOON + 5)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("not an address", "not an address", True),
    ],
)
def test_one_subscriber_counts_as_one_source(one: str, other: str, is_same: bool) -> None:
    assert (source_of(one) == source_of(other)) is is_same
