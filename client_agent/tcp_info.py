"""What the system's TCP tells of a connection (Linux, tcp(7), TCP_INFO; its fields are `struct tcp_info` of linux/tcp.h)."""

import socket as sockets
import struct
from dataclasses import dataclass

_US = 1e6
# tcpi_state … tcpi_total_retrans; four counters of 64 bits; tcpi_segs_out … tcpi_data_segs_out (Linux 4.6).
_FIELDS = struct.Struct("=8B24I4Q6I")
_SEGMENT, _UNACKED, _SACKED, _LOST, _RETRANSMITTING = 10, 12, 13, 14, 15
_ROUND_TRIP, _WINDOW, _SENT_AGAIN, _UNSENT, _SHORTEST_ROUND_TRIP, _SENT = 23, 26, 31, 38, 39, 41


@dataclass(frozen=True, slots=True)
class TcpInfo:
    """One connection at one moment. A segment is what one packet carries."""

    segment_bytes: int
    window: int
    """How many segments TCP lets be under way at once."""
    under_way: int
    """How many are."""
    unsent_bytes: int
    """What was handed over and has never left."""
    round_trip_s: float
    shortest_round_trip_s: float
    """Of the last minutes: what the way takes, without what waits on it."""
    sent: int
    """How many segments have left since the connection began, those that left again among them."""
    sent_again: int


def tcp_info(connection: sockets.socket) -> TcpInfo | None:
    """What TCP knows of a connection now; None where the system does not tell."""
    if not hasattr(sockets, "TCP_INFO"):
        return None
    try:
        answer = connection.getsockopt(sockets.IPPROTO_TCP, sockets.TCP_INFO, _FIELDS.size)
    except OSError:
        return None
    if len(answer) < _FIELDS.size:
        return None
    told = _FIELDS.unpack(answer)
    under_way = told[_UNACKED] - told[_SACKED] - told[_LOST] + told[_RETRANSMITTING]
    return TcpInfo(
        segment_bytes=told[_SEGMENT],
        window=told[_WINDOW],
        under_way=max(0, under_way),
        unsent_bytes=told[_UNSENT],
        round_trip_s=told[_ROUND_TRIP] / _US,
        shortest_round_trip_s=told[_SHORTEST_ROUND_TRIP] / _US,
        sent=told[_SENT],
        sent_again=told[_SENT_AGAIN],
    )
