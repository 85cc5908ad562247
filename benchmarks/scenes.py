"""What is painted, step after step, the same for everybody who is measured.

A scene is written once, against `Canvas`: the painter plays it on an X server, and `seen_after` tells from memory what must be seen
then. Each step carries a mark with the step's number, counted from 1, so that whoever looks knows which step it sees. Work of real
programs is in programs.py.
"""

import math
from abc import ABC, abstractmethod
from typing import NamedTuple

from benchmarks import grounds, marker
from benchmarks.canvas import Canvas, Picture, Pixels
from benchmarks.marker import LARGE, LETTER, Place, Size

BAR_PX = 64


class Box(NamedTuple):
    """A part of the screen, in pixels."""

    x: int
    y: int
    width: int
    height: int


class Work(ABC):
    """One kind of work on the customer's screen: in which steps, how fast, and where."""

    name: str
    title: str
    every_ms: float
    """From one step to the next."""
    jitter: float = 0.0
    """How much that varies at random, as a share of it."""
    steps: int
    steps_quick: int

    def __init__(self, width_px: int, height_px: int) -> None:
        self.width_px, self.height_px = width_px, height_px

    @abstractmethod
    def place(self, number: int) -> Place:
        """Where the mark of a step is."""

    @property
    def region(self) -> Box:
        """What changes, at most; without the rows at the top, where the agent's bar may lie over it."""
        return Box(0, BAR_PX, self.width_px, self.height_px - BAR_PX)


class Scene(Work):
    """Work that is painted by us, so that we know without looking what must be seen."""

    @abstractmethod
    def prepare(self, canvas: Canvas) -> None:
        """Keep what will be needed and show what is seen before the first step."""

    @abstractmethod
    def step(self, canvas: Canvas, number: int) -> None:
        """Paint a step, in order, from 1."""

    def seen_after(self, *numbers: int) -> dict[int, Pixels]:
        """What must be seen after these steps, shape (height, width, 4); 0 is before the first."""
        picture = Picture(self.width_px, self.height_px)
        self.prepare(picture)
        seen = {0: picture.seen()} if 0 in numbers else {}
        for number in range(1, max(numbers) + 1):
            self.step(picture, number)
            if number in numbers:
                seen[number] = picture.seen()
        return seen

    def _show_all(self, canvas: Canvas, name: str, pixels: Pixels) -> None:
        canvas.keep(name, pixels)
        canvas.show(name, 0, 0, self.width_px, self.height_px, 0, 0)


class Still(Scene):
    """Nothing happens."""

    name, title = "idle", "nothing happens"
    every_ms, steps, steps_quick = 0.0, 0, 0

    def prepare(self, canvas: Canvas) -> None:
        self._show_all(canvas, "page", grounds.text_page(0, self.width_px, self.height_px))

    def step(self, canvas: Canvas, number: int) -> None:
        raise ValueError("nothing happens here")

    def place(self, number: int) -> Place:
        return Place(0, 0, LETTER)


