"""A window of the agent: one thing at a time, centred, in the person's language, closed by who answers it."""

import tkinter as tk
from abc import ABC, abstractmethod
from collections.abc import Callable

from client_agent.prompts.button import Button, Kind
from client_agent.prompts.theme import RING, SMALL
from client_agent.prompts.widgets import Look, Scrolled
from client_agent.prompts.words import Words

_WIDTH, _WIDTH_WIDE = 640, 960
_MARGIN = 32
# Room for title bar, panels and the session bar.
_AROUND = 96
_SCROLL_KEYS = {"<Up>": -1, "<Down>": 1, "<Prior>": -8, "<Next>": 8, "<Button-4>": -2, "<Button-5>": 2}


class Dialog(ABC):
    """A head with the language switch, a body that scrolls where the screen is small, and a foot that always shows."""

    def __init__(
        self, look: Look, words: Words, *, title: Callable[[Words], str], on_switch_language: Callable[[], None]
    ) -> None:
        self.look, self.words = look, words
        self._title, self._on_switch_language = title, on_switch_language
        ground = look.theme.palette.ground
        self.top = tk.Toplevel(look.root, background=ground, class_="Mainforte-agent")
        self.top.withdraw()
        self.top.resizable(False, False)
        self.top.protocol("WM_DELETE_WINDOW", self.closed_by_person)
        self._outer: tk.Frame | None = None
        self._is_wide = False
        self.body: Scrolled | None = None
        for event, lines in _SCROLL_KEYS.items():
            self.top.bind(event, lambda _, lines=lines: self._scroll(lines))  # type: ignore[misc]
        self.top.bind("<MouseWheel>", lambda event: self._scroll(-1 if event.delta > 0 else 1))

    @abstractmethod
    def fill(self, body: tk.Frame, foot: tk.Frame, width: int) -> None:
        """Put the content for `self.words` into the two frames; `width` is what there is between the margins, in device pixels."""

    @abstractmethod
    def closed_by_person(self) -> None:
        """The person closed the window instead of answering."""

    @property
    def is_wide(self) -> bool:
        """Whether height is scarce, so that things had better stand side by side."""
        return self._is_wide

    def build(self, words: Words | None = None) -> None:
        """Make the content anew, in another language where one is given."""
        self.words = words or self.words
        self.top.title(self._title(self.words))
        if not self._build(_WIDTH, is_wide=False):
            self._build(_WIDTH_WIDE, is_wide=True)

    def _build(self, wished_width: int, *, is_wide: bool) -> bool:
        px, ground, monitor = self.look.theme.px, self.look.theme.palette.ground, self.look.monitor()
        self._is_wide = is_wide
        if self._outer:
            self._outer.destroy()
        self._outer = outer = tk.Frame(self.top, background=ground, padx=px(_MARGIN - RING), pady=px(20))
        outer.pack(fill="both", expand=True)
        width = min(px(wished_width), monitor.width - px(16)) - 2 * px(_MARGIN)

        head = tk.Frame(outer, background=ground, width=width)
        foot = tk.Frame(outer, background=ground)
        middle = tk.Frame(outer, background=ground)
        head.pack(fill="x", padx=(px(RING), 0))
        # The foot is packed before the middle, which therefore gives way where height is scarce.
        foot.pack(side="bottom", fill="x")
        middle.pack(fill="both", expand=True, padx=px(RING), pady=(px(4), 0))
        self.body = Scrolled(middle, self.look)
        self.body.pack(side="left", fill="both", expand=True)
        tk.Frame(self.body.inside, width=width, height=0, background=ground).pack()

        product = tk.Label(
            head,
            text=self.words.product(),
            font=self.look.theme.font(SMALL),
            foreground=self.look.theme.palette.quiet,
            background=ground,
        )
        product.pack(side="left")
        self.fill(self.body.inside, foot, width)
        # Made last, so that Tab comes to the answers first.
        switch = Button(
            head, self.look, self.words.other_language_name(), self._on_switch_language, kind=Kind.QUIET, size=SMALL
        )
        switch.tk.call("raise", str(head))
        switch.pack(side="right")
        outer.update_idletasks()
        around = head.winfo_reqheight() + foot.winfo_reqheight() + px(44) + px(_AROUND)
        return self.body.fit(max(px(120), monitor.height - around))

    def show(self) -> None:
        """Make the window visible in the middle of the main monitor, above others."""
        self.top.update_idletasks()
        monitor = self.look.monitor()
        x = monitor.x + (monitor.width - self.top.winfo_reqwidth()) // 2
        y = monitor.y + max(0, (monitor.height - self.top.winfo_reqheight()) // 2)
        self.top.geometry(f"+{x}+{y}")
        self.top.attributes("-topmost", True)
        self.top.deiconify()
        self.top.lift()

    def _scroll(self, lines: int) -> None:
        if self.body:
            self.body.scroll(lines)

    def destroy(self) -> None:
        self.top.destroy()
