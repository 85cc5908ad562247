"""Everybody who takes part in the session, as a window, where the bar has no room for all of them."""

import tkinter as tk
from collections.abc import Callable

from client_agent.prompts.button import Button, Kind
from client_agent.prompts.customer import Viewer
from client_agent.prompts.dialog import Dialog
from client_agent.prompts.theme import SMALL, TITLE
from client_agent.prompts.widgets import Look, marked, paragraph
from client_agent.prompts.words import Words
from client_agent.prompts.words.bar import ViewerWords


class PeopleWindow(Dialog):
    """Follows who comes and goes until it is closed."""

    def __init__(
        self,
        look: Look,
        words: Words,
        viewers: Callable[[Words], tuple[ViewerWords, ...]],
        *,
        send_away: Callable[[Viewer], None],
        closed: Callable[[], None],
        on_switch_language: Callable[[], None],
    ) -> None:
        super().__init__(look, words, title=Words.people, on_switch_language=on_switch_language)
        self._viewers, self._send_away, self._closed = viewers, send_away, closed
        self._shown: tuple[ViewerWords, ...] = ()
        self.build()

    def update(self) -> None:
        """Show who takes part now."""
        if self._viewers(self.words) != self._shown:
            self.build()

    def fill(self, body: tk.Frame, foot: tk.Frame, width: int) -> None:
        px = self.look.theme.px
        self._shown = self._viewers(self.words)
        paragraph(body, self.look, self.words.people(), width, size=TITLE, is_bold=True).pack(
            anchor="w", pady=(px(4), px(12))
        )
        for viewer in self._shown:
            self._fill_viewer(body, viewer, width)
        Button(foot, self.look, self.words.close(), self.closed_by_person, kind=Kind.MAIN).pack(fill="x")

    def _fill_viewer(self, body: tk.Frame, viewer: ViewerWords, width: int) -> None:
        palette, px = self.look.theme.palette, self.look.theme.px
        row = tk.Frame(body, background=palette.ground)
        row.pack(fill="x", pady=(0, px(8)))
        room = width
        if viewer.send_away:
            away = Button(
                row,
                self.look,
                viewer.send_away,
                lambda: self._send_away(viewer.viewer),
                name=viewer.send_away_name,
                size=SMALL,
            )
            away.pack(side="right")
            room -= away.winfo_reqwidth() + px(12)
        said = tk.Frame(row, background=palette.ground)
        said.pack(side="left", anchor="w")
        paragraph(said, self.look, viewer.name, room, is_bold=True).pack(anchor="w")
        for right in viewer.rights:
            marked(said, self.look, right.mark, right.text, room, size=SMALL, is_tinted=True).pack(anchor="w")

    def closed_by_person(self) -> None:
        self.destroy()
        self._closed()
