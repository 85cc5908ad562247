"""A box on a network path that hands every packet on after a fixed time: `python -m tests.fakes.delay_box FD FD SECONDS`.

The kernel of a small machine may lack netem. The two file descriptors are TUN devices (Linux, Documentation/networking/tuntap.rst);
what is read from one is written to the other, in order, once the delay has passed. It says `ready` on standard output.
"""

import os
import select
import sys
import time
from collections import deque

_PACKET_BYTES_MAX = 65536


def carry(ends: tuple[int, int], delay_s: float) -> None:
    """Pass packets on between the two devices until this process is ended."""
    other = {ends[0]: ends[1], ends[1]: ends[0]}
    waiting: deque[tuple[float, int, bytes]] = deque()
    poll = select.poll()
    for end in ends:
        os.set_blocking(end, False)
        poll.register(end, select.POLLIN)
    while True:
        until_due_s = waiting[0][0] - time.monotonic() if waiting else None
        # Rounded up, for a poll of 0 ms would be asked again and again until the packet is due.
        for end, _ in poll.poll(None if until_due_s is None else max(0, int(until_due_s * 1000) + 1)):
            for packet in _packets(end):
                waiting.append((time.monotonic() + delay_s, other[end], packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, end, packet = waiting.popleft()
            try:
                os.write(end, packet)
            except OSError:
                continue  # the device is down or full: a network loses it, too


def _packets(end: int) -> list[bytes]:
    packets: list[bytes] = []
    try:
        while len(packets) < 64:
            packets.append(os.read(end, _PACKET_BYTES_MAX))
    except BlockingIOError:
        pass
    return packets


if __name__ == "__main__":
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    carry((int(sys.argv[1]), int(sys.argv[2])), float(sys.argv[3]))
