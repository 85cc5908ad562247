"""What went wrong, as a window: what happened, that nothing is lost, what to do next."""

import tkinter as tk
from collections.abc import Callable

from client_agent.prompts.button import Button, Kind
from client_agent.prompts.customer import Problem
from client_agent.prompts.dialog import Dialog
from client_agent.prompts.widgets import Look, marked
from client_agent.prompts.words import Words
from client_agent.prompts.words.marks import Mark


class NoticeWindow(Dialog):
    """Says one thing until it is closed."""

    def __init__(
        self,
        look: Look,
        words: Words,
        problem: Problem,
        why: str = "",
        *,
        closed: Callable[[], None],
        on_switch_language: Callable[[], None],
    ) -> None:
        super().__init__(look, words, title=Words.product, on_switch_language=on_switch_language)
        self._problem, self._why, self._closed = problem, why, closed
        self.build()

    def fill(self, body: tk.Frame, foot: tk.Frame, width: int) -> None:
        px = self.look.theme.px
        words = self.words.problem(self._problem, self._why)
        marked(body, self.look, Mark.WARNING, words, width).pack(anchor="w", pady=(px(12), px(24)))
        Button(foot, self.look, self.words.close(), self.closed_by_person, kind=Kind.MAIN).pack(fill="x")

    def closed_by_person(self) -> None:
        self.destroy()
        self._closed()
