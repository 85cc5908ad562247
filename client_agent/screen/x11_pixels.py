"""The pixels of an X server's root window: through shared memory (MIT-SHM), or as answers where there is none to share."""

import logging
from typing import Any

import xcffib
import xcffib.shm
import xcffib.xproto

from client_agent import x11_connection
from client_agent.screen.shared_memory import SharedMemory
from client_agent.screen.source import Box, OffScreen
from protocol.media_parts import BYTES_PER_PIXEL

_log = logging.getLogger(__name__)

_ALL_PLANES = 0xFFFFFFFF
_Z_PIXMAP = xcffib.xproto.ImageFormat.ZPixmap


class RootPixels:
    """Reads boxes of a root window; both ends of `connection` are on one machine, or it still works, only slower."""

    def __init__(self, connection: Any, root: int) -> None:
        self._connection = connection
        self._root = root
        self._memory: SharedMemory | None = None
        self._segment = 0
        self._can_share = x11_connection.extension(connection, "MIT-SHM") is not None
        if self._can_share:
            self._shm = connection(xcffib.shm.key)
        else:
            _log.info("the X server shares no memory: pixels take a longer way")

    def read(self, box: Box) -> memoryview:
        """The pixels of `box` as the server holds them: rows from the top, 4 bytes a pixel. Good until the next call, or `close`.

        Raises:
            OffScreen: a part of the box is outside the root window.
        """
        size = box.area * BYTES_PER_PIXEL
        memory = self._memory_of(size)
        place = (self._root, box.x, box.y, box.width, box.height, _ALL_PLANES)
        try:
            if memory is not None:
                self._shm.GetImage(*place, _Z_PIXMAP, self._segment, 0).reply()
                return memory.view(size)
            reply = x11_connection.raw_reply(self._connection, self._connection.core.GetImage(_Z_PIXMAP, *place))
            return reply[x11_connection.REPLY_HEAD_BYTES : x11_connection.REPLY_HEAD_BYTES + size]
        except xcffib.xproto.MatchError:
            raise OffScreen(f"{box} is not on the desktop any more") from None

    def close(self) -> None:
        """Give the memory back; `read` must not be called afterwards."""
        if self._memory is None:
            return
        if not self._connection.has_error():
            self._shm.Detach(self._segment)
        self._memory.close()
        self._memory = None

    def _memory_of(self, size: int) -> SharedMemory | None:
        """Shared memory for at least `size` bytes; None where the server cannot share any."""
        if not self._can_share or (self._memory is not None and self._memory.size >= size):
            return self._memory
        self.close()
        try:
            memory = SharedMemory(size)
        except OSError as error:
            self._cannot_share(error)
            return None
        segment = self._connection.generate_id()
        try:
            self._shm.AttachChecked(segment, memory.id, False).check()
        except xcffib.Error as error:
            memory.close()
            self._cannot_share(error)
            return None
        finally:
            memory.forget()
        self._memory, self._segment = memory, segment
        return memory

    def _cannot_share(self, reason: Exception) -> None:
        self._can_share = False
        _log.info("no memory to share with the X server, pixels take a longer way: %s", type(reason).__name__)
