"""A thread beside the event loop, for what may block."""

import queue
import threading
from collections.abc import Callable


class Worker:
    """Does one thing after the other; waking it costs less than a `ThreadPoolExecutor`, which counts where it is done for a letter."""

    def __init__(self, name: str) -> None:
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def do(self, work: Callable[[], None]) -> None:
        """Have it done in its turn; `work` must not raise."""
        self._work.put(work)

    def close(self) -> None:
        """Wait until all has been done."""
        self._work.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()
