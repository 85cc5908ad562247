"""A small X11 program that paints what a customer's program would, with a mark in it (marker.py), and hears keys.

It is told on standard input, one command a line, and says on standard output what it did and when (CLOCK_MONOTONIC, nanoseconds):

    glyph NUMBER X Y     paint a mark as large as a letter             painted NUMBER NANOSECONDS
    screen NUMBER        paint a whole new screen with a mark in it    painted NUMBER NANOSECONDS
    answer NUMBER X Y    paint a mark there when the next key comes    painted NUMBER NANOSECONDS
                                                                       key KEYCODE NANOSECONDS

What is painted is one step for whoever looks: a mark is never seen half, a screen never without its mark.
"""

import select
import sys
import time
from typing import Any

import xcffib
import xcffib.xproto
from PIL import Image, ImageDraw, ImageFont

from benchmarks import marker

BYTES_PER_PIXEL = 4
_PUT_BYTES_MAX = 200_000
_PAGES = 4
_LINE_PX = 18
_SAID = "the quick brown fox jumps over the lazy dog 0123456789 Voilà un portrait de l’œuvre, à 12 € chacun; "


class Painter:
    """A window over the whole display of DISPLAY, above all others, that has the focus."""

    def __init__(self) -> None:
        self.connection: Any = xcffib.connect()
        screen = self.connection.get_setup().roots[0]
        self._depth = screen.root_depth
        self._root = screen.root
        self.width_px, self.height_px = screen.width_in_pixels, screen.height_in_pixels
        self._window = self._made_window(screen)
        self._gc = self.connection.generate_id()
        self.connection.core.CreateGC(self._gc, self._window, 0, [])
        self._pages = [self._page(number) for number in range(_PAGES)]
        self._shown = 0
        self._answer: tuple[int, int, int] | None = None
        self.connection.core.CopyArea(self._pages[0], self._window, self._gc, 0, 0, 0, 0, self.width_px, self.height_px)
        self._sync()

    @property
    def screen_mark(self) -> tuple[int, int]:
        """Where a screen's mark is: at its end, which is sent last."""
        return self.width_px - 4 * marker.WIDTH_PX, self.height_px - 4 * marker.HEIGHT_PX

    def run(self) -> None:
        """Carry out commands until there are no more."""
        say("ready", self.width_px, self.height_px, *self.screen_mark)
        while True:
            self._hear()
            readable = select.select([sys.stdin, self.connection.get_file_descriptor()], [], [])[0]
            if sys.stdin in readable:
                line = sys.stdin.readline()
                if not line:
                    return
                self._obey(line.split())

    def _obey(self, command: list[str]) -> None:
        match command:
            case ["glyph", number, x, y]:
                self._paint_glyph(int(number), int(x), int(y))
            case ["screen", number]:
                self._paint_screen(int(number))
            case ["answer", number, x, y]:
                self._answer = int(number), int(x), int(y)
            case _:
                raise ValueError(f"what is {command}?")

    def _hear(self) -> None:
        while (event := self.connection.poll_for_event()) is not None:
            if event.response_type & 0x7F == xcffib.xproto.KeyPressEvent.event_number:
                now_ns = time.monotonic_ns()
                if self._answer:
                    answer, self._answer = self._answer, None
                    self._paint_glyph(*answer)
                say("key", event.detail, now_ns)

    def _paint_glyph(self, number: int, x: int, y: int) -> None:
        self._mark(self._window, number, x, y)
        self._flush(number)

    def _paint_screen(self, number: int) -> None:
        self._shown = (self._shown + 1) % _PAGES
        page = self._pages[self._shown]
        self._mark(page, number, *self.screen_mark)
        # The mark is in the page before the page is copied, so that only the copy counts.
        self._sync()
        self.connection.core.CopyArea(page, self._window, self._gc, 0, 0, 0, 0, self.width_px, self.height_px)
        self._flush(number)

    def _mark(self, drawable: int, number: int, x: int, y: int) -> None:
        """One request: a mark is put as a picture."""
        pixels = bytearray()
        rows = [marker.blocks(number)[at : at + marker.COLUMNS] for at in range(0, 16, marker.COLUMNS)]
        for row in rows:
            line = b"".join(
                (marker.LIT if block.is_lit else marker.DARK).to_bytes(4, "little") * marker.BLOCK_WIDTH_PX
                for block in row
            )
            pixels += line * marker.BLOCK_HEIGHT_PX
        self._put(drawable, x, y, marker.WIDTH_PX, bytes(pixels))

    def _put(self, drawable: int, x: int, y: int, width: int, pixels: bytes) -> None:
        height = len(pixels) // (width * BYTES_PER_PIXEL)
        self.connection.core.PutImage(
            xcffib.xproto.ImageFormat.ZPixmap, drawable, self._gc, width, height, x, y, 0, self._depth,
            len(pixels), pixels,
        )  # fmt: skip

    def _flush(self, number: int) -> None:
        now_ns = time.monotonic_ns()
        self.connection.flush()
        say("painted", number, now_ns)

    def _page(self, number: int) -> int:
        """A screen full of text, as a picture that the X server keeps."""
        pixmap: int = self.connection.generate_id()
        self.connection.core.CreatePixmap(self._depth, pixmap, self._root, self.width_px, self.height_px)
        pixels = text_page(number, self.width_px, self.height_px)
        row_bytes = self.width_px * BYTES_PER_PIXEL
        band_bytes = _PUT_BYTES_MAX // row_bytes * row_bytes
        for at in range(0, len(pixels), band_bytes):
            self._put(pixmap, 0, at // row_bytes, self.width_px, pixels[at : at + band_bytes])
        return pixmap

    def _made_window(self, screen: Any) -> int:
        window: int = self.connection.generate_id()
        self.connection.core.CreateWindow(
            screen.root_depth, window, screen.root, 0, 0, self.width_px, self.height_px, 0,
            xcffib.xproto.WindowClass.InputOutput, screen.root_visual,
            xcffib.xproto.CW.OverrideRedirect | xcffib.xproto.CW.EventMask, [1, xcffib.xproto.EventMask.KeyPress],
        )  # fmt: skip
        self.connection.core.MapWindow(window)
        focus = xcffib.xproto.InputFocus.PointerRoot
        self.connection.core.SetInputFocusChecked(focus, window, xcffib.xproto.Time.CurrentTime).check()
        return window

    def _sync(self) -> None:
        self.connection.core.GetInputFocus().reply()


def text_page(number: int, width_px: int, height_px: int) -> bytes:
    """A screen of text, different from that of any other number: rows from the top, blue, green, red, unused."""
    grounds = ((255, 255, 255), (30, 34, 40), (240, 244, 236), (12, 44, 74))
    ground = grounds[number % len(grounds)]
    ink = (20, 20, 20) if sum(ground) > 384 else (220, 224, 230)
    page = Image.new("RGB", (width_px, height_px), ground)
    draw = ImageDraw.Draw(page)
    font = ImageFont.truetype("DejaVuSansMono.ttf", 14)
    for line, y in enumerate(range(8, height_px - _LINE_PX, _LINE_PX)):
        start = (line * 7 + number * 13) % len(_SAID)
        text = f"{number}.{line:03} " + (_SAID * 4)[start:]
        # Ends ragged, as paragraphs and listings do.
        draw.text((12, y), text[: 90 + (line * 37 + number * 11) % 130], font=font, fill=ink)
    return page.tobytes("raw", "BGRX")


def say(*words: object) -> None:
    """Tell whoever started us."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    Painter().run()
