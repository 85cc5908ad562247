"""What the session sees with: the screen's pictures, made in a worker thread when something changed and may be shown."""

import asyncio
import time

from client_agent.screen.source import Screen, ScreenSource
from client_agent.screen.stream import PictureStream

# The pointer moves, and pacing lets go, without a sign from the desktop: look again this often while somebody watches.
_LOOK_AGAIN_S = 0.05


class Eyes:
    """The screen as the session handles it; begins paused, because nobody may see anything yet."""

    def __init__(self, source: ScreenSource) -> None:
        self._source = source
        self._stream = PictureStream(source)
        self._stream.pause()
        self._is_due = asyncio.Event()
        self.is_paused = True
        self.screens: tuple[Screen, ...] = ()
        source.watch(asyncio.get_running_loop(), self._is_due.set)

    @property
    def newest_picture(self) -> int:
        """The number of the newest picture that was made; 0 before the first."""
        return self._stream.newest_picture

    async def wait(self) -> None:
        """Wait until there may be something new to show."""
        if self.is_paused:
            self._is_due.clear()
            await self._is_due.wait()
        try:
            await asyncio.wait_for(self._is_due.wait(), _LOOK_AGAIN_S)
        except TimeoutError:
            return
        finally:
            self._is_due.clear()

    def look(self) -> list[bytes]:
        """Make the records that are due; to be called in a worker thread, one call at a time.

        Raises:
            ScreenLost: the desktop has gone.
        """
        if self.is_paused:
            return []
        self.screens = self._source.screens()
        return list(self._stream.pump(time.monotonic()))

    def shown(self, picture: int) -> None:
        """The technician shows this picture; another may follow."""
        self._stream.shown(picture, time.monotonic())
        self._is_due.set()

    def ask_key_picture(self) -> None:
        """The next picture is complete without what went before."""
        self._stream.ask_key_picture()
        self._is_due.set()

    def choose_screen(self, number: int) -> None:
        """Show this screen from now on."""
        self._stream.choose_screen(number)
        self._is_due.set()

    def pause(self) -> None:
        """See nothing; a picture that is being made is thrown away."""
        self.is_paused = True
        self._stream.pause()

    def resume(self) -> None:
        """See again, beginning with a complete picture."""
        self.is_paused = False
        self._stream.resume()
        self._is_due.set()
