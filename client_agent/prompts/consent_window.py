"""The question to the customer, as a window."""

import tkinter as tk
from collections.abc import Callable
from typing import Any

from client_agent.prompts.button import Button, Kind
from client_agent.prompts.customer import ConsentAnswer, ConsentQuestion
from client_agent.prompts.dialog import Dialog
from client_agent.prompts.theme import BODY, LARGE, RING, SMALL, TITLE
from client_agent.prompts.widgets import Look, marked, paragraph
from client_agent.prompts.words import Words
from client_agent.prompts.words.consent import Choice, ConsentWords
from client_agent.prompts.words.marks import Mark
from protocol.limits import BUTTONS_REACT_AFTER_S, PROMPT_EXTENSION_S, PROMPT_S_MAX
from protocol.vocabulary import Answer, Capability

_TICK_MS = 100


class ConsentWindow(Dialog):
    """Shows a question until it is answered, its time is over or it is withdrawn.

    Answers react one second after the window could last be seen anew; a yes only when all of it has been scrolled through.
    """

    def __init__(
        self,
        look: Look,
        words: Words,
        question: ConsentQuestion,
        *,
        clock: Callable[[], float],
        answered: Callable[[ConsentAnswer], None],
        on_more_time: Callable[[int], None],
        on_switch_language: Callable[[], None],
    ) -> None:
        super().__init__(
            look, words, title=lambda words: words.consent(question).title, on_switch_language=on_switch_language
        )
        self._question, self._clock = question, clock
        self._answered, self._on_more_time = answered, on_more_time
        self._first_seen_at: float | None = None
        self._reacts_at: float | None = None
        self._total_s = question.seconds
        self._is_read = False
        self._is_over = False
        self._buttons: list[Button] = []
        self.top.bind("<Map>", self._on_visible)
        self.top.bind("<Visibility>", self._on_visible)
        self.build()
        self._tick()

    def build(self, words: Words | None = None) -> None:
        """As in `Dialog`; buttons that moved react a second later."""
        self._is_read = False
        super().build(words)
        if self._reacts_at is not None:
            self._reacts_at = self._clock() + BUTTONS_REACT_AFTER_S

    # --- what is shown ---------------------------------------------------------------------------------------------

    def fill(self, body: tk.Frame, foot: tk.Frame, width: int) -> None:
        content, px = self.words.consent(self._question), self.look.theme.px
        # Where height is scarce, air goes before a line would have to be scrolled to.
        gap, small_gap = (px(12), px(8)) if self.is_wide else (px(16), px(12))
        paragraph(body, self.look, content.title, width, size=TITLE, is_bold=True).pack(anchor="w", pady=(px(4), gap))
        self._organisation_card(body, content, width).pack(fill="x", pady=(0, gap))
        paragraph(body, self.look, content.request, width).pack(anchor="w", pady=(0, gap))
        for effect in content.effects:
            marked(body, self.look, effect.mark, effect.text, width).pack(anchor="w", pady=(0, small_gap))
        if content.reason:
            self._quotation(body, content.reason, width).pack(anchor="w", fill="x", pady=(px(4), small_gap))
        self._buttons = []
        self._fill_answers(foot, content, width)
        self._fill_countdown(foot, content, width)

    def _organisation_card(self, body: tk.Frame, content: ConsentWords, width: int) -> tk.Frame:
        palette, px = self.look.theme.palette, self.look.theme.px
        inside = width - 2 * px(16) - 2
        is_verified = content.standing.mark is Mark.VERIFIED
        edge = palette.line if is_verified else palette.attention
        card = tk.Frame(
            body,
            background=palette.raised,
            padx=px(16),
            pady=px(12),
            highlightthickness=px(1 if is_verified else 2),
            highlightbackground=edge,
        )
        head = tk.Frame(card, background=palette.raised)
        head.pack(fill="x")
        room = (inside - px(24)) // 2 if self.is_wide else inside
        name = paragraph(head, self.look, content.organisation, room, size=LARGE, is_bold=True)
        standing = marked(
            head,
            self.look,
            content.standing.mark,
            content.standing.text,
            room,
            size=BODY if is_verified else LARGE,
            is_bold=not is_verified,
            is_tinted=True,
        )
        if self.is_wide:
            name.pack(side="left")
            standing.pack(side="right")
        else:
            name.pack(anchor="w")
            standing.pack(anchor="w", pady=(px(6), 0))
        if content.warning:
            paragraph(card, self.look, content.warning, inside).pack(anchor="w", pady=(px(8), 0))
        return card

    def _quotation(self, body: tk.Frame, text: str, width: int) -> tk.Frame:
        palette, px = self.look.theme.palette, self.look.theme.px
        row = tk.Frame(body, background=palette.ground)
        tk.Frame(row, background=palette.line, width=px(3)).pack(side="left", fill="y", padx=(px(10), px(23)))
        paragraph(row, self.look, text, width - px(36), colour=palette.quiet).pack(side="left", anchor="w")
        return row

    def _fill_answers(self, foot: tk.Frame, content: ConsentWords, width: int) -> None:
        palette, px = self.look.theme.palette, self.look.theme.px
        answers = tk.Frame(foot, background=palette.ground)
        for choice in content.choices:
            button = Button(
                answers,
                self.look,
                choice.label,
                lambda choice=choice: self._choose(choice),  # type: ignore[misc]
                kind=_kind(choice),
                mark=_mark(choice),
                is_ready=self._may_allow if choice.allowed else self._may_answer,
            )
            self._buttons.append(button)
        if self.is_wide and sum(button.winfo_reqwidth() for button in self._buttons) < width:
            for button in self._buttons:
                button.pack(side="left", fill="x", expand=True)
        else:
            for button in self._buttons:
                button.pack(fill="x", pady=(0, px(4)))
        answers.pack(side="bottom", fill="x")

    def _fill_countdown(self, foot: tk.Frame, content: ConsentWords, width: int) -> None:
        palette, px = self.look.theme.palette, self.look.theme.px
        row = tk.Frame(foot, background=palette.ground)
        more = Button(
            row, self.look, self.words.more_time(), self._extend, kind=Kind.QUIET, size=SMALL, is_ready=self._can_extend
        )
        more.pack(side="right")
        room = width - more.winfo_reqwidth() - px(8)
        self._time_left = paragraph(row, self.look, "", room, size=SMALL, colour=palette.quiet)
        self._time_left.pack(side="left")
        self._buttons.append(more)
        row.pack(fill="x", padx=(px(RING), 0))
        self._progress = tk.Frame(foot, background=palette.line, height=px(4))
        self._elapsed = tk.Frame(self._progress, background=palette.attention, height=px(4))
        self._progress.pack(fill="x", padx=px(RING), pady=(0, px(12)))
        self._silence = content.silence

    # --- time --------------------------------------------------------------------------------------------------------

    def _on_visible(self, event: "tk.Event[Any]") -> None:
        if event.widget is not self.top:
            return
        if str(event.state) == "VisibilityFullyObscured":
            # Whatever lay over the question may lure a click onto it the moment it goes away.
            self._reacts_at = None
        elif self._reacts_at is None:
            now = self._clock()
            self._reacts_at = now + BUTTONS_REACT_AFTER_S
            self._first_seen_at = now if self._first_seen_at is None else self._first_seen_at

    def _may_answer(self) -> bool:
        return self._reacts_at is not None and self._clock() >= self._reacts_at

    def _may_allow(self) -> bool:
        return self._is_read and self._may_answer()

    def _can_extend(self) -> bool:
        return self._total_s < PROMPT_S_MAX

    def _extend(self) -> None:
        self._total_s = min(PROMPT_S_MAX, self._total_s + PROMPT_EXTENSION_S)
        self._on_more_time(self._seconds_left())
        self._show_time()

    def _elapsed_s(self) -> float:
        return 0.0 if self._first_seen_at is None else self._clock() - self._first_seen_at

    def _seconds_left(self) -> int:
        return max(0, int(self._total_s - self._elapsed_s() + 0.999))

    def _tick(self) -> None:
        if self._is_over:
            return
        if self._elapsed_s() >= self._total_s:
            self._finish(Answer.TIMED_OUT)
            return
        self._is_read = self._is_read or (
            self.body is not None and self.top.winfo_viewable() == 1 and self.body.is_at_end
        )
        self._show_time()
        self.top.after(_TICK_MS, self._tick)

    def _show_time(self) -> None:
        left = self.words.time_left(self._seconds_left())
        hint = self._silence if self._is_read else self.words.read_to_the_end()
        self._time_left.configure(text=f"{left}. {hint}")
        self._elapsed.place(relwidth=max(0.0, 1 - self._elapsed_s() / self._total_s), relheight=1)
        for button in self._buttons:
            button.refresh()

    # --- the answer ------------------------------------------------------------------------------------------------

    def _choose(self, choice: Choice) -> None:
        self._finish(Answer.ALLOWED if choice.allowed else Answer.REFUSED, choice.allowed)

    def closed_by_person(self) -> None:
        self._finish(Answer.REFUSED)

    def withdraw(self) -> None:
        """Close the question unanswered."""
        self._finish(None)

    def _finish(self, answer: Answer | None, allowed: frozenset[Capability] = frozenset()) -> None:
        if self._is_over:
            return
        self._is_over = True
        took_ms = round(self._elapsed_s() * 1000)
        words = str(self.words.consent(self._question))
        self.destroy()
        self._answered(ConsentAnswer(answer, allowed, took_ms, words, self.words.language))


def _kind(choice: Choice) -> Kind:
    if not choice.allowed:
        return Kind.STOP
    return Kind.MAIN if choice.allowed == {Capability.VIEW} else Kind.OTHER


def _mark(choice: Choice) -> Mark:
    if Capability.CONTROL in choice.allowed:
        return Mark.HAND
    if Capability.RECORD in choice.allowed:
        return Mark.RECORD
    if Capability.FILES in choice.allowed:
        return Mark.FILE_IN
    if Capability.CLIPBOARD in choice.allowed:
        return Mark.CLIPBOARD
    return Mark.EYE if choice.allowed else Mark.STOP
