"""What the agent's windows are made of: buttons, paragraphs, marked sentences, an area that scrolls where it must."""

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from tkinter import ttk

from client_agent.prompts import drawing
from client_agent.prompts.theme import BODY, CORNER, RING, TARGET, Theme, mixed
from client_agent.prompts.words.marks import Mark
from client_agent.prompts.x11 import Area, X11Desktop


@dataclass
class Look:
    """How windows are drawn here: theme, fonts, pictures, and the display they appear on."""

    root: tk.Tk
    theme: Theme
    desktop: X11Desktop | None
    _pictures: dict[bytes, tk.PhotoImage] = field(default_factory=dict)

    def picture(self, png: bytes) -> tk.PhotoImage:
        """Tk's picture of a PNG; kept, since Tk forgets those that nobody holds."""
        if png not in self._pictures:
            self._pictures[png] = tk.PhotoImage(master=self.root, data=png)
        return self._pictures[png]

    def forget_pictures(self) -> None:
        """Delete them while Tk runs, in its thread; Python would in whichever thread it tidies up."""
        self._pictures.clear()

    def mark(self, kind: Mark, colour: str, ground: str, size: float = 24) -> tk.PhotoImage:
        return self.picture(drawing.mark(kind, self.theme.px(size), colour, ground))

    def text_width(self, text: str, size: int = BODY, *, family: str = "") -> int:
        """The width of one line in device pixels."""
        font = (family or self.theme.family, -self.theme.px(size))
        return int(self.root.tk.call("font", "measure", font, text))

    def monitor(self) -> Area:
        """Where windows are centred."""
        if self.desktop:
            return self.desktop.main_monitor()
        return Area(0, 0, self.root.winfo_screenwidth(), self.root.winfo_screenheight())

    def colour_of(self, kind: Mark) -> str:
        """The colour that goes with a shape."""
        palette = self.theme.palette
        return {
            Mark.EYE: palette.action,
            Mark.HAND: palette.attention,
            Mark.NO_HAND: palette.quiet,
            Mark.STOP: palette.stop,
            Mark.PAUSE: palette.attention,
            Mark.BROKEN: palette.stop,
            Mark.VERIFIED: palette.allowed,
            Mark.WARNING: palette.attention,
            Mark.WAIT: palette.quiet,
            Mark.RECORD: palette.stop,
            Mark.CLIPBOARD: palette.attention,
            Mark.NO_RECORD: palette.quiet,
            Mark.KEY: palette.quiet,
            Mark.MESSAGE: palette.action,
            Mark.FILE_IN: palette.action,
            Mark.FILE_OUT: palette.action,
        }[kind]


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
        # Not before it is mapped: only then does the server surely know the window.
        if desktop := look.desktop:
            self.bind("<Map>", lambda _: desktop.name(self.winfo_id(), name or text))

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


def paragraph(
    parent: tk.Misc, look: Look, text: str, width: int, *, size: int = BODY, is_bold: bool = False, colour: str = ""
) -> tk.Label:
    """A text that wraps within `width` device pixels; words that are longer are broken."""
    label = tk.Label(
        parent,
        text=text,
        font=look.theme.font(size, is_bold=is_bold),
        foreground=colour or look.theme.palette.text,
        background=str(parent.cget("background")),
        wraplength=width,
        justify="left",
        anchor="w",
        borderwidth=0,
        padx=0,
        pady=0,
    )
    if desktop := look.desktop:
        label.bind("<Map>", lambda _: desktop.tell_text(label.winfo_id(), str(label.cget("text"))))
    return label


def marked(
    parent: tk.Misc,
    look: Look,
    mark: Mark,
    text: str,
    width: int,
    *,
    size: int = BODY,
    is_bold: bool = False,
    is_tinted: bool = False,
) -> tk.Frame:
    """A sentence beside its shape; `is_tinted` gives the words the shape's colour too."""
    ground, px = str(parent.cget("background")), look.theme.px
    row = tk.Frame(parent, background=ground)
    colour = look.colour_of(mark)
    shape = tk.Label(row, image=look.mark(mark, colour, ground), background=ground, borderwidth=0)
    shape.pack(side="left", anchor="n", padx=(0, px(12)))
    words = paragraph(
        row,
        look,
        text,
        width - px(36),
        size=size,
        is_bold=is_bold,
        colour=colour if is_tinted else look.theme.palette.text,
    )
    words.pack(side="left", anchor="w")
    return row


def as_field(text: tk.Entry | tk.Text, theme: Theme) -> None:
    """Make it look like a place that texts stand in, with the ring that shows where the keyboard is."""
    palette = theme.palette
    text.configure(
        background=palette.raised,
        foreground=palette.text,
        insertbackground=palette.text,
        selectbackground=palette.action,
        selectforeground=palette.on_action,
        relief="flat",
        highlightthickness=max(2, theme.px(2)),
        highlightbackground=palette.quiet,
        highlightcolor=palette.action,
    )


class Scrolled(tk.Canvas):
    """A frame, `inside`, that scrolls where it is higher than `fit` allows."""

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        ground = str(parent.cget("background"))
        super().__init__(parent, background=ground, borderwidth=0, highlightthickness=0)
        self._look = look
        self._scrolls = False
        self.inside = tk.Frame(self, background=ground)
        self.create_window(0, 0, window=self.inside, anchor="nw")
        self._bar = ttk.Scrollbar(parent, orient="vertical", command=self.yview)
        self.configure(yscrollcommand=self._bar.set)

    def fit(self, height_max: int) -> bool:
        """Take the height that the content needs, up to a limit; False where that was not enough."""
        self.update_idletasks()
        width, height = self.inside.winfo_reqwidth(), self.inside.winfo_reqheight()
        self.configure(width=width, height=min(height, height_max), scrollregion=(0, 0, width, height))
        self.configure(yscrollincrement=self._look.theme.px(24))
        if height <= height_max:
            return True
        self._bar.pack(side="right", fill="y", before=self)
        self._scrolls = True
        return False

    def scroll(self, lines: int) -> None:
        """Scroll by some lines of text, down where positive."""
        if self._scrolls:
            self.yview_scroll(lines, "units")

    @property
    def is_at_end(self) -> bool:
        """Whether everything has been within sight once scrolled to; True where nothing scrolls."""
        return bool(self.yview()[1] >= 0.999)
