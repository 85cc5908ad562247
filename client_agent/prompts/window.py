"""The customer in front of windows: Tk in the main thread, the session in another."""

import asyncio
import time
import tkinter as tk
import tkinter.font
from collections.abc import Callable
from pathlib import Path
from tkinter import ttk

from client_agent.files.folder import show
from client_agent.prompts import system
from client_agent.prompts.chat_window import ChatWindow
from client_agent.prompts.code_window import CodeWindow
from client_agent.prompts.consent_window import ConsentWindow
from client_agent.prompts.customer import (
    BarState,
    ChatLine,
    ChatRefusal,
    ClipboardUsed,
    ConsentAnswer,
    ConsentQuestion,
    CustomerCallbacks,
    FileRequest,
    Problem,
    Progress,
    Summary,
)
from client_agent.prompts.dialog import Dialog
from client_agent.prompts.file_window import FileWindow
from client_agent.prompts.notice_window import NoticeWindow
from client_agent.prompts.opening import Openings
from client_agent.prompts.own_windows import OwnWindows
from client_agent.prompts.people_window import PeopleWindow
from client_agent.prompts.session_bar import BarCommands, SessionBar
from client_agent.prompts.summary_window import SummaryWindow
from client_agent.prompts.theme import BODY, DARK, LIGHT, Theme
from client_agent.prompts.tk_thread import Reply, TkWork
from client_agent.prompts.widgets import Look
from client_agent.prompts.words import Words
from client_agent.prompts.words.languages import language_of_system, other_language
from client_agent.prompts.x11 import X11Desktop
from client_agent.prompts.x11_loss import DisplayLoss


