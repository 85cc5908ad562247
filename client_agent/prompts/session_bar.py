"""The bar that shows during the whole session who may do what, above everything else, without ever taking the keyboard."""

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from client_agent.files.folder import can_show
from client_agent.prompts.button import Button, Kind, Presses
from client_agent.prompts.customer import BarState, ClipboardUsed, Viewer
from client_agent.prompts.theme import SMALL
from client_agent.prompts.widgets import Look, paragraph
from client_agent.prompts.words import Words
from client_agent.prompts.words.bar import VIEWERS_NAMED_MAX, BarWords, ViewerWords
from client_agent.prompts.words.files import FileWords
from client_agent.prompts.words.marks import Mark, Marked
from protocol.limits import BUTTONS_REACT_AFTER_S
from protocol.vocabulary import Direction

# How often it is looked whether all is still as it is said: often only where something counts down, or lies above it.
_TICK_MS, _TICK_AT_REST_MS = 250, 10_000
# What was just done with the clipboard is said for so long: time to look up and read it.
_USE_SAID_S = 10.0
# As long as a press can wait for a program that is busy.
_LATE_PRESS_MS = 1000


@dataclass(frozen=True)
class BarCommands:
    """What its buttons do."""

    take_back: Callable[[], None]
    pause: Callable[[], None]
    go_on: Callable[[], None]
    stop: Callable[[], None]
    send_away: Callable[[Viewer], None]
    pause_recording: Callable[[], None]
    continue_recording: Callable[[], None]
    end_recording: Callable[[], None]
    end_files: Callable[[], None]
    stop_file: Callable[[Direction], None]
    show_folder: Callable[[Path], None]
    take_back_clipboard: Callable[[], None]
    show_people: Callable[[], None]
    show_chat: Callable[[], None]
    switch_language: Callable[[], None]


