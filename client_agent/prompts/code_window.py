"""The first window: the support code goes in, and what is being waited for is said."""

import tkinter as tk
from collections.abc import Callable

from client_agent.prompts.button import Button, Kind
from client_agent.prompts.customer import Problem, Progress
from client_agent.prompts.dialog import Dialog
from client_agent.prompts.theme import LARGE, SMALL, TITLE
from client_agent.prompts.widgets import Look, as_field, marked, paragraph
from client_agent.prompts.words import Words
from client_agent.prompts.words.marks import Mark

_CHARACTERS_MAX = 2048
# What is over within a second does not stop anybody's thoughts (Nielsen, Usability Engineering, 1993, chapter 5).
_UNSAID_MS = 1000
_STEP_MS = 40
_STEP = 0.012
_SHARE = 0.25


class CodeWindow(Dialog):
    """Asks for the code, then says what is being waited for; shows one of the two at a time."""

    def __init__(
        self,
        look: Look,
        words: Words,
        *,
        on_cancel: Callable[[], None],
        on_switch_language: Callable[[], None],
    ) -> None:
        super().__init__(look, words, title=Words.product, on_switch_language=on_switch_language)
        self._on_cancel = on_cancel
        self._entered: Callable[[str | None], None] | None = None
        self._problem: Problem | None = None
        self._progress: Progress | None = None
        self._typed = ""
        self._travel = 0.0
        self._moving: tk.Frame | None = None
        self._is_stepping = False
        self._planned = ""

    def ask(self, problem: Problem | None, entered: Callable[[str | None], None]) -> None:
        """Show the field with what was typed last; `entered` hears once what the person sent, or None for closing."""
        self._forget_plan()
        self._problem, self._progress, self._entered = problem, None, entered
        self.build()
        self.show()
        self._field.focus_set()
        self._field.icursor("end")

    def wait(self, what: Progress) -> None:
        """Say what is being waited for."""
        self._forget_plan()
        is_new = self._progress is None or not self.top.winfo_viewable()
        self._progress, self._entered = what, None
        self.build()
        if is_new:
            self.show()
        if not self._is_stepping:
            self._is_stepping = True
            self._move()

    def wait_quietly(self, what: Progress) -> None:
        """The same only once it takes long: a window that comes and goes takes the keyboard from whoever works in another."""
        self._forget_plan()
        self._planned = self.top.after(_UNSAID_MS, self.wait, what)

    def hide(self) -> None:
        """Make room for a question, the bar or the summary."""
        self._forget_plan()
        self._progress = None
        self.top.withdraw()

    def _forget_plan(self) -> None:
        if self._planned:
            self.top.after_cancel(self._planned)
            self._planned = ""

    def closed_by_person(self) -> None:
        if self._progress:
            self._on_cancel()
        else:
            self._send(None)

    # --- what is shown ---------------------------------------------------------------------------------------------

    def fill(self, body: tk.Frame, foot: tk.Frame, width: int) -> None:
        px = self.look.theme.px
        paragraph(body, self.look, self.words.code_title(), width, size=TITLE, is_bold=True).pack(
            anchor="w", pady=(px(4), px(16))
        )
        self._moving = None
        if self._progress:
            self._fill_progress(body, foot, width)
        else:
            self._fill_question(body, foot, width)

    def _fill_question(self, body: tk.Frame, foot: tk.Frame, width: int) -> None:
        palette, px = self.look.theme.palette, self.look.theme.px
        paragraph(body, self.look, self.words.code_introduction(), width).pack(anchor="w", pady=(0, px(20)))
        if self._problem:
            problem = marked(body, self.look, Mark.WARNING, self.words.problem(self._problem), width)
            problem.pack(anchor="w", pady=(0, px(20)))
        paragraph(body, self.look, self.words.code_label(), width, is_bold=True).pack(anchor="w", pady=(0, px(8)))
        self._field = tk.Entry(
            body,
            font=self.look.theme.font(LARGE),
            borderwidth=px(10),
            validate="key",
            validatecommand=(self.top.register(self._on_typed), "%P"),
        )
        as_field(self._field, self.look.theme)
        self._field.insert(0, self._typed)
        self._field.bind("<Return>", lambda _: self._send(self._typed))
        self._field.bind("<KP_Enter>", lambda _: self._send(self._typed))
        self._field.bind("<Control-a>", lambda _: self._select_all())
        # Tk on X11 would leave what is selected in front of what is pasted.
        self._field.bind("<<Paste>>", lambda _: self._delete_selected(), add=True)
        # Not before it is mapped: only then does the server surely know the window.
        if desktop := self.look.desktop:
            name = self.words.code_label()
            self._field.bind("<Map>", lambda event: desktop.name(event.widget.winfo_id(), name))
        self._field.pack(fill="x")
        paragraph(body, self.look, self.words.code_example(), width, size=SMALL, colour=palette.quiet).pack(
            anchor="w", pady=(px(8), px(20))
        )
        marked(body, self.look, Mark.EYE, self.words.code_assurance(), width).pack(anchor="w", pady=(0, px(20)))
        start = Button(foot, self.look, self.words.start(), lambda: self._send(self._typed), kind=Kind.MAIN)
        start.pack(fill="x")

    def _fill_progress(self, body: tk.Frame, foot: tk.Frame, width: int) -> None:
        assert self._progress
        palette, px = self.look.theme.palette, self.look.theme.px
        paragraph(body, self.look, self.words.progress(self._progress), width).pack(anchor="w", pady=(0, px(16)))
        way = tk.Frame(body, background=palette.line, height=px(4))
        way.pack(fill="x", pady=(0, px(24)))
        self._moving = tk.Frame(way, background=palette.action)
        if self._progress is not Progress.ENDING:
            Button(foot, self.look, self.words.cancel(), self._on_cancel, kind=Kind.OTHER).pack(fill="x")

    def _move(self) -> None:
        """Show that something goes on, for as long as there is something to wait for."""
        if self._progress is None:
            self._is_stepping = False
            return
        if self._moving and self._moving.winfo_exists():
            self._travel = (self._travel + _STEP) % (1 + _SHARE)
            left = max(0.0, self._travel - _SHARE)
            self._moving.place(relx=left, relwidth=max(0.0, min(self._travel, 1.0) - left), relheight=1)
        self.top.after(_STEP_MS, self._move)

    # --- the answer ------------------------------------------------------------------------------------------------

    def _on_typed(self, text: str) -> bool:
        """Keep what the field will hold, for the next time it is asked; False where that is too long for any code or link."""
        if len(text) > _CHARACTERS_MAX:
            return False
        self._typed = text
        return True

    def _send(self, text: str | None) -> None:
        if self._entered and (text is None or text.strip()):
            entered, self._entered = self._entered, None
            entered(text)

    def _select_all(self) -> str:
        self._field.selection_range(0, "end")
        return "break"

    def _delete_selected(self) -> None:
        if self._field.selection_present():
            self._field.delete("sel.first", "sel.last")