class WindowCustomer:
    """A `Customer` in windows.

    Made in the main thread, which then stays in `run` until somebody calls `close`; the session's thread calls the rest.
    """

    def __init__(
        self,
        *,
        language: str = "",
        is_dark: bool | None = None,
        scale: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare the windows; none is shown yet.

        Args:
            language, is_dark, scale: as the system tells where they are not given.
            clock: seconds that never go backwards.

        Raises:
            tkinter.TclError: there is no display.
        """
        self._root = tk.Tk(className="Mainforte-agent")
        self._root.withdraw()
        self._clock = clock
        self._words = Words(language or language_of_system())
        self._look = _look(self._root, is_dark=is_dark, scale=scale)
        _translate_tk(self._root, self._words.language)
        self._own = OwnWindows(self._root, self._look.desktop)
        self._openings = Openings()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._callbacks: CustomerCallbacks | None = None
        self._question_turn = asyncio.Lock()
        self._withdrawals = 0
        self._list: asyncio.Task[None] | None = None

        self._work = TkWork(self._root)
        self._code = CodeWindow(
            self._look,
            self._words,
            on_cancel=lambda: self._tell(lambda callbacks: callbacks.on_stop()),
            on_switch_language=self._switch_language,
        )
        self._bar = SessionBar(self._look, self._words, self._bar_commands(), clock)
        self._chat = ChatWindow(
            self._look,
            self._words,
            say=lambda text: self._tell(lambda callbacks: callbacks.on_chat(text)),
            before_typing=self._let_go,
        )
        self._dialogs: list[Dialog] = []
        self._is_display_lost = False
        self._loss: DisplayLoss | None = None

    # --- in the main thread --------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Show what the session asks for, until `close`."""
        self._root.mainloop()
        self._own.stop()
        for planned in self._root.tk.splitlist(self._root.tk.call("after", "info")):
            self._root.tk.call("after", "cancel", planned)
        self._look.forget_pictures()
        self._root.destroy()

    def end_with_display(self, wait: Callable[[], None]) -> None:
        """Where the display goes away, have the session end; the program ends once `wait` has waited for that."""

        def end() -> None:
            self._is_display_lost = True
            if self._callbacks:
                self._tell(lambda callbacks: callbacks.on_display_lost())
                wait()

        self._loss = DisplayLoss(end)

    def _switch_language(self) -> None:
        self._words = Words(other_language(self._words.language))
        _translate_tk(self._root, self._words.language)
        self._bar.build(self._words)
        self._chat.build(self._words)
        for dialog in (self._code, *self._dialogs):
            dialog.build(self._words)

    def _open(self, dialog: Dialog) -> None:
        self._code.hide()
        self._dialogs.append(dialog)
        dialog.top.bind("<Destroy>", lambda event: self._forget(dialog, event), add=True)
        dialog.show()

    def _forget(self, dialog: Dialog, event: "tk.Event[tk.Misc]") -> None:
        # Tk tells a window about the end of everything inside it too.
        if event.widget is dialog.top and dialog in self._dialogs:
            self._dialogs.remove(dialog)

    def _bar_commands(self) -> BarCommands:
        return BarCommands(
            take_back=lambda: self._tell(lambda callbacks: callbacks.on_take_back()),
            pause=lambda: self._tell(lambda callbacks: callbacks.on_pause()),
            go_on=lambda: self._tell(lambda callbacks: callbacks.on_go_on()),
            stop=lambda: self._tell(lambda callbacks: callbacks.on_stop()),
            send_away=lambda viewer: self._tell(lambda callbacks: callbacks.on_send_away(viewer)),
            pause_recording=lambda: self._tell(lambda callbacks: callbacks.on_pause_recording()),
            continue_recording=lambda: self._tell(lambda callbacks: callbacks.on_continue_recording()),
            end_recording=lambda: self._tell(lambda callbacks: callbacks.on_end_recording()),
            end_files=lambda: self._tell(lambda callbacks: callbacks.on_end_files()),
            stop_file=lambda direction: self._tell(lambda callbacks: callbacks.on_stop_file(direction)),
            show_folder=show,
            take_back_clipboard=lambda: self._tell(lambda callbacks: callbacks.on_take_back_clipboard()),
            show_people=lambda: self._tell(lambda _: self._begin_list()),
            show_chat=lambda: self._chat.open(),
            switch_language=self._switch_language,
        )

    def _let_go(self, then: Callable[[], None]) -> None:
        """Have the session let go of all that the technician holds, then go on here."""

        def let_go(callbacks: CustomerCallbacks) -> None:
            callbacks.before_typing()
            self._work.put(then)

        self._tell(let_go)

    def _tell(self, what: Callable[[CustomerCallbacks], None]) -> None:
        """Hand over what the person did to the session, which may be gone already."""
        if self._loop and self._callbacks and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what, self._callbacks)

    # --- from any thread ---------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End `run`."""
        self._work.put(self._end)

    def _end(self) -> None:
        # Tk's file dialog waits in a loop of its own, which ends with its window only.
        for path in self._root.tk.splitlist(self._root.tk.call("winfo", "children", ".")):
            self._root.tk.call("destroy", path)
        self._root.quit()

    def own_windows(self) -> frozenset[int]:
        return self._own.ids()

    def is_own_window_at(self, x: int, y: int) -> bool:
        return self._own.is_at(x, y)

    def is_question_open(self) -> bool:
        return self._openings.is_open

    @property
    def language(self) -> str:
        return self._words.language

    # --- in the session's event loop ---------------------------------------------------------------------------------

    def attach(self, callbacks: CustomerCallbacks) -> None:
        self._loop, self._callbacks = asyncio.get_running_loop(), callbacks
        self._openings.attach(callbacks)

    async def ask_code(self, problem: Problem | None = None) -> str | None:
        entered: Reply[str | None] = Reply()
        self._work.put(lambda: self._code.ask(problem, entered.give))
        return await entered.wait()

    def show_progress(self, what: Progress) -> None:
        self._work.put(lambda: self._show_progress(what))

    def _show_progress(self, what: Progress) -> None:
        if self._bar.is_shown:
            self._bar.wait(self._words.progress(what))
        elif what is Progress.STORING_ANSWER:
            self._code.wait_quietly(what)
        else:
            self._code.wait(what)

    async def ask_consent(self, question: ConsentQuestion) -> ConsentAnswer:
        withdrawals = self._withdrawals
        async with self._question_turn, self._openings.opening():
            if withdrawals != self._withdrawals:
                return ConsentAnswer(None, frozenset(), 0, "", self.language)
            answered: Reply[ConsentAnswer] = Reply()
            try:
                self._work.put(lambda: self._open(self._consent_window(question, answered.give)))
                return await answered.wait()
            finally:
                # Cancelled: the window must not outlive the question.
                self._work.put(self._withdraw)

    def _consent_window(self, question: ConsentQuestion, answered: Callable[[ConsentAnswer], None]) -> ConsentWindow:
        return ConsentWindow(
            self._look,
            self._words,
            question,
            clock=self._clock,
            answered=answered,
            on_more_time=lambda seconds: self._tell(lambda callbacks: callbacks.on_more_time(seconds)),
            on_switch_language=self._switch_language,
        )

    async def ask_file(self, request: FileRequest) -> Path | None:
        async with self._question_turn, self._openings.opening():
            chosen: Reply[Path | None] = Reply()
            try:
                self._work.put(lambda: self._open(self._file_window(request, chosen.give)))
                return await chosen.wait()
            finally:
                self._work.put(self._close_file_windows)

    def _file_window(self, request: FileRequest, chosen: Callable[[Path | None], None]) -> FileWindow:
        return FileWindow(self._look, self._words, request, chosen=chosen, on_switch_language=self._switch_language)

    def _close_file_windows(self) -> None:
        for dialog in list(self._dialogs):
            if isinstance(dialog, FileWindow):
                dialog.destroy()

    def close_question(self) -> None:
        self._withdrawals += 1
        self._work.put(self._withdraw)

    def _withdraw(self) -> None:
        for dialog in list(self._dialogs):
            if isinstance(dialog, ConsentWindow):
                dialog.withdraw()

    def show_bar(self, state: BarState) -> None:
        self._work.put(lambda: self._show_bar(state))

    def _show_bar(self, state: BarState) -> None:
        self._code.hide()
        self._bar.show(state)
        self._chat.record(state.recording)
        for dialog in self._dialogs:
            if isinstance(dialog, PeopleWindow):
                dialog.update()

    def show_clipboard_used(self, used: ClipboardUsed) -> None:
        self._work.put(lambda: self._bar.tell_clipboard_used(used))

    def hide_bar(self) -> None:
        self._work.put(self._hide_bar)

    def _hide_bar(self) -> None:
        self._bar.hide()
        self._chat.close()
        for dialog in list(self._dialogs):
            if isinstance(dialog, PeopleWindow):
                dialog.closed_by_person()

    def _begin_list(self) -> None:
        if self._list is None or self._list.done():
            self._list = asyncio.create_task(self._show_list())

    async def _show_list(self) -> None:
        async with self._openings.opening():
            closed: Reply[None] = Reply()
            self._work.put(lambda: self._open_list(closed))
            await closed.wait()

    def _open_list(self, closed: Reply[None]) -> None:
        if not self._bar.is_shown:
            closed.give(None)
            return
        self._open(
            PeopleWindow(
                self._look,
                self._words,
                self._bar.viewers,
                send_away=lambda viewer: self._tell(lambda callbacks: callbacks.on_send_away(viewer)),
                closed=lambda: closed.give(None),
                on_switch_language=self._switch_language,
            )
        )

    def show_chat(self, line: ChatLine) -> None:
        self._work.put(lambda: self._chat.add(line))

    def refuse_chat(self, why: ChatRefusal) -> None:
        self._work.put(lambda: self._chat.refuse(why))

    async def show_summary(self, summary: Summary) -> None:
        if self._is_display_lost:
            return
        async with self._openings.opening():
            closed: Reply[None] = Reply()
            self._work.put(lambda: self._open_summary(summary, closed))
            await closed.wait()

    def _open_summary(self, summary: Summary, closed: Reply[None]) -> None:
        self._hide_bar()
        self._open(
            SummaryWindow(
                self._look,
                self._words,
                summary,
                closed=lambda: closed.give(None),
                on_switch_language=self._switch_language,
            )
        )

    async def show_problem(self, problem: Problem, why: str = "") -> None:
        async with self._openings.opening():
            closed: Reply[None] = Reply()
            self._work.put(lambda: self._open_notice(problem, why, closed))
            await closed.wait()

    def _open_notice(self, problem: Problem, why: str, closed: Reply[None]) -> None:
        self._open(
            NoticeWindow(
                self._look,
                self._words,
                problem,
                why,
                closed=lambda: closed.give(None),
                on_switch_language=self._switch_language,
            )
        )


