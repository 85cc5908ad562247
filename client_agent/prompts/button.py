"""The button of the agent's windows, drawn here."""

import tkinter as tk
from collections.abc import Callable
from enum import StrEnum

from client_agent.prompts import drawing
from client_agent.prompts.theme import BODY, CORNER, RING, TARGET, mixed
from client_agent.prompts.widgets import Look
from client_agent.prompts.words.marks import Mark

_MARK_ROOM = 34


class Kind(StrEnum):
    """What a button is for, which decides how it looks."""

    MAIN = "main"
    OTHER = "other"
    STOP = "stop"
    QUIET = "quiet"


# As long and as wide as a double click is on most desktops.
_AGAIN_MS, _AGAIN_PX = 500, 8
_X_TIMES = 1 << 32


class Presses:
    """Tells a double click from two presses, wherever its second half lands.

    Many people click twice on everything, and on a bar that has just been laid out anew another button may lie under the pointer.
    """

    def __init__(self) -> None:
        self._last: tuple[int, int, int] | None = None

    def takes(self, event: "tk.Event[tk.Misc]") -> bool:
        """Whether this press counts; it is the one to compare the next with, then."""
        now = int(event.time), event.x_root, event.y_root
        if self._last:
            # The X server counts milliseconds in 32 bits.
            ms, x, y = ((now[0] - self._last[0]) % _X_TIMES, now[1] - self._last[1], now[2] - self._last[2])
            if ms < _AGAIN_MS and max(abs(x), abs(y)) <= _AGAIN_PX:
                return False
        self._last = now
        return True


def _always() -> bool:
    return True


class Button(tk.Canvas):
    """A button that acts on a click that began and ended on it, or on Return and space once Tab has brought the keyboard to it.

    On a bar, which never has the keyboard, it acts as the mouse button goes down; all buttons of the bar share its presses.

    It never takes the keyboard by itself, not even when clicked, so that nothing typed meanwhile can press it. While `is_ready` says
    no it looks faint and does nothing; `refresh` looks again. `name` tells it from others with the same words.
    """

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        text: str,
        command: Callable[[], None],
        *,
        kind: Kind = Kind.OTHER,
        mark: Mark | None = None,
        size: int = BODY,
        is_ready: Callable[[], bool] = _always,
        on_bar: Presses | None = None,
        name: str = "",
    ) -> None:
        self._ground = str(parent.cget("background"))
        super().__init__(
            parent,
            background=self._ground,
            borderwidth=0,
            highlightthickness=0,
            takefocus=on_bar is None,
            cursor="hand2",
        )
        self._look, self._text, self._command = look, text, command
        self._kind, self._mark, self._size, self._is_ready = kind, mark, size, is_ready
        self._on_bar = on_bar
        self._is_over = self._is_pressed = self._has_keyboard = False
        self._was_ready = is_ready()
        px = look.theme.px
        self._ring = px(RING)
        inside = look.text_width(text, size) + (px(_MARK_ROOM) if mark else 0)
        padding = px(12 if kind is Kind.QUIET or on_bar else 20)
        self.configure(width=inside + 2 * (padding + self._ring), height=px(TARGET) + 2 * self._ring)
        self.bind("<Configure>", lambda _: self._draw())
        self.bind("<Enter>", lambda _: self._change(is_over=True))
        self.bind("<Leave>", lambda _: self._change(is_over=False))
        self.bind("<ButtonPress-1>", self._on_press)
        self.bind("<ButtonRelease-1>", self._on_release)
        self.bind("<FocusIn>", lambda _: self._change(has_keyboard=True))
        self.bind("<FocusOut>", lambda _: self._change(has_keyboard=False))
        for key in ("<KeyPress-Return>", "<KeyPress-KP_Enter>", "<KeyPress-space>"):
            self.bind(key, self._on_key)
        self._name = name or text
        # Not before it is mapped: only then does the server surely know the window.
        self.bind("<Map>", lambda _: self.tell_name())

    def tell_name(self) -> None:
        """Tell programs that drive a desktop what the button is called."""
        if self._look.desktop:
            self._look.desktop.name(self.winfo_id(), self._name)

    def refresh(self) -> None:
        """Look again whether the button may react."""
        if self._is_ready() is not self._was_ready:
            self._was_ready = self._is_ready()
            self._draw()

    def _on_press(self, event: "tk.Event[tk.Misc]") -> None:
        if self._on_bar is None:
            self._change(is_pressed=self._is_ready())
        elif self._is_ready() and self._on_bar.takes(event):
            self._command()

    def _on_release(self, event: "tk.Event[tk.Misc]") -> None:
        was_pressed = self._is_pressed
        self._change(is_pressed=False)
        is_inside = 0 <= event.x < self.winfo_width() and 0 <= event.y < self.winfo_height()
        if was_pressed and is_inside and self._is_ready():
            self._command()

    def _on_key(self, _event: object) -> str:
        if self._is_ready():
            self._command()
        return "break"

    def _change(
        self, *, is_over: bool | None = None, is_pressed: bool | None = None, has_keyboard: bool | None = None
    ) -> None:
        self._is_over = self._is_over if is_over is None else is_over
        self._is_pressed = self._is_pressed if is_pressed is None else is_pressed
        self._has_keyboard = self._has_keyboard if has_keyboard is None else has_keyboard
        self._draw()

    def _colours(self) -> tuple[str, str, str]:
        """Fill, outline and text."""
        palette = self._look.theme.palette
        hint = 0.16 if self._is_pressed else 0.08 if self._is_over else 0.0
        match self._kind:
            case Kind.MAIN:
                fill = mixed(palette.on_action, palette.action, hint)
                colours = fill, fill, palette.on_action
            case Kind.STOP:
                colours = mixed(palette.stop, palette.raised, hint), palette.stop, palette.stop
            case Kind.OTHER:
                colours = mixed(palette.action, palette.raised, hint), palette.action, palette.action
            case Kind.QUIET:
                fill = mixed(palette.action, self._ground, hint)
                colours = fill, fill, palette.action
        if self._was_ready:
            return colours
        faint = mixed(palette.line, self._ground, 0.5)
        return faint, faint, palette.quiet

    def _draw(self) -> None:
        if not self.winfo_exists() or self.winfo_width() <= 1:
            return
        theme, px = self._look.theme, self._look.theme.px
        fill, outline, colour = self._colours()
        width, height, ring = self.winfo_width(), self.winfo_height(), self._ring
        self.delete("all")
        if self._has_keyboard:
            self._box(0, 0, width, height, px(CORNER) + ring, "", theme.palette.action, max(2, px(2)))
        self._box(ring, ring, width - 2 * ring, height - 2 * ring, px(CORNER), fill, outline, max(1, px(1.5)))
        inside = self._look.text_width(self._text, self._size) + (px(_MARK_ROOM) if self._mark else 0)
        left = (width - inside) // 2
        if self._mark:
            picture = self._look.mark(self._mark, colour, fill)
            self.create_image(left, height // 2, image=picture, anchor="w")
            left += px(_MARK_ROOM)
        self.create_text(left, height // 2, text=self._text, fill=colour, font=theme.font(self._size), anchor="w")

    def _box(self, x: int, y: int, width: int, height: int, radius: int, fill: str, outline: str, line_px: int) -> None:
        png = drawing.rounded_box(width, height, radius, fill, outline, line_px)
        self.create_image(x, y, image=self._look.picture(png), anchor="nw")
