"""What was done, for the customer to read and to keep once the session is over."""

from dataclasses import dataclass
from datetime import UTC, datetime

from client_agent.prompts.customer import Decision, FileMoved, Participation, Summary
from client_agent.prompts.others_text import one_line
from client_agent.prompts.words.device import DeviceTexts
from client_agent.prompts.words.marks import Mark, Marked
from client_agent.prompts.words.times import duration, moment
from protocol.vocabulary import Capability, Direction, Outcome


@dataclass(frozen=True)
class SummaryWords:
    """What is said, and saved, when the session is over. Facts are pairs of label and value; a window leaves out `more_facts`."""

    title: str
    ending: str
    facts: tuple[tuple[str, str], ...]
    more_facts: tuple[tuple[str, str], ...]
    fact_lines: tuple[str, ...]
    people: tuple[tuple[str, tuple[Marked, ...]], ...]
    fingerprint: str
    about_fingerprint: str
    nothing_stays: str
    decisions_title: str
    decisions: tuple[str, ...]
    about_position: str
    position: str
    objection: str
    files_title: str
    files: tuple[str, ...]


class SummaryTexts(DeviceTexts):
    """What the summary says, in its window and as a file."""

    def summary(self, summary: Summary) -> SummaryWords:
        """How it ended and who did what."""
        _ = self._
        facts = (
            (_("Organisation"), self._organisation(summary.organisation)),
            (_("Ticket"), " ".join(filter(None, (one_line(summary.ticket), one_line(summary.subject)))) or "–"),
            (_("Began"), moment(summary.began_at, self.language)),
            (_("Ended"), moment(summary.ended_at, self.language)),
            (_("Recording"), self._recorded(summary)),
            *(((_("Messages"), self._messages(*summary.messages)),) if any(summary.messages) else ()),
        )
        more_facts = ((_("Computer noted"), self._device(summary.device)),) if summary.device else ()
        return SummaryWords(
            title=_("The session is over"),
            ending=f"{self._ending(summary.outcome)} {_('Nobody can see your screen or act any more.')}",
            facts=facts,
            more_facts=more_facts,
            fact_lines=tuple(self.key(label, value) for label, value in (*facts, *more_facts)),
            people=tuple((self._person(one.name), self._deeds(one)) for one in summary.participations),
            fingerprint=_in_groups(one_line(summary.fingerprint)),
            about_fingerprint=_(
                "Fingerprint of the session log. It shows whether the organisation’s record was altered later."
            ),
            nothing_stays=_(
                "Apart from files that you were sent, nothing stays on this computer unless you save this summary."
            )
            if any(one.direction is Direction.TO_CUSTOMER for one in summary.files)
            else _("Nothing stays on this computer unless you save this summary."),
            decisions_title=_("What you were asked, and what you answered"),
            decisions=tuple(self._decision(one) for one in summary.decisions),
            about_position=_("The session’s place in the organisation’s log of all sessions, as it was signed:"),
            position=summary.position,
            files_title=_("Files"),
            files=tuple(self._moved(one) for one in summary.files),
            objection=_(
                "Is something in it not as you remember it, or do you want the recording to be deleted earlier? Write to {organisation} and"
                " name the ticket. Keep this file: its fingerprint shows whether the record was altered later. You may also turn to your"
                " country’s data protection authority."
            ).format(organisation=self._organisation(summary.organisation)),
        )

    def _recorded(self, summary: Summary) -> str:
        _ = self._
        if not summary.recorded_s:
            return _("none")
        return _("{time}, kept for {days} for the auditors, then deleted").format(
            time=duration(summary.recorded_s), days=self._days(summary.recording_days)
        )

    def _messages(self, own: int, others: int) -> str:
        _ = self._
        return _("{own} from you, {others} to you").format(own=own, others=others)

    def _decision(self, one: Decision) -> str:
        _ = self._
        asked = {
            Capability.VIEW: _("see your screen"),
            Capability.CONTROL: _("see your screen and control your computer"),
            Capability.RECORD: _("record the session"),
            Capability.FILES: _("exchange files with you"),
            Capability.CLIPBOARD: _("share your clipboard"),
        }[one.asks]
        if not one.allowed:
            answer = _("you said no")
        elif one.asks is Capability.CONTROL and Capability.CONTROL not in one.allowed:
            answer = _("you allowed to see, and nothing else")
        else:
            answer = _("you said yes")
        who = self._person(one.name) if one.name else _("The organisation")
        return _("{time}: {who} asked to {what}; {answer}.").format(
            time=moment(one.at, self.language), who=who, what=asked, answer=answer
        )

    def _moved(self, one: FileMoved) -> str:
        _ = self._
        text = _("{time}: {who} sent you “{name}” ({size} kB).")
        if one.direction is Direction.FROM_CUSTOMER:
            text = _("{time}: you sent {who} “{name}” ({size} kB).")
        return text.format(
            time=moment(one.at, self.language),
            who=self._person(one.technician),
            name=one_line(one.name),
            size=-(-one.size // 1000),
        )

    def _ending(self, outcome: Outcome) -> str:
        _ = self._
        return {
            Outcome.COMPLETED: _("The person helping you ended it."),
            Outcome.STOPPED: _("You ended it."),
            Outcome.DECLINED: _("You refused, and nobody has seen your screen."),
            Outcome.UNANSWERED: _("There was no answer in time, which counts as a no. Nobody has seen your screen."),
            Outcome.WRONG_CODE: _("The code did not match, and nobody has seen your screen."),
            Outcome.ALONE: _("Nobody came, and nobody has seen your screen."),
            Outcome.DROPPED: _("The connection was lost and did not come back."),
            Outcome.FAILED: _("Something was not as it should be, so the session was ended for safety."),
        }[outcome]

    def _deeds(self, one: Participation) -> tuple[Marked, ...]:
        _ = self._
        saw = Marked(Mark.EYE, _("saw your screen for {time}").format(time=duration(one.view_s)))
        shared: tuple[Marked, ...] = ()
        if one.put or one.read:
            text = _("text put on your clipboard: {put}, text read from it: {read}")
            shared = (Marked(Mark.CLIPBOARD, text.format(put=one.put, read=one.read)),)
        if not one.control_s:
            return (saw, Marked(Mark.NO_HAND, _("never had control")), *shared)
        clicks = self.ngettext("%(num)s click", "%(num)s clicks", one.clicks) % {"num": one.clicks}
        keys = self.ngettext("%(num)s key", "%(num)s keys", one.keys) % {"num": one.keys}
        acted = _("had control for {time}: {clicks}, {keys}").format(
            time=duration(one.control_s), clicks=clicks, keys=keys
        )
        return (saw, Marked(Mark.HAND, acted), *shared)

    def save(self) -> str:
        _ = self._
        return _("Save…")

    def saved(self, path: str) -> str:
        _ = self._
        return _("Saved as {path}").format(path=path)

    def not_saved(self) -> str:
        _ = self._
        return _("It could not be saved there. Nothing is lost: choose another place.")

    def suggested_file_name(self, summary: Summary) -> str:
        _ = self._
        day = datetime.fromtimestamp(summary.began_at, UTC).astimezone().strftime("%Y-%m-%d")
        return f"{_('assistance')}-{day}.html"


def _in_groups(fingerprint: str, size: int = 8) -> str:
    return " ".join(fingerprint[start : start + size] for start in range(0, len(fingerprint), size))
