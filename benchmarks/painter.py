"""A small X11 program that paints what a customer's programs would (scenes.py), and hears keys.

It is told on standard input, one command a line, and says on standard output what it did and when (CLOCK_MONOTONIC, nanoseconds):

    scene NAME                 prepare a scene                                    scene 0 NANOSECONDS
    play COUNT [EVERY]         paint that many steps from 1, so many ms apart     painted NUMBER NANOSECONDS, each
    step NUMBER                paint that step only                               painted NUMBER NANOSECONDS
    glyph NUMBER X Y           paint a mark as large as a letter                  painted NUMBER NANOSECONDS
    answer NUMBER X Y          paint a mark there when the next key comes         painted NUMBER NANOSECONDS
                                                                                  key KEYCODE NANOSECONDS

What is painted is one step for whoever looks: a mark is never seen half, a screen never without its mark. The time is that just
before the requests are flushed to the X server; of what another program paints (programs.py), when the X server told of its mark.
"""

import os
import random
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks import marker
from benchmarks.programs import WORK, Program
from benchmarks.scenes import Scene, Work
from benchmarks.x11_canvas import X11Canvas
from benchmarks.x11_watch import MarkWatch


class Painter:
    """Carries out commands, and plays at its own pace meanwhile."""

    def __init__(self) -> None:
        self._canvas = X11Canvas()
        self._work: Work | None = None
        self._watch: MarkWatch | None = None
        self._ends = ExitStack()
        self._due: Iterator[tuple[float, int]] = iter(())
        self._next: tuple[float, int] | None = None
        self._answer: tuple[int, int, int] | None = None
        self._input = b""

    def run(self) -> None:
        """Until there are no more commands, or it is told to end."""
        with self._ends:
            self._run()

    def _run(self) -> None:
        self._prepare("idle")
        inputs = [sys.stdin.fileno(), self._canvas.connection.get_file_descriptor()]
        while True:
            self._hear()
            wait_s = None if self._next is None else max(0.0, self._next[0] - time.monotonic())
            readable = select.select(inputs, [], [], wait_s)[0]
            if self._next and time.monotonic() >= self._next[0]:
                self._step(self._next[1])
                self._next = next(self._due, None)
            if inputs[0] in readable and not self._read_commands():
                return

    def _read_commands(self) -> bool:
        # Unbuffered, so that select tells of every line.
        said = os.read(sys.stdin.fileno(), 4096)
        *lines, self._input = (self._input + said).split(b"\n")
        for line in lines:
            self._obey(line.decode().split())
        return bool(said)

    def _obey(self, command: list[str]) -> None:
        match command:
            case ["scene", name]:
                self._prepare(name)
            case ["play", count, *every]:
                assert self._work
                self._due = self._times(self._work, int(count), float(every[0]) if every else self._work.every_ms)
                self._next = next(self._due, None)
            case ["step", number]:
                self._step(int(number))
            case ["glyph", number, x, y]:
                self._paint_glyph(int(number), int(x), int(y))
            case ["answer", number, x, y]:
                self._answer = int(number), int(x), int(y)
            case _:
                raise ValueError(f"what is {command}?")

    def _prepare(self, name: str) -> None:
        self._ends.close()
        self._canvas.forget()
        self._work = WORK[name](self._canvas.width_px, self._canvas.height_px)
        if isinstance(self._work, Scene):
            self._work.prepare(self._canvas)
            self._canvas.sync()
        elif isinstance(self._work, Program):
            self._watch = MarkWatch(self._canvas.connection)
            self._ends.callback(self._watch.close)
            self._work.start(self._canvas, self._ends)
            self._watch.until(0, self._work.place(0))
        say("scene", 0, time.monotonic_ns())

    def _times(self, work: Work, count: int, every_ms: float) -> Iterator[tuple[float, int]]:
        chance = random.Random(count)
        start = time.monotonic()
        for number in range(1, count + 1):
            late = chance.uniform(-work.jitter, work.jitter) / 2
            yield start + (number + late) * every_ms / 1000, number

    def _step(self, number: int) -> None:
        if isinstance(self._work, Scene):
            self._work.step(self._canvas, number)
            self._flush(number)
        elif isinstance(self._work, Program) and self._watch:
            self._work.step(self._canvas, number)
            say("painted", number, self._watch.until(number, self._work.place(number)))

    def _hear(self) -> None:
        for key in self._canvas.take_keys():
            now_ns = time.monotonic_ns()
            if self._answer:
                answer, self._answer = self._answer, None
                self._paint_glyph(*answer)
            say("key", key, now_ns)

    def _paint_glyph(self, number: int, x: int, y: int) -> None:
        self._canvas.put(x, y, marker.pixels(number))
        self._flush(number)

    def _flush(self, number: int) -> None:
        now_ns = time.monotonic_ns()
        self._canvas.flush()
        say("painted", number, now_ns)


def say(*words: object) -> None:
    """Tell whoever started us."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    # Told to end, it ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    Painter().run()
