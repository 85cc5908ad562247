import os
import socket
from contextlib import ExitStack

from benchmarks.meters import Wire
from tests.waiting import wait_until

PICTURE, SEEN = b"picture" * 100, b"seen" * 10


def test_what_a_connection_carried_still_counts_when_it_has_been_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ExitStack() as theirs:
        wire = Wire(server.getsockname()[1], [os.getpid()])
        ours = [socket.create_connection(server.getsockname()) for _ in range(2)]
        with ours[0], ours[1]:
            for here in ours:
                there = theirs.enter_context(server.accept()[0])
                there.sendall(PICTURE)
                here.sendall(SEEN)
                assert here.recv(len(PICTURE), socket.MSG_WAITALL) == PICTURE
            # Sent is what the other end's kernel has acknowledged.
            wait_until(lambda: wire.carried_bytes()[1] >= 2 * len(SEEN), "both answers")
            before = wire.carried_bytes()
            assert before[0] == 2 * len(PICTURE)
            ours[0].close()
            assert wire.carried_bytes() == before