class Typing(Scene):
    """A letter at a time, eight a second."""

    name, title = "typing", "typing"
    every_ms, jitter, steps, steps_quick = 125.0, 0.6, 60, 24

    def prepare(self, canvas: Canvas) -> None:
        self._show_all(canvas, "page", grounds.text_page(0, self.width_px, self.height_px))

    def step(self, canvas: Canvas, number: int) -> None:
        x, y, size = self.place(number)
        canvas.put(x, y, marker.pixels(number, size))

    def place(self, number: int) -> Place:
        columns = (self.width_px - 200) // LETTER.width_px
        line, column = divmod(number, columns)
        return Place(100 + column * LETTER.width_px, self.height_px // 2 + line * (LETTER.height_px + 4), LETTER)


class NewText(Scene):
    """A box of 640 x 360 gets new text."""

    name, title = "newtext", "640 x 360 of new text"
    every_ms, jitter, steps, steps_quick = 200.0, 0.4, 30, 12
    _box = Box(420, 260, 640, 360)

    def prepare(self, canvas: Canvas) -> None:
        self._show_all(canvas, "page", grounds.text_page(0, self.width_px, self.height_px))
        for number in range(1, self.steps + 1):
            canvas.keep(f"{number}", grounds.text_page(100 + number, *self._box[2:], ground=(255, 255, 255)))
            x, y, size = self.place(number)
            canvas.stamp(f"{number}", x - self._box.x, y - self._box.y, marker.pixels(number, size))

    def step(self, canvas: Canvas, number: int) -> None:
        canvas.show(f"{number}", 0, 0, self._box.width, self._box.height, self._box.x, self._box.y)

    def place(self, number: int) -> Place:
        return Place(self._box.x + self._box.width - 40, self._box.y + self._box.height - 40, LETTER)

    @property
    def region(self) -> Box:
        return self._box


class Scroll(Scene):
    """A full screen of text moves up by 54 lines of pixels; the whole window is painted anew, as browsers and toolkits do."""

    name, title = "scroll", "scroll by 54 lines of pixels"
    every_ms, steps, steps_quick = 100.0, 40, 20
    _step_px = 54

    def prepare(self, canvas: Canvas) -> None:
        page = grounds.text_page(7, self.width_px, self.height_px + self.steps * self._step_px, ground=(255, 255, 255))
        canvas.keep("page", page)
        for number in range(1, self.steps + 1):
            x, y, size = self.place(number)
            canvas.stamp("page", x, y + number * self._step_px, marker.pixels(number, size))
        canvas.show("page", 0, 0, self.width_px, self.height_px, 0, 0)

    def step(self, canvas: Canvas, number: int) -> None:
        canvas.show("page", 0, number * self._step_px, self.width_px, self.height_px, 0, 0)

    def place(self, number: int) -> Place:
        return Place(self.width_px - 160, self.height_px - self._step_px + 8, LARGE)


class Drag(Scene):
    """A window of 640 x 420 is moved, sixty times a second."""

    name, title = "drag", "window dragged over a plain ground"
    every_ms, steps, steps_quick = 1000 / 60, 180, 90
    _width_px, _height_px = 640, 420

    def prepare(self, canvas: Canvas) -> None:
        self._show_all(canvas, "ground", self._ground())
        canvas.keep("window", grounds.window(self._width_px, self._height_px))
        canvas.open_window("window", *self._at(0))

    def step(self, canvas: Canvas, number: int) -> None:
        canvas.stamp_window(20, 40, marker.pixels(number, LARGE))
        canvas.move_window(*self._at(number))

    def place(self, number: int) -> Place:
        x, y = self._at(number)
        return Place(x + 20, y + 40, LARGE)

    def _at(self, number: int) -> tuple[int, int]:
        room_x, room_y = self.width_px - self._width_px, self.height_px - self._height_px
        return (
            round(room_x * (0.5 + 0.4 * math.sin(number / 37))),
            round(room_y * (0.5 - 0.4 * math.cos(number / 23))),
        )

    def _ground(self) -> Pixels:
        ground = Picture(self.width_px, self.height_px).seen()
        ground[..., :3] = (110, 92, 58)
        return ground


class DragOverPhoto(Drag):
    """The same over a photo."""

    name, title = "drag-photo", "window dragged over a photo"

    def _ground(self) -> Pixels:
        return grounds.photo(3, self.width_px, self.height_px)


class Film(Scene):
    """A film of 1280 x 720 in a page of text, thirty pictures a second."""

    name, title = "video", "720p film, 30 pictures a second"
    every_ms, steps, steps_quick = 1000 / 30, 150, 90
    _pictures = 45
    _first = Box(320, 180, 1280, 720)

    @property
    def region(self) -> Box:
        return self._first

    def prepare(self, canvas: Canvas) -> None:
        self._show_all(canvas, "page", grounds.text_page(0, self.width_px, self.height_px))
        for number in range(self._pictures):
            canvas.keep(f"{number}", grounds.film(number, self.region.width, self.region.height))

    def step(self, canvas: Canvas, number: int) -> None:
        # Forth and back, so that it goes on for as long as it takes.
        place = number % (2 * self._pictures - 2)
        kept = f"{place if place < self._pictures else 2 * self._pictures - 2 - place}"
        box, mark = self.region, self.place(number)
        canvas.stamp(kept, mark.x - box.x, mark.y - box.y, marker.pixels(number, mark.size))
        canvas.show(kept, 0, 0, box.width, box.height, box.x, box.y)

    def place(self, number: int) -> Place:
        return Place(self.region.x + 16, self.region.y + 16, LARGE)


class TypingBesideFilm(Film):
    """Somebody types below the film, two or three letters a second; `LETTERS` + the film's step is a letter's number."""

    name, title = "typing-beside-film", "typing below a 720p film"
    steps, steps_quick = 600, 240
    LETTERS = 2048
    _every = 12
    # As wide as eight blocks of a video, or four where it is sent at half its size: read well in a coarse picture too.
    _MARK = Size(32, 32)

    def place(self, number: int) -> Place:
        return Place(self.region.x + 32, self.region.y + 32, self._MARK)

    def step(self, canvas: Canvas, number: int) -> None:
        super().step(canvas, number)
        if number in self.letters(number):
            x, y, size = self.letter_place(number)
            canvas.put(x, y, marker.pixels(self.LETTERS + number, size))

    def letters(self, count: int) -> range:
        """The steps, up to this one, with which a letter is typed."""
        return range(self._every, count + 1, self._every)

    def letter_place(self, number: int) -> Place:
        return Place(340 + number // self._every * LETTER.width_px, self.region.y + self.region.height + 40, LETTER)


class Switch(Scene):
    """The whole screen changes."""

    name, title = "switch", "the whole screen changes"
    every_ms, jitter, steps, steps_quick = 500.0, 0.4, 16, 8

    def prepare(self, canvas: Canvas) -> None:
        self._show_all(canvas, "page", grounds.text_page(0, self.width_px, self.height_px))
        for number in range(1, self.steps + 1):
            canvas.keep(f"{number}", grounds.text_page(50 + number, self.width_px, self.height_px))
            x, y, size = self.place(number)
            canvas.stamp(f"{number}", x, y, marker.pixels(number, size))

    def step(self, canvas: Canvas, number: int) -> None:
        canvas.show(f"{number}", 0, 0, self.width_px, self.height_px, 0, 0)

    def place(self, number: int) -> Place:
        # At the end, which is sent last.
        return Place(self.width_px - 64, self.height_px - 96, LARGE)


SCENES: dict[str, type[Scene]] = {
    each.name: each for each in (Still, Typing, NewText, Scroll, Drag, DragOverPhoto, Film, TypingBesideFilm, Switch)
}
