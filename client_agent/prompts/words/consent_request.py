"""Who asks the customer for what, in one sentence."""

from client_agent.prompts.customer import ConsentQuestion, QuestionKind
from client_agent.prompts.others_text import one_line
from client_agent.prompts.words.texts import Texts
from protocol.vocabulary import Capability, Role


class ConsentRequestTexts(Texts):
    """The request of a question."""

    def _request(self, question: ConsentQuestion) -> str:
        _ = self._
        if question.kind is QuestionKind.RECORD:
            return self._recording_request(question)
        who, controller = self._who(question), self._person(question.controller)
        if question.kind is QuestionKind.JOIN:
            request = _("{who} wants to join and watch {for_ticket}.")
        elif question.kind is QuestionKind.HAND_OVER:
            request = _("Control is to pass from {controller} to {who} {for_ticket}.")
        elif question.asks is Capability.FILES:
            request = _("{who} asks to send files to your computer, and to be sent files by you, {for_ticket}.")
        elif question.asks is Capability.CLIPBOARD:
            request = _(
                "{who} asks to share your clipboard {for_ticket}: the place where what you copy waits until you paste it."
            )
        elif question.asks is Capability.VIEW:
            request = _("{who} asks to see your screen {for_ticket}.")
        elif question.is_first:
            request = _("{who} asks to see your screen and to control your computer {for_ticket}.")
        else:
            request = _("{who} asks to control your computer {for_ticket}.")
        for_ticket = self._for_ticket(question.ticket, question.subject)
        return request.format(who=who, controller=controller, for_ticket=for_ticket)

    def _recording_request(self, question: ConsentQuestion) -> str:
        _ = self._
        request = _(
            "{organisation} asks to record what is seen of your screen in this session {for_ticket}, and the titles of the windows you use."
        )
        return request.format(
            organisation=self._organisation(question.organisation),
            for_ticket=self._for_ticket(question.ticket, question.subject),
        )

    def _who(self, question: ConsentQuestion) -> str:
        _ = self._
        if question.kind is QuestionKind.ACCESS:
            who = _("{technician}, {from_organisation},")
            stranger = _("Somebody who gives the name {technician}, {from_organisation},")
            return (who if question.is_verified else stranger).format(
                technician=self._person(question.technician),
                from_organisation=self._from(self._organisation(question.organisation)),
            )
        employer = self._organisation(question.employer or question.organisation)
        who, stranger = _("{technician} ({belongs_to})"), _("somebody who gives the name {technician} ({belongs_to})")
        belongs_to = ", ".join(filter(None, (employer, self._role(question.role))))
        text = (who if question.is_verified else stranger).format(
            technician=self._person(question.technician), belongs_to=belongs_to
        )
        return text if question.kind is QuestionKind.HAND_OVER else text[0].upper() + text[1:]

    def _role(self, role: Role | None) -> str:
        _ = self._
        return {
            None: "",
            Role.TECHNICIAN: _("technician"),
            Role.OBSERVER: _("observer"),
            Role.SUPERVISOR: _("supervisor"),
            Role.EXPERT: _("expert"),
        }[role]

    def _for_ticket(self, ticket: str, subject: str) -> str:
        _ = self._
        ticket, subject = one_line(ticket), one_line(subject)
        if ticket and subject:
            return _("for ticket {ticket} “{subject}”").format(ticket=ticket, subject=subject)
        return _("for ticket {ticket}").format(ticket=ticket) if ticket else _("without a ticket")
