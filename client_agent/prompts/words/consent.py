"""A question to the customer, whole: who asks for what, what a yes means, and what can be answered."""

from dataclasses import dataclass

from client_agent.prompts.customer import ConsentQuestion, QuestionKind
from client_agent.prompts.others_text import one_line, some_lines
from client_agent.prompts.words.consent_effects import ConsentEffectsTexts
from client_agent.prompts.words.consent_request import ConsentRequestTexts
from client_agent.prompts.words.marks import Mark, Marked
from client_agent.prompts.words.times import duration
from protocol.vocabulary import Capability

_VIEW = frozenset({Capability.VIEW})
_CONTROL = frozenset({Capability.CONTROL})
_RECORD = frozenset({Capability.RECORD})
_FILES = frozenset({Capability.FILES})
_CLIPBOARD = frozenset({Capability.CLIPBOARD})
_NOTHING: frozenset[Capability] = frozenset()


@dataclass(frozen=True)
class Choice:
    """A button, or a numbered answer; what it allows is empty for a refusal."""

    label: str
    allowed: frozenset[Capability]


@dataclass(frozen=True)
class ConsentWords:
    """A question to the customer, from top to bottom."""

    title: str
    organisation: str
    organisation_line: str
    standing: Marked
    warning: str
    request: str
    effects: tuple[Marked, ...]
    reason: str
    silence: str
    choices: tuple[Choice, ...]

    @property
    def lines(self) -> list[str]:
        """All but the choices in plain lines, none of which begins with words that others wrote."""
        lines = [self.title, self.organisation_line, self.standing.text, self.warning, self.request]
        lines += [effect.text for effect in self.effects]
        lines += [f"> {line}" for line in self.reason.split("\n") if line]
        return [line for line in (*lines, self.silence) if line]

    def __str__(self) -> str:
        """All of it, as the session log keeps it."""
        return "\n".join((*self.lines, " ".join(f"[ {choice.label} ]" for choice in self.choices)))


class ConsentTexts(ConsentRequestTexts, ConsentEffectsTexts):
    """What the window of a question says."""

    def consent(self, question: ConsentQuestion) -> ConsentWords:
        """The question with all that is shown around it."""
        _ = self._
        return ConsentWords(
            title=self._consent_title(question),
            organisation=self._organisation(question.organisation),
            organisation_line=self.key(_("Organisation"), self._organisation(question.organisation)),
            standing=self._standing(question),
            warning=""
            if question.is_verified
            else _(
                "Only this address vouches for the organisation. Did somebody call you unexpectedly, or did a message send you here?"
                " Then refuse: it may be a scam."
            ),
            request=self._request(question),
            effects=self._effects(question),
            reason=self._reason(question.reason),
            silence=_("Without an answer, it is a no."),
            choices=self._choices(question),
        )

    def _consent_title(self, question: ConsentQuestion) -> str:
        _ = self._
        if question.kind is QuestionKind.RECORD:
            return _("Let this session be recorded?")
        if question.kind is QuestionKind.JOIN:
            return _("Let one more person see your screen?")
        if question.kind is QuestionKind.HAND_OVER:
            return _("Let another person control your computer?")
        if question.asks is Capability.FILES:
            return _("Exchange files with someone?")
        if question.asks is Capability.CLIPBOARD:
            return _("Share your clipboard?")
        if question.asks is Capability.CONTROL:
            if question.is_first:
                return _("Let someone see and control your computer?")
            return _("Let someone control your computer?")
        return _("Let someone see your screen?") if question.is_first else _("Let one more person see your screen?")

    def _standing(self, question: ConsentQuestion) -> Marked:
        _ = self._
        if question.is_verified:
            return Marked(Mark.VERIFIED, _("Verified organisation"))
        return Marked(Mark.WARNING, _("You came through {address}").format(address=one_line(question.address)))

    def _reason(self, reason: str) -> str:
        _ = self._
        shown = some_lines(reason)
        return _("Reason given: {reason}").format(reason=shown) if shown else ""

    def _choices(self, question: ConsentQuestion) -> tuple[Choice, ...]:
        _ = self._
        see = Choice(_("Let them see my screen"), _VIEW)
        refuse = Choice(_("Refuse"), _NOTHING)
        if question.kind is QuestionKind.RECORD:
            return (Choice(_("Let it be recorded"), _RECORD), Choice(_("Do not record"), _NOTHING))
        if question.kind is QuestionKind.HAND_OVER:
            return (Choice(_("Let them control"), _CONTROL), refuse)
        if question.asks is Capability.FILES:
            return (Choice(_("Allow files"), _FILES), refuse)
        if question.asks is Capability.CLIPBOARD:
            return (Choice(_("Share the clipboard"), _CLIPBOARD), refuse)
        if question.kind is QuestionKind.JOIN or question.asks is Capability.VIEW:
            return (see, refuse)
        if question.is_first:
            return (see, Choice(_("Let them see and control"), _VIEW | _CONTROL), refuse)
        return (Choice(_("Let them control"), _CONTROL), refuse)

    def time_left(self, seconds: int) -> str:
        _ = self._
        return _("{time} left").format(time=duration(seconds))

    def more_time(self) -> str:
        _ = self._
        return _("I need more time")

    def read_to_the_end(self) -> str:
        _ = self._
        return _("Read to the end before you say yes.")
