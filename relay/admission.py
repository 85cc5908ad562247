"""How much one address, one account and all together may ask of the relay; no I/O, the time is an argument (UTC or monotonic seconds).

Token buckets, not sliding windows: a bucket is two numbers whatever it has seen, so that thousands of addresses stay cheap, and it
allows the short burst of an office behind one address while bounding what a sweep of room numbers gets in the long run.
"""

import ipaddress
from collections import Counter, OrderedDict
from dataclasses import dataclass

ADDRESSES_MAX = 20_000
SOCKETS_PER_ADDRESS_MAX = 64
SOCKETS_MAX = 4_000

RIGHT_ROOM_COST = 1
WRONG_ROOM_COST = 5


@dataclass(frozen=True)
class Allowance:
    """So many at once, and so many a second in the long run."""

    burst: float
    per_s: float


# 20 wrong rooms at once and 12 a minute from one address: somebody who mistypes never notices, while the 100 000 numbers take days.
PER_ADDRESS = Allowance(burst=100, per_s=1)
PER_ACCOUNT = Allowance(burst=30, per_s=0.2)
IN_ALL = Allowance(burst=5_000, per_s=100)


class Buckets:
    """One bucket per key; keys that were not heard of for longest are forgotten, so that memory is bounded."""

    def __init__(self, allowance: Allowance, *, keys_max: int = ADDRESSES_MAX) -> None:
        self._allowance, self._keys_max = allowance, keys_max
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def has(self, key: str, cost: float, now: float) -> bool:
        """Tell whether `cost` could be paid now."""
        return self._level(key, now) >= cost

    def pay(self, key: str, cost: float, now: float) -> None:
        """Take `cost` out, down to empty."""
        self._levels[key] = (max(0.0, self._level(key, now) - cost), now)
        self._levels.move_to_end(key)
        if len(self._levels) > self._keys_max:
            self._levels.popitem(last=False)

    def __len__(self) -> int:
        return len(self._levels)

    def _level(self, key: str, now: float) -> float:
        level, at = self._levels.get(key, (self._allowance.burst, now))
        return min(self._allowance.burst, level + max(0.0, now - at) * self._allowance.per_s)


class Admission:
    """Whether a socket may open, an agent may name a room, and a viewer may present a token."""

    def __init__(self) -> None:
        self._sockets: Counter[str] = Counter()
        self._sockets_in_all = 0
        self._addresses = Buckets(PER_ADDRESS)
        self._accounts = Buckets(PER_ACCOUNT)
        self._everybody = Buckets(IN_ALL, keys_max=1)

    def open_socket(self, address: str) -> bool:
        """Count a socket in; False where this address or all together have too many. Pair it with `close_socket`."""
        source = source_of(address)
        if self._sockets[source] >= SOCKETS_PER_ADDRESS_MAX or self._sockets_in_all >= SOCKETS_MAX:
            if not self._sockets[source]:
                del self._sockets[source]
            return False
        self._sockets[source] += 1
        self._sockets_in_all += 1
        return True

    def close_socket(self, address: str) -> None:
        """Count a socket out again."""
        source = source_of(address)
        self._sockets[source] -= 1
        self._sockets_in_all -= 1
        if not self._sockets[source]:
            del self._sockets[source]

    def admits_guess(self, address: str, now: float) -> bool:
        """Tell whether this address may name a room or present a token now. Say afterwards what came of it."""
        has_own = self._addresses.has(source_of(address), RIGHT_ROOM_COST, now)
        return has_own and self._everybody.has("", RIGHT_ROOM_COST, now)

    def guessed(self, address: str, now: float, *, was_right: bool) -> None:
        """Pay for a room or a token that was named; a wrong one weighs more, since that is what sweeping is made of."""
        cost = RIGHT_ROOM_COST if was_right else WRONG_ROOM_COST
        self._addresses.pay(source_of(address), cost, now)
        self._everybody.pay("", cost, now)

    def admits_account(self, participant: str, now: float) -> bool:
        """Count a room that this account opens; False where it opened too many lately."""
        if not self._accounts.has(participant, 1, now):
            return False
        self._accounts.pay(participant, 1, now)
        return True


def source_of(address: str) -> str:
    """What counts as one source: an IPv4 address, or the /64 that one IPv6 subscriber has; anything else as it is."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed, 64), strict=False).network_address)
