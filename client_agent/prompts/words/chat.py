"""The conversation."""

from dataclasses import dataclass

from client_agent.prompts.customer import ChatLine, ChatRefusal
from client_agent.prompts.others_text import one_line, some_lines
from client_agent.prompts.words.marks import Mark, Marked
from client_agent.prompts.words.texts import Texts
from client_agent.prompts.words.times import time_of_day
from protocol.limits import CHAT_CHARACTERS_MAX
from protocol.vocabulary import RecordingState


@dataclass(frozen=True)
class ChatWords:
    """One line of the conversation: who says what, and when."""

    name: str
    time: str
    text: str


class ChatTexts(Texts):
    """What the conversation's window says."""

    def messages(self) -> str:
        _ = self._
        return _("Messages")

    def chat_line(self, line: ChatLine) -> ChatWords:
        """What somebody said; the name is the certificate's, and what cannot be seen shows as a dash."""
        _ = self._
        name = _("You") if line.is_own else one_line(line.name, characters_max=40) or self._person("")
        text = some_lines(line.text, characters_max=CHAT_CHARACTERS_MAX, lines_max=CHAT_CHARACTERS_MAX)
        return ChatWords(name, time_of_day(line.at, self.language), text or "–")

    def no_messages(self) -> str:
        _ = self._
        return _("Nothing has been written yet.")

    def is_kept(self, state: RecordingState) -> Marked:
        """Whether what is written can be read later, and by whom."""
        _ = self._
        if state is RecordingState.ON:
            return Marked(
                Mark.RECORD, _("What is written here is recorded, like the screen, for the organisation’s auditors.")
            )
        return Marked(Mark.NO_RECORD, _("What is written here is not recorded."))

    def your_message(self) -> str:
        _ = self._
        return _("Your message")

    def how_to_send(self) -> str:
        _ = self._
        return _("Enter sends it, Shift+Enter begins a new line.")

    def send(self) -> str:
        _ = self._
        return _("Send")

    def too_long(self, characters: int) -> str:
        """What was typed has so many characters too many."""
        _ = self._
        return _("Characters too many: {count}. Shorten it, or send it in two messages.").format(count=characters)

    def not_pasted(self) -> str:
        _ = self._
        return _("That is too long for a message, and was not inserted.")

    def chat_refused(self, why: ChatRefusal) -> str:
        _ = self._
        return {
            ChatRefusal.TOO_FAST: _("That was too fast for anybody to read. Wait a moment, then send it again."),
            ChatRefusal.FULL: _("This conversation is full, and nothing more can be sent. Please speak on the phone."),
        }[why]
