"""Work of real programs: a terminal that prints pages, and a browser that is scrolled.

A program paints its own mark with each step, no sooner than all else of it. Nobody knows from memory what must be seen then, nor when
it was painted: both are looked up on the X server.
"""

import base64
import contextlib
import html
import io
import os
import random
import select
import signal
import subprocess
import tempfile
import tty
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from PIL import Image

from benchmarks import grounds, marker
from benchmarks.canvas import Pixels
from benchmarks.marker import LARGE, Place, Size
from benchmarks.scenes import SCENES, Box, Work
from benchmarks.x11_canvas import X11Canvas

_START_S, _END_S = 20.0, 5.0
_SAID = (
    "The printer on the second floor is ready again, two jobs that were kept since 8:45 are on their way. "
    "L’imprimante du deuxième étage est de nouveau prête, deux tâches gardées depuis 8 h 45 sont en cours."
)


class Program(Work):
    """Work that another program paints."""

    @abstractmethod
    def start(self, canvas: X11Canvas, ends: ExitStack) -> None:
        """Start the program, which paints the mark of step 0; it ends with `ends`."""

    @abstractmethod
    def step(self, canvas: X11Canvas, number: int) -> None:
        """Let it paint a step, in order, from 1."""


class Terminal(Program):
    """Lines as programs write them to their logs, as many at a time as the window has."""

    name, title = "terminal", "xterm prints pages of text"
    every_ms, jitter, steps, steps_quick = 250.0, 0.4, 24, 10
    _columns, _rows, _mark_column = 200, 54, 184
    # With the width and height of its letters.
    _font, _cell = "DejaVu Sans Mono:pixelsize=14", Size(8, 17)
    _line: int

    def start(self, canvas: X11Canvas, ends: ExitStack) -> None:
        canvas.keep("ground", grounds.text_page(3, self.width_px, self.height_px))
        canvas.show("ground", 0, 0, self.width_px, self.height_px, 0, 0)
        window = canvas.place_for_a_program(*self.region)
        terminals_end, self._line = os.openpty()
        for end in (terminals_end, self._line):
            ends.callback(os.close, end)
        tty.setraw(self._line)
        # Without a shell: it prints what is written to our end of the line.
        line = f"-S{Path(os.ttyname(self._line)).name}/{terminals_end}"
        looks = ("-fa", self._font, "-b", "0", "+sb", "-u8", "-geometry", f"{self._columns}x{self._rows}")
        _start(ends, ["xterm", "-into", f"{window}", *looks, line], kept_open=[terminals_end])
        # It says which window is its own when it is ready.
        if not select.select([self._line], [], [], _START_S)[0]:
            raise TimeoutError("xterm is not ready")
        os.read(self._line, 64)
        self._print("\033[?25l" + self._page(0).removeprefix("\r\n"))

    def step(self, canvas: X11Canvas, number: int) -> None:
        self._print(self._page(number))

    def place(self, number: int) -> Place:
        width, height = self._cell
        first_row = self._rows - marker.ROWS
        return Place(self.region.x + self._mark_column * width, self.region.y + first_row * height, self._cell)

    @property
    def region(self) -> Box:
        return Box(160, 90, self._columns * self._cell.block_width_px, self._rows * self._cell.block_height_px)

    def _page(self, number: int) -> str:
        chance = random.Random(number)
        lines = [_log_line(chance, self._mark_column) for _ in range(self._rows)]
        for row, blocks in enumerate(marker.blocks(number), start=-marker.ROWS):
            lines[row] += "".join(map(_block, blocks)) + "\033[m"
        return "".join(f"\r\n{line}" for line in lines)

    def _print(self, text: str) -> None:
        left = text.encode()
        while left:
            left = left[os.write(self._line, left) :]


