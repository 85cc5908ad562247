"""Ports of this machine."""

import asyncio
import socket


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until_listening(address: str, port: int, *, deadline_s: float = 20) -> None:
    """Wait until somebody takes connections there.

    Raises:
        TimeoutError: nobody did.
    """
    async with asyncio.timeout(deadline_s):
        while True:
            try:
                _, writer = await asyncio.open_connection(address, port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return
