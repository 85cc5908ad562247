"""A file that somebody asks the customer for, as a window: the customer finds it, or says no."""

import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from tkinter import filedialog

from client_agent.prompts.button import Button, Kind
from client_agent.prompts.customer import FileRequest
from client_agent.prompts.dialog import Dialog
from client_agent.prompts.theme import TITLE
from client_agent.prompts.widgets import Look, marked, paragraph
from client_agent.prompts.words import Words
from client_agent.prompts.words.marks import Mark


class FileWindow(Dialog):
    """Shows a request until it is answered or closed."""

    def __init__(
        self,
        look: Look,
        words: Words,
        request: FileRequest,
        *,
        chosen: Callable[[Path | None], None],
        on_switch_language: Callable[[], None],
    ) -> None:
        super().__init__(
            look, words, title=lambda words: words.file_request(request).title, on_switch_language=on_switch_language
        )
        self._request, self._chosen = request, chosen
        self.build()

    def fill(self, body: tk.Frame, foot: tk.Frame, width: int) -> None:
        content, px, palette = self.words.file_request(self._request), self.look.theme.px, self.look.theme.palette
        paragraph(body, self.look, content.title, width, size=TITLE, is_bold=True).pack(
            anchor="w", pady=(px(4), px(12))
        )
        paragraph(body, self.look, content.request, width).pack(anchor="w", pady=(0, px(12)))
        quoted = tk.Frame(body, background=palette.ground)
        tk.Frame(quoted, background=palette.line, width=px(3)).pack(side="left", fill="y", padx=(px(10), px(23)))
        paragraph(quoted, self.look, content.what, width - px(36)).pack(side="left", anchor="w")
        quoted.pack(anchor="w", fill="x", pady=(0, px(16)))
        marked(body, self.look, Mark.FILE_OUT, content.explanation, width).pack(anchor="w", pady=(0, px(16)))
        Button(foot, self.look, content.choose, self._choose, kind=Kind.MAIN, mark=Mark.FILE_OUT).pack(
            fill="x", pady=(0, px(4))
        )
        Button(foot, self.look, content.refuse, self.closed_by_person, kind=Kind.STOP, mark=Mark.STOP).pack(fill="x")

    def _choose(self) -> None:
        chosen = filedialog.askopenfilename(parent=self.top, initialdir=Path.home())
        # While it was open, the request may have been withdrawn.
        if chosen and self.top.winfo_exists():
            self._finish(Path(chosen))

    def closed_by_person(self) -> None:
        self._finish(None)

    def _finish(self, path: Path | None) -> None:
        self.destroy()
        self._chosen(path)