class Browser(Program):
    """A long page of text and pictures is scrolled, a notch of the wheel at a time."""

    name, title = "browser", "Chromium scrolls a page of text and pictures"
    every_ms, jitter, steps, steps_quick = 200.0, 0.4, 30, 12
    # How far Chromium scrolls with a notch, on Linux.
    _notch_px = 120

    def start(self, canvas: X11Canvas, ends: ExitStack) -> None:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        page = folder / "page.html"
        page.write_text(self._page(), encoding="utf-8")
        canvas.make_way()
        # What would change the picture by itself is left out, and notches are not drawn out.
        quiet = ("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")
        options = ("--no-sandbox", "--disable-gpu", "--disable-smooth-scrolling", *quiet, f"--user-data-dir={folder}")
        _start(ends, ["chromium", *options, "--kiosk", f"--app={page.as_uri()}"])

    def step(self, canvas: X11Canvas, number: int) -> None:
        canvas.turn_wheel()

    def place(self, number: int) -> Place:
        # Comes in from below.
        return Place(self.width_px - 160, self.height_px - self._notch_px + 8, LARGE)

    def _page(self) -> str:
        chance = random.Random(1)
        x, y, _ = self.place(0)
        marks = (
            f'<img class="mark" style="left: {x}px; top: {y + number * self._notch_px}px" src="{_png(marker.pixels(number, LARGE))}">'
            for number in range(self.steps + 1)
        )
        parts = []
        for number in range(1 + self.steps * self._notch_px // 300):
            said = html.escape(" ".join(chance.choices(_SAID.split(), k=chance.randint(60, 180))))
            parts.append(f"<h2>{number}. {' '.join(chance.choices(_SAID.split(), k=4))}</h2><p>{said}</p>")
            if number % 3 == 1:
                parts.append(f'<img decoding="sync" src="{_png(grounds.photo(number, 800, 420))}">')
        high = self.height_px + self.steps * self._notch_px
        return _PAGE.format(high=high, parts="".join(parts), marks="".join(marks))


_PAGE = """<!doctype html>
<meta charset="utf-8">
<title>A long page</title>
<style>
  body {{ margin: 0; height: {high}px; overflow-x: hidden; position: relative; font: 17px/1.5 "DejaVu Sans"; color: #222 }}
  main {{ height: 100%; overflow: hidden; width: 1100px; margin: 0 auto }}
  .mark {{ position: absolute }}
</style>
<main>{parts}</main>{marks}
"""


def _start(ends: ExitStack, command: Sequence[str], *, kept_open: Sequence[int] = ()) -> None:
    program = subprocess.Popen(
        command, pass_fds=kept_open, start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    ends.callback(_end, program)


def _end(program: "subprocess.Popen[bytes]") -> None:
    program.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        program.wait(_END_S)
    # With all that it has started.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)
    program.wait()


def _log_line(chance: random.Random, columns: int) -> str:
    """A line that is so many columns wide, ragged and in colours."""
    colour, level = chance.choice(((32, "ok   "), (32, "ok   "), (36, "info "), (33, "warn ")))
    said = " ".join(chance.choices(_SAID.split(), k=40))[: chance.randint(40, columns - 24)]
    clock = f"{chance.randrange(24):02}:{chance.randrange(60):02}:{chance.random() * 60:06.3f}"
    return f"{clock} \033[{colour}m{level}\033[m" + said.ljust(columns - len(clock) - 1 - len(level))


def _block(is_lit: bool) -> str:
    colour = marker.LIT if is_lit else marker.DARK
    return f"\033[48;2;{colour >> 16};{colour >> 8 & 255};{colour & 255}m "


def _png(pixels: Pixels) -> str:
    """A picture as an address of its own."""
    file = io.BytesIO()
    Image.fromarray(pixels[..., 2::-1]).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


PROGRAMS: dict[str, type[Program]] = {each.name: each for each in (Terminal, Browser)}
WORK: dict[str, type[Work]] = {**SCENES, **PROGRAMS}
"""All that can be played, by its name."""
