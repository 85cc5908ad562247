"""What the agent's windows are made of: their look, paragraphs, marked sentences, fields for text, an area that scrolls where it must."""

import tkinter as tk
from dataclasses import dataclass, field
from tkinter import ttk

from client_agent.prompts import drawing
from client_agent.prompts.theme import BODY, Theme
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
