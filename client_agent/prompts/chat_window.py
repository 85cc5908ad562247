"""What is said in the session, as a small window beside the customer's work: it opens by itself, and never takes the keyboard by itself."""

import contextlib
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Any

from client_agent.prompts.button import Button, Kind
from client_agent.prompts.customer import ChatLine, ChatRefusal
from client_agent.prompts.theme import SMALL
from client_agent.prompts.widgets import Look, as_field, marked, paragraph
from client_agent.prompts.words import Words
from protocol.limits import CHAT_CHARACTERS_MAX
from protocol.text import tidy_text
from protocol.vocabulary import RecordingState

_WIDTH, _HEIGHT = 440, 520
_MARGIN = 16
# From the edges of the screen, so that panels at the bottom stay free.
_FROM_EDGE, _FROM_BOTTOM = 24, 88
# A screen with less height has room for what is said and the field, and for little else.
_ROOMY = 620
_SHOWN_MAX, _SHOWN_AGAIN = 250, 200
"""Lines of the conversation: once there are so many, so many stay."""
_TYPED_MAX = 4 * CHAT_CHARACTERS_MAX
_GATE = "MainforteGate"


class ChatWindow:
    """Shows the conversation, and takes what the customer types.

    The technician's keys go to no window of ours. What was on its way as the customer turned to this one does not count either: it
    takes keys once the session has let go of all of them, and everything sent before has arrived.
    """

    def __init__(
        self,
        look: Look,
        words: Words,
        *,
        say: Callable[[str], None],
        before_typing: Callable[[Callable[[], None]], None],
    ) -> None:
        """
        Args:
            say: the customer says this; `add` or `refuse` answers.
            before_typing: have the session let go of all keys, then call what is given, in Tk's thread.
        """
        self._look, self._words, self._say, self._before_typing = look, words, say, before_typing
        self._lines: list[ChatLine] = []
        self._recording = RecordingState.UNAVAILABLE
        self._may_type = False
        self._sending = ""
        self._turned = 0
        self._outer: tk.Frame | None = None
        self.top = tk.Toplevel(look.root, background=look.theme.palette.ground, class_="Mainforte-agent")
        self.top.withdraw()
        self.top.protocol("WM_DELETE_WINDOW", self.close)
        self.top.bind("<FocusIn>", self._on_focus_in)
        self.top.bind("<FocusOut>", self._on_focus_out)
        self.top.bind_class(_GATE, "<Key>", lambda _: None if self._may_type else "break")
        self.build(words)

    @property
    def is_open(self) -> bool:
        return bool(self.top.winfo_viewable())

    def open(self) -> None:
        """The customer wants to write: show it, with the keyboard in the field."""
        self._show(takes_keyboard=True)
        self.top.focus_force()
        self._field.focus_set()

    def add(self, line: ChatLine) -> None:
        """Show what somebody said, and the window with it."""
        self._lines.append(line)
        if line.is_own:
            self._sent()
        if len(self._lines) > _SHOWN_MAX:
            self._lines = self._lines[-_SHOWN_AGAIN:]
            self._list(self._lines, anew=True)
        else:
            self._list([line], anew=len(self._lines) == 1)
        if not line.is_own and not self.is_open:
            self._show(takes_keyboard=False)

    def refuse(self, why: ChatRefusal) -> None:
        """What was typed was not said; it is still there."""
        self._sending = ""
        self._tell(self._words.chat_refused(why))
        self._send_button.refresh()

    def record(self, state: RecordingState) -> None:
        """Say how it stands with the recording."""
        if state is not self._recording:
            self._recording = state
            self._show_recording()

    def close(self) -> None:
        self._may_type = False
        self.top.withdraw()

    # --- what is shown ---------------------------------------------------------------------------------------------

    def build(self, words: Words) -> None:
        """Make the content anew in this language; what was typed stays."""
        self._words = words
        typed = self._typed() if self._outer else ""
        if self._outer:
            self._outer.destroy()
        px, palette = self._look.theme.px, self._look.theme.palette
        self.top.title(words.messages())
        self._outer = outer = tk.Frame(self.top, background=palette.ground, padx=px(_MARGIN), pady=px(_MARGIN))
        outer.pack(fill="both", expand=True)
        self._width = px(_WIDTH) - 2 * px(_MARGIN)
        foot = tk.Frame(outer, background=palette.ground)
        # The foot is packed first: the conversation gives way where height is scarce.
        foot.pack(side="bottom", fill="x")
        self._fill_log(outer)
        self._fill_foot(foot, typed)
        # Where the keyboard is, once this window has it.
        self._field.focus_set()
        self._list(self._lines, anew=True)

    def _fill_log(self, outer: tk.Frame) -> None:
        theme, palette, px = self._look.theme, self._look.theme.palette, self._look.theme.px
        box = tk.Frame(outer, background=palette.raised)
        box.pack(side="top", fill="both", expand=True)
        self._log = self._text(box, height=4, size=SMALL, pad=px(10))
        bar = ttk.Scrollbar(box, orient="vertical", command=self._log.yview)
        self._log.configure(yscrollcommand=bar.set, state="disabled", cursor="arrow")
        bar.pack(side="right", fill="y")
        self._log.pack(side="left", fill="both", expand=True)
        self._log.tag_configure("name", font=theme.font(SMALL, is_bold=True), foreground=palette.action, spacing1=px(8))
        self._log.tag_configure("own", font=theme.font(SMALL, is_bold=True), spacing1=px(8))
        self._log.tag_configure("time", foreground=palette.quiet)
        self._log.bind("<ButtonPress-1>", lambda _: self._log.focus_set())
        for key, lines in {"<Up>": -1, "<Down>": 1, "<Prior>": -8, "<Next>": 8}.items():
            self._log.bind(key, lambda _, lines=lines: self._scroll(lines))  # type: ignore[misc]

    def _fill_foot(self, foot: tk.Frame, typed: str) -> None:
        look, words, palette, px = self._look, self._words, self._look.theme.palette, self._look.theme.px
        self._kept = tk.Frame(foot, background=palette.ground)
        self._kept.pack(fill="x", pady=(px(10), 0))
        self._show_recording()
        label = paragraph(foot, look, words.your_message(), self._width, size=SMALL, is_bold=True)
        if self._is_roomy:
            label.pack(anchor="w", pady=(px(10), px(4)))
        self._field = self._text(foot, height=3 if self._is_roomy else 1, size=SMALL, pad=px(8))
        self._field.insert("1.0", typed)
        self._field.edit_modified(False)
        self._field.pack(fill="x", pady=(0 if self._is_roomy else px(8), 0))
        self._note_label = paragraph(foot, look, words.how_to_send(), self._width, size=SMALL, colour=palette.quiet)
        self._buttons = buttons = tk.Frame(foot, background=palette.ground)
        buttons.pack(fill="x")
        self._send_button = Button(
            buttons, look, words.send(), self._send, kind=Kind.MAIN, size=SMALL, is_ready=self._may_send
        )
        self._send_button.pack(side="left")
        close = Button(buttons, look, words.close(), self.close, kind=Kind.QUIET, size=SMALL)
        close.pack(side="right")
        for widget in (self._field, self._log, self._send_button, close):
            widget.bindtags((_GATE, *widget.bindtags()))
        self._field.bind("<Return>", self._on_return)
        self._field.bind("<KP_Enter>", self._on_return)
        self._field.bind("<Tab>", lambda _: self._go_on(self._field.tk_focusNext()))
        self._field.bind("<Shift-Tab>", lambda _: self._go_on(self._field.tk_focusPrev()))
        with contextlib.suppress(tk.TclError):  # a name of the X server's, which others do not have
            self._field.bind("<ISO_Left_Tab>", lambda _: self._go_on(self._field.tk_focusPrev()))
        self._field.bind("<Control-a>", lambda _: self._select_all())
        self._field.bind("<<Paste>>", lambda _: self._paste("CLIPBOARD"))
        self._field.bind("<<PasteSelection>>", lambda _: self._paste("PRIMARY"))
        self._field.bind("<<Modified>>", lambda _: self._on_typed())
        if desktop := look.desktop:
            name = words.your_message()
            self._field.bind("<Map>", lambda event: desktop.name(event.widget.winfo_id(), name))
        self._on_typed()

    @property
    def _is_roomy(self) -> bool:
        return self._look.monitor().height >= self._look.theme.px(_ROOMY)

    def _text(self, parent: tk.Misc, *, height: int, size: int, pad: int) -> tk.Text:
        px = self._look.theme.px
        text = tk.Text(
            parent,
            width=1,
            height=height,
            wrap="word",
            font=self._look.theme.font(size),
            borderwidth=0,
            padx=pad,
            pady=px(6),
            spacing3=px(2),
            takefocus=True,
        )
        as_field(text, self._look.theme)
        return text

    def _show_recording(self) -> None:
        for child in self._kept.winfo_children():
            child.destroy()
        kept = self._words.is_kept(self._recording)
        marked(self._kept, self._look, kept.mark, kept.text, self._width, size=SMALL).pack(anchor="w")

    def _list(self, lines: list[ChatLine], *, anew: bool) -> None:
        """Show these lines after the others, or as all there are: plain text only, with the newest in sight."""
        log = self._log
        log.configure(state="normal")
        if anew:
            log.delete("1.0", "end")
        for number, line in enumerate(lines):
            said = self._words.chat_line(line)
            log.insert("end", "" if anew and number == 0 else "\n", "", said.name, "own" if line.is_own else "name")
            log.insert("end", f"  {said.time}\n", "time", said.text)
        if not self._lines:
            log.insert("end", self._words.no_messages(), "time")
        log.configure(state="disabled")
        log.see("end")
        if desktop := self._look.desktop:
            last = self._words.chat_line(self._lines[-1]) if self._lines else None
            # Before it is mapped the server may not know the window.
            self.top.update_idletasks()
            desktop.tell_text(log.winfo_id(), f"{last.name}: {last.text}" if last else self._words.no_messages())

    def _show(self, *, takes_keyboard: bool) -> None:
        if not self.is_open:
            px, monitor = self._look.theme.px, self._look.monitor()
            width = min(px(_WIDTH), monitor.width - px(_FROM_EDGE))
            around = px(_FROM_BOTTOM if self._is_roomy else _MARGIN)
            height = min(px(_HEIGHT), monitor.height - 2 * px(_FROM_BOTTOM))
            x = monitor.x + monitor.width - width - px(_FROM_EDGE)
            y = monitor.y + monitor.height - height - around
            self.top.geometry(f"{width}x{height}+{x}+{max(monitor.y, y)}")
            self.top.minsize(min(px(280), width), min(px(320), height))
            self.top.update_idletasks()
            if desktop := self._look.desktop:
                desktop.leave_keyboard(self.top.winfo_id(), is_wished=not takes_keyboard)
            self.top.attributes("-topmost", True)
            self.top.deiconify()
            self._field.focus_set()
        self.top.lift()

    # --- the keyboard ----------------------------------------------------------------------------------------------

    def _on_focus_in(self, event: "tk.Event[Any]") -> None:
        if event.widget is not self.top:
            return
        self._turned += 1
        turned = self._turned
        self._before_typing(lambda: self._released(turned))

    def _on_focus_out(self, event: "tk.Event[Any]") -> None:
        if event.widget is self.top:
            self._turned += 1
            self._may_type = False

    def _released(self, turned: int) -> None:
        """Nothing of the technician's is under way: whatever of it the server has sent here comes before its next answer."""
        self.top.winfo_pointerxy()
        self.top.after_idle(lambda: self._let_type(turned))

    def _let_type(self, turned: int) -> None:
        self._may_type = turned == self._turned

    def _go_on(self, widget: tk.Misc | None) -> str:
        if widget:
            widget.focus_set()
        return "break"

    def _scroll(self, lines: int) -> str:
        self._log.yview_scroll(lines, "units")
        return "break"

    # --- what is typed ---------------------------------------------------------------------------------------------

    def _typed(self) -> str:
        return self._field.get("1.0", "end-1c")

    def _on_typed(self) -> None:
        self._field.edit_modified(False)
        too_many = len(tidy_text(self._typed())) - CHAT_CHARACTERS_MAX
        if too_many > 0:
            self._tell(self._words.too_long(too_many))
        elif not self._sending:
            self._tell("")
        if (desktop := self._look.desktop) and self._field.winfo_viewable():
            desktop.tell_text(self._field.winfo_id(), self._typed()[:CHAT_CHARACTERS_MAX])
        self._send_button.refresh()

    def _tell(self, problem: str) -> None:
        """Say why it is not sent; how to send it where nothing keeps it."""
        palette, px = self._look.theme.palette, self._look.theme.px
        if problem or self._is_roomy:
            self._note_label.pack(anchor="w", pady=(px(4), px(8)), before=self._buttons)
        else:
            self._note_label.pack_forget()
        self._note_label.configure(
            text=problem or self._words.how_to_send(), foreground=palette.stop if problem else palette.quiet
        )
        if (desktop := self._look.desktop) and self._note_label.winfo_viewable():
            desktop.tell_text(self._note_label.winfo_id(), str(self._note_label.cget("text")))

    def _may_send(self) -> bool:
        return not self._sending and 0 < len(tidy_text(self._typed())) <= CHAT_CHARACTERS_MAX

    def _on_return(self, event: "tk.Event[Any]") -> str | None:
        if int(event.state) & 1:  # with Shift: a new line
            return None
        if self._may_send():
            self._send()
        return "break"

    def _send(self) -> None:
        """What was typed stays until it is known to be said."""
        self._sending = self._typed()
        self._send_button.refresh()
        self._say(tidy_text(self._sending))

    def _sent(self) -> None:
        self._field.delete("1.0", f"1.0+{len(self._sending)}c")
        self._sending = ""
        self._on_typed()

    def _select_all(self) -> str:
        self._field.tag_add("sel", "1.0", "end-1c")
        return "break"

    def _paste(self, selection: str) -> str:
        try:
            pasted = str(self._field.selection_get(selection=selection))  # type: ignore[no-untyped-call]
        except tk.TclError:  # nothing there, or not text
            return "break"
        if len(self._typed()) + len(pasted) > _TYPED_MAX:
            self._tell(self._words.not_pasted())
            return "break"
        with contextlib.suppress(tk.TclError):
            self._field.delete("sel.first", "sel.last")
        self._field.insert("insert", pasted)
        self._field.see("insert")
        return "break"
