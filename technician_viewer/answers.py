"""What a server answers is read up to a length, whoever asks."""

import aiohttp


async def read_bounded(stream: aiohttp.StreamReader, bytes_max: int) -> bytes | None:
    """All of a body; None where it is longer."""
    content = bytearray()
    async for chunk in stream.iter_chunked(64 * 1024):
        content += chunk
        if len(content) > bytes_max:
            return None
    return bytes(content)