def _look(root: tk.Tk, *, is_dark: bool | None, scale: float) -> Look:
    """How windows are drawn on this display."""
    desktop = _desktop(root)
    if not scale:
        scale = system.scale((desktop and desktop.dots_per_inch()) or root.winfo_fpixels("1i"))
    palette = DARK if (system.is_dark() if is_dark is None else is_dark) else LIGHT
    family = str(tkinter.font.nametofont("TkDefaultFont", root=root).actual("family"))
    theme = Theme(palette, family, scale)
    _dress_tk(root, theme)
    return Look(root, theme, desktop)


def _desktop(root: tk.Tk) -> X11Desktop | None:
    try:
        return X11Desktop() if root.tk.call("tk", "windowingsystem") == "x11" else None
    except OSError:
        return None


def _translate_tk(root: tk.Tk, language: str) -> None:
    """Have Tk's own file dialog speak this language."""
    root.tk.eval(f"package require msgcat; ::msgcat::mclocale {language}")


def _dress_tk(root: tk.Tk, theme: Theme) -> None:
    """Give Tk's own file dialog our colours and sizes."""
    palette = theme.palette
    for name in ("TkDefaultFont", "TkTextFont", "TkMenuFont", "TkHeadingFont", "TkCaptionFont", "TkIconFont"):
        tkinter.font.nametofont(name, root=root).configure(size=-theme.px(BODY))
    style = ttk.Style(root)
    style.theme_use("clam")
    style.configure(
        ".",
        background=palette.ground,
        foreground=palette.text,
        fieldbackground=palette.raised,
        bordercolor=palette.line,
        lightcolor=palette.ground,
        darkcolor=palette.ground,
        troughcolor=palette.line,
        selectbackground=palette.action,
        selectforeground=palette.on_action,
        insertcolor=palette.text,
        arrowcolor=palette.text,
    )
