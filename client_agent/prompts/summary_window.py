"""How the session ended and who did what, as a window; saved only where the customer wants it."""

import tkinter as tk
import tkinter.font
from collections.abc import Callable
from pathlib import Path
from tkinter import filedialog

from client_agent.prompts.button import Button, Kind
from client_agent.prompts.customer import Summary
from client_agent.prompts.dialog import Dialog
from client_agent.prompts.summary_file import write_summary
from client_agent.prompts.theme import SMALL, TITLE
from client_agent.prompts.widgets import Look, marked, paragraph
from client_agent.prompts.words import Words

# The file that can be saved has all of them.
_FILES_NAMED_MAX = 8


class SummaryWindow(Dialog):
    """Shows a summary until it is closed."""

    def __init__(
        self,
        look: Look,
        words: Words,
        summary: Summary,
        *,
        closed: Callable[[], None],
        on_switch_language: Callable[[], None],
    ) -> None:
        super().__init__(
            look, words, title=lambda words: words.summary(summary).title, on_switch_language=on_switch_language
        )
        self._summary, self._closed = summary, closed
        self.build()

    def fill(self, body: tk.Frame, foot: tk.Frame, width: int) -> None:
        content = self.words.summary(self._summary)
        palette, px = self.look.theme.palette, self.look.theme.px
        paragraph(body, self.look, content.title, width, size=TITLE, is_bold=True).pack(
            anchor="w", pady=(px(4), px(12))
        )
        paragraph(body, self.look, content.ending, width).pack(anchor="w", pady=(0, px(16)))

        card = tk.Frame(
            body,
            background=palette.raised,
            padx=px(16),
            pady=px(12),
            highlightthickness=px(1),
            highlightbackground=palette.line,
        )
        card.pack(fill="x", pady=(0, px(16)))
        inside = width - 2 * px(17)
        label_width = max(self.look.text_width(label) for label, _ in content.facts) + px(24)
        facts = tk.Frame(card, background=palette.raised)
        facts.pack(anchor="w")
        for row, (label, value) in enumerate(content.facts):
            name = paragraph(facts, self.look, label, label_width, colour=palette.quiet)
            name.grid(row=row, column=0, sticky="nw", padx=(0, px(24)), pady=px(2))
            paragraph(facts, self.look, value, inside - label_width).grid(row=row, column=1, sticky="nw", pady=px(2))
        for who, deeds in content.people:
            paragraph(card, self.look, who, inside, is_bold=True).pack(anchor="w", pady=(px(14), px(6)))
            for deed in deeds:
                marked(card, self.look, deed.mark, deed.text, inside).pack(anchor="w", pady=(0, px(6)))

        for file in content.files[:_FILES_NAMED_MAX]:
            paragraph(body, self.look, file, width, size=SMALL).pack(anchor="w", pady=(0, px(6)))
        paragraph(body, self.look, content.about_fingerprint, width, size=SMALL, colour=palette.quiet).pack(anchor="w")
        self._fingerprint(body, content.fingerprint, width).pack(anchor="w", fill="x", pady=(px(6), px(16)))
        paragraph(body, self.look, content.nothing_stays, width).pack(anchor="w")
        self._saved = paragraph(body, self.look, "", width, colour=palette.allowed)
        self._saved.pack(anchor="w", pady=(px(6), px(6)))

        close = Button(foot, self.look, self.words.close(), self.closed_by_person, kind=Kind.MAIN)
        save = Button(foot, self.look, self.words.save(), self._save)
        save.pack(side="left", fill="x", expand=True)
        close.pack(side="left", fill="x", expand=True)

    def _fingerprint(self, body: tk.Frame, fingerprint: str, width: int) -> tk.Text:
        """The fingerprint as something that can be selected and copied."""
        palette, px = self.look.theme.palette, self.look.theme.px
        family = tkinter.font.nametofont("TkFixedFont", root=self.look.root).actual("family")
        text = tk.Text(
            body,
            font=(family, -px(SMALL)),
            height=1 if self.look.text_width(fingerprint, SMALL, family=family) < width else 2,
            width=1,
            wrap="word",
            relief="flat",
            borderwidth=0,
            highlightthickness=0,
            background=palette.ground,
            foreground=palette.text,
            selectbackground=palette.action,
            selectforeground=palette.on_action,
            takefocus=False,
        )
        text.insert("1.0", fingerprint)
        text.configure(state="disabled")
        return text

    def _save(self) -> None:
        chosen = filedialog.asksaveasfilename(
            parent=self.top,
            initialdir=Path.home(),
            initialfile=self.words.suggested_file_name(self._summary),
            defaultextension=".html",
            filetypes=[("HTML", ".html"), ("Text", ".txt")],
        )
        if not chosen or not self.top.winfo_exists():
            return
        try:
            write_summary(Path(chosen), self.words.summary(self._summary), self.words.language)
        except OSError:
            self._saved.configure(text=self.words.not_saved(), foreground=self.look.theme.palette.stop)
        else:
            self._saved.configure(text=self.words.saved(chosen), foreground=self.look.theme.palette.allowed)

    def closed_by_person(self) -> None:
        self.destroy()
        self._closed()