class SessionBar:
    """A window without frame at the top edge, which the customer can push aside along it.

    Whatever ends or narrows what is allowed acts as the mouse button goes down, a double click once; only going on waits a second.
    """

    def __init__(self, look: Look, words: Words, commands: BarCommands, clock: Callable[[], float]) -> None:
        self._look, self._words, self._commands, self._clock = look, words, commands, clock
        self._state: BarState | None = None
        self._told_at = 0.0
        self._waiting_for = ""
        self._used: ClipboardUsed | None = None
        self._used_at = 0.0
        self._shown: BarWords | None = None
        self._go_on_reacts_at = 0.0
        self._presses = Presses()
        self._centre_x: int | None = None
        self._grabbed_at = 0
        self._outer: tk.Frame | None = None
        self._away: list[tk.Label | None] = []
        self._files: list[tk.Label] = []
        self._buttons: list[Button] = []
        self._buttons_below: list[Button] = []
        # One line round the bar, so that it stands out from whatever lies below.
        self.top = tk.Toplevel(look.root, background=look.theme.palette.quiet, class_="Mainforte-agent")
        self.top.withdraw()
        self.top.title(words.product())
        self.top.overrideredirect(True)
        self.top.bind("<Visibility>", self._on_visibility)
        self._is_covered = False
        self._ticking = ""

    @property
    def is_shown(self) -> bool:
        return self._state is not None

    def viewers(self, words: Words) -> tuple[ViewerWords, ...]:
        """Everybody who takes part now, nobody once the bar is hidden."""
        return words.viewers(self._state.after(int(self._clock() - self._told_at))) if self._state else ()

    def show(self, state: BarState) -> None:
        """Say this from now on."""
        self._state, self._told_at, self._waiting_for = state, self._clock(), ""
        self._update()
        if not self.top.winfo_viewable():
            self.top.deiconify()
            self.top.lift()
            self._tick()
        self._tick_in(_TICK_MS)

    def tell_clipboard_used(self, used: ClipboardUsed) -> None:
        """Say for a while what was just done with the clipboard, if the bar is shown."""
        self._used, self._used_at = used, self._clock()
        if self._state:
            self._update()
            self._tick_in(_TICK_MS)

    def wait(self, what: str) -> None:
        """Say what is being waited for, until the next `show`."""
        self._waiting_for = what
        self._update()

    def hide(self) -> None:
        self._state = self._shown = self._used = None
        self.top.withdraw()

    def build(self, words: Words) -> None:
        """Go on in another language."""
        self._words, self._shown = words, None
        if self._state:
            self._update()

    # --- what is shown ---------------------------------------------------------------------------------------------

    def _update(self) -> None:
        """Say what is true now; what did not change stays as it is, so that no button moves away under the pointer."""
        words = self._current_words()
        if self._shown and words.without_counts() == self._shown.without_counts():
            _say(self._minutes, words.minutes)
            for label, viewer in zip(self._away, words.viewers, strict=False):
                if label:
                    _say(label, viewer.rights[0].text)
            for label, file in zip(self._files, words.files, strict=True):
                _say(label, file.said.text)
        else:
            self._rebuild(words)
        self._shown = words

    def _current_words(self, *, named_max: int = VIEWERS_NAMED_MAX) -> BarWords:
        assert self._state
        if self._clock() - self._used_at >= _USE_SAID_S:
            self._used = None
        words = self._words.bar(self._state.after(int(self._clock() - self._told_at)), self._used, named_max=named_max)
        if self._waiting_for and words.notice is None:
            return replace(words, notice=Marked(Mark.WAIT, self._waiting_for))
        return words

    def _rebuild(self, words: BarWords) -> None:
        if words.go_on and (self._shown is None or self._shown.go_on != words.go_on):
            self._go_on_reacts_at = self._clock() + BUTTONS_REACT_AFTER_S
        monitor = self._look.monitor()
        line_px = max(1, self._look.theme.px(1))
        for shape in _Shape:
            is_narrow = shape is _Shape.NARROW
            outer = self._laid_out(self._current_words(named_max=2) if is_narrow else words, shape, monitor.width)
            if outer.winfo_reqwidth() + 2 * line_px <= monitor.width or is_narrow:
                break
            outer.destroy()
        # It is seen where it stays: what was there before may be wider, and goes a moment later.
        self._place(outer.winfo_reqwidth() + 2 * line_px)
        outer.grid(row=0, column=0, sticky="nw", padx=line_px, pady=(0, line_px))
        self.top.update_idletasks()
        if self._outer:
            self._take_away(self._outer)
        self._outer = outer

    def _take_away(self, before: tk.Frame) -> None:
        """Take away what the bar said before, now that what it says covers it: at no moment is there nothing to press.

        Who pressed a button of before had not seen yet that it goes, and means it: it goes on acting until the press has come.
        """
        # The answer to a question says that the server has made the new ones, which can be named only now.
        self.top.winfo_pointerxy()
        for button in self._buttons:
            button.tell_name()
        before.grid_remove()
        self.top.update_idletasks()
        before.after(_LATE_PRESS_MS, before.destroy)

    def _laid_out(self, words: BarWords, shape: "_Shape", width: int) -> tk.Frame:
        """The bar in this shape, not yet to be seen."""
        px, palette = self._look.theme.px, self._look.theme.palette
        outer = tk.Frame(self.top, background=palette.raised)
        tk.Frame(outer, background=self._colour(words), width=px(8)).pack(side="left", fill="y")
        side: Any = "left" if shape is _Shape.ONE_ROW else "top"
        status = tk.Frame(outer, background=palette.raised, padx=px(14), pady=px(6))
        status.pack(side=side, anchor="w", fill="y")
        buttons = tk.Frame(outer, background=palette.raised, padx=px(6), pady=px(2))
        buttons.pack(side=side, anchor="e")
        self._fill_status(status, words, shape)
        self._fill_buttons(buttons, words, shape)
        _flow(buttons, self._buttons_below, width - px(30))
        for part in (outer, status, *status.winfo_children(), *_grandchildren(status)):
            if isinstance(part, Button):
                continue
            part.bind("<ButtonPress-1>", self._on_grab)
            part.bind("<B1-Motion>", self._on_push)
            part.configure(cursor="sb_h_double_arrow")
        outer.update_idletasks()
        return outer

    def _colour(self, words: BarWords) -> str:
        """The colour of the strip at the left: what is the most that may happen now."""
        if words.notice:
            return self._look.colour_of(words.notice.mark)
        marks = {right.mark for viewer in words.viewers for right in viewer.rights}
        return self._look.colour_of(
            next(mark for mark in (Mark.HAND, Mark.EYE, Mark.BROKEN, Mark.WAIT) if mark in {*marks, Mark.WAIT})
        )

    def _fill_status(self, status: tk.Frame, words: BarWords, shape: "_Shape") -> None:
        look, palette, px = self._look, self._look.theme.palette, self._look.theme.px
        lines = tk.Frame(status, background=palette.raised)
        lines.pack(side="left", fill="y", expand=True)
        people = tk.Frame(lines, background=palette.raised)
        people.pack(anchor="w", expand=True)
        self._buttons = []
        self._away = [
            self._fill_viewer(people, 2 * row, viewer, is_held=words.notice is not None, shape=shape)
            for row, viewer in enumerate(words.viewers)
        ]
        if words.others:
            others = self._button(people, words.others, self._commands.show_people, kind=Kind.QUIET)
            others.grid(columnspan=4, sticky="w")
        if words.notice:
            colour = look.colour_of(words.notice.mark)
            line = tk.Frame(lines, background=palette.raised)
            line.pack(anchor="w", expand=True)
            picture = look.mark(words.notice.mark, colour, palette.raised, 20)
            tk.Label(line, image=picture, background=palette.raised, borderwidth=0).pack(side="left", padx=(0, px(8)))
            notice = paragraph(line, look, words.notice.text, px(480), size=SMALL, is_bold=True, colour=colour)
            notice.pack(side="left")
        if words.recording:
            self._fill_recording(lines, words.recording)
        self._files = [self._fill_file(lines, file, shape) for file in words.files]
        if words.clipboard:
            line = self._fill_line(lines, words.clipboard)
            self._button(
                line, self._words.take_back_clipboard(), self._commands.take_back_clipboard, kind=Kind.QUIET
            ).pack(side="left")
        self._minutes = tk.Label(
            status, text=words.minutes, font=look.theme.font(SMALL), foreground=palette.quiet, background=palette.raised
        )
        self._minutes.pack(side="left", padx=(px(18), 0))

    def _fill_recording(self, lines: tk.Frame, recording: Marked) -> None:
        """That it is recorded, and beside it how to pause that or end it."""
        said, do = self._words, self._commands
        line = self._fill_line(lines, recording)
        if recording.mark is Mark.RECORD:
            self._button(line, said.pause_recording(), do.pause_recording, kind=Kind.QUIET).pack(side="left")
        else:
            self._button(line, said.continue_recording(), do.continue_recording, kind=Kind.QUIET).pack(side="left")
        self._button(line, said.end_recording(), do.end_recording, kind=Kind.QUIET).pack(side="left")

    def _fill_file(self, lines: tk.Frame, file: FileWords, shape: "_Shape") -> tk.Label:
        """A file that moves or has moved, and beside it or below what can be done; gives the label that counts."""
        look, palette, px = self._look, self._look.theme.palette, self._look.theme.px
        colour = look.colour_of(file.said.mark)
        line = tk.Frame(lines, background=palette.raised)
        line.pack(anchor="w", expand=True)
        picture = look.mark(file.said.mark, colour, palette.raised, 20)
        tk.Label(line, image=picture, background=palette.raised, borderwidth=0).pack(side="left", padx=(0, px(8)))
        text = paragraph(line, look, file.said.text, px(400), size=SMALL, colour=colour)
        text.pack(side="left")
        below = tk.Frame(lines, background=palette.raised) if shape is _Shape.NARROW else line
        if below is not line:
            below.pack(anchor="w")
        folder, direction = file.shown.folder, file.shown.direction
        if folder and can_show():
            show = self._words.show_folder()
            self._button(below, show, lambda: self._commands.show_folder(folder), kind=Kind.QUIET).pack(side="left")
        name = f"{file.done}: {file.shown.name}"
        done = self._button(below, file.done, lambda: self._commands.stop_file(direction), kind=Kind.QUIET, name=name)
        done.pack(side="left")
        return text

    def _fill_line(self, lines: tk.Frame, what: Marked) -> tk.Frame:
        """A line below the people, to which buttons can be added."""
        look, palette, px = self._look, self._look.theme.palette, self._look.theme.px
        colour = look.colour_of(what.mark)
        line = tk.Frame(lines, background=palette.raised)
        line.pack(anchor="w", expand=True)
        picture = look.mark(what.mark, colour, palette.raised, 20)
        tk.Label(line, image=picture, background=palette.raised, borderwidth=0).pack(side="left", padx=(0, px(8)))
        paragraph(line, look, what.text, px(420), size=SMALL, is_bold=True, colour=colour).pack(side="left")
        return line

    def _fill_viewer(
        self, people: tk.Frame, row: int, viewer: ViewerWords, *, is_held: bool, shape: "_Shape"
    ) -> tk.Label | None:
        """A row or, where it is narrow, two; gives the label that counts down while this person is away."""
        look, palette, px = self._look, self._look.theme.palette, self._look.theme.px
        name = paragraph(people, look, viewer.name, px(340), is_bold=True)
        is_narrow = shape is _Shape.NARROW
        name.grid(row=row, column=0, columnspan=3 if is_narrow else 1, sticky="w", padx=(0, px(16)))
        text: tk.Label | None = None
        for column, right in enumerate(
            () if is_held and not viewer.is_away else viewer.rights, start=0 if is_narrow else 1
        ):
            colour = look.colour_of(right.mark)
            one = tk.Frame(people, background=palette.raised)
            span = 3 if viewer.is_away else 1
            one.grid(row=row + is_narrow, column=column, columnspan=span, sticky="w", padx=(0, px(14)))
            picture = look.mark(right.mark, colour, palette.raised, 20)
            tk.Label(one, image=picture, background=palette.raised, borderwidth=0).pack(side="left", padx=(0, px(6)))
            text = paragraph(one, look, right.text, px(300), size=SMALL, colour=colour)
            text.pack(side="left")
        if viewer.send_away:
            away = self._button(
                people,
                viewer.send_away,
                lambda: self._commands.send_away(viewer.viewer),
                kind=Kind.QUIET,
                name=viewer.send_away_name,
            )
            away.grid(row=row, column=4, rowspan=1 + is_narrow, sticky="e")
        return text if viewer.is_away else None

    def _fill_buttons(self, frame: tk.Frame, words: BarWords, shape: "_Shape") -> None:
        """Where it is narrow they have their words only, and so take fewer rows."""
        assert self._state
        said, do = self._words, self._commands
        self._buttons_below = []
        if words.go_on:
            self._add(frame, words.go_on, do.go_on, kind=Kind.MAIN, is_ready=self._may_go_on)
        marks = shape is not _Shape.NARROW
        if self._state.is_controlled:
            self._add(frame, said.take_back(), do.take_back, mark=Mark.NO_HAND if marks else None)
        if self._state.has_files:
            self._add(frame, said.end_files(), do.end_files)
        if not words.is_paused:
            self._add(frame, said.pause(), do.pause, mark=Mark.PAUSE if marks else None)
        self._add(frame, said.messages(), do.show_chat, mark=Mark.MESSAGE if marks else None)
        self._add(frame, said.stop(), do.stop, kind=Kind.STOP, mark=Mark.STOP if marks else None)
        self._add(frame, said.other_language_name(), do.switch_language, kind=Kind.QUIET)

    def _add(self, frame: tk.Frame, text: str, command: Callable[[], None], **look: Any) -> None:
        self._buttons_below.append(self._button(frame, text, command, **look))

    def _button(self, frame: tk.Frame, text: str, command: Callable[[], None], **look: Any) -> Button:
        button = Button(frame, self._look, text, command, size=SMALL, on_bar=self._presses, **look)
        self._buttons.append(button)
        return button

    def _may_go_on(self) -> bool:
        return self._clock() >= self._go_on_reacts_at

    # --- where it stands -------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        if self._state is None:
            return
        self._update()
        for button in self._buttons:
            button.refresh()
        self._place(self.top.winfo_reqwidth())
        if self._is_covered:
            self.top.lift()
        is_waiting = (
            self._state.interrupted or self._used or (self._shown and self._shown.go_on and not self._may_go_on())
        )
        self._tick_in(_TICK_MS if is_waiting or self._is_covered else _TICK_AT_REST_MS)

    def _tick_in(self, ms: int) -> None:
        if self._ticking:
            self.top.after_cancel(self._ticking)
        self._ticking = self.top.after(ms, self._tick)

    def _place(self, width: int) -> None:
        """Stand at the top edge of the main monitor, in the middle or where the customer pushed it, and never outside."""
        monitor = self._look.monitor()
        centre_x = monitor.x + monitor.width // 2 if self._centre_x is None else self._centre_x
        x = max(monitor.x, min(centre_x - width // 2, monitor.x + monitor.width - width))
        # Tk asks for a place again even where the window has it, and every program that follows windows hears of that.
        if (x, monitor.y) != (self.top.winfo_x(), self.top.winfo_y()):
            self.top.geometry(f"+{x}+{monitor.y}")

    def _on_visibility(self, event: "tk.Event[Any]") -> None:
        if event.widget is self.top:
            was_covered, self._is_covered = self._is_covered, str(event.state) != "VisibilityUnobscured"
            if self._is_covered and not was_covered:
                self._tick_in(_TICK_MS)

    def _on_grab(self, event: "tk.Event[Any]") -> None:
        self._grabbed_at = event.x_root - self.top.winfo_x()

    def _on_push(self, event: "tk.Event[Any]") -> None:
        self._centre_x = event.x_root - self._grabbed_at + self.top.winfo_width() // 2
        self._place(self.top.winfo_reqwidth())


def _say(label: tk.Label, text: str) -> None:
    """Tk paints a label anew even where it says the same as before, and whoever looks on would have to look at that."""
    if label.cget("text") != text:
        label.configure(text=text)


class _Shape(Enum):
    """How the bar is laid out, from the widest to the one that fits everywhere."""

    ONE_ROW = 1
    TWO_ROWS = 2
    NARROW = 3


def _flow(frame: tk.Frame, buttons: list[Button], width: int) -> None:
    """Put buttons side by side, in as many rows as they need."""
    used = 0
    rows: list[tk.Frame] = []
    for button in buttons:
        if not rows or used + button.winfo_reqwidth() > width:
            rows.append(tk.Frame(frame, background=str(frame.cget("background"))))
            rows[-1].pack(side="top", anchor="e")
            used = 0
        button.pack(in_=rows[-1], side="left")
        # Made before the row, and still to be seen in it.
        button.tk.call("raise", str(button))
        used += button.winfo_reqwidth()


def _grandchildren(widget: tk.Misc) -> list[Any]:
    return [below for child in widget.winfo_children() for below in (*child.winfo_children(), *_grandchildren(child))]
