"""What a terminal says beside what windows say."""

from client_agent.prompts.customer import ChatLine
from client_agent.prompts.others_text import one_line
from client_agent.prompts.words.chat import ChatTexts


class TerminalTexts(ChatTexts):
    """What can be typed on a terminal, and what becomes of it."""

    def type_and_enter(self) -> str:
        _ = self._
        return _("Type one of these, then Enter:")

    def type_code(self) -> str:
        _ = self._
        return _("Type the code, or one of these letters, then Enter:")

    def send_again(self, text: str) -> str:
        _ = self._
        return _("Enter alone sends what you typed before: {text}").format(text=one_line(text))

    def say_in_terminal(self) -> str:
        _ = self._
        return _("Write a message, after a space")

    def says(self, line: ChatLine) -> str:
        """Who said the lines that follow, and when."""
        _ = self._
        words = self.chat_line(line)
        if line.is_own:
            return _("You wrote, {time}:").format(time=words.time)
        return _("{name} writes to you, {time}:").format(name=words.name, time=words.time)

    def too_soon(self) -> str:
        _ = self._
        return _("That came too soon to be an answer. Please read the question, then type your answer.")

    def not_understood(self) -> str:
        _ = self._
        return _("That is none of the answers.")

    def withdrawn(self) -> str:
        _ = self._
        return _("The question has been withdrawn.")

    def answered(self, label: str) -> str:
        _ = self._
        return _("Your answer: {answer}").format(answer=label)

    def time_is_over(self) -> str:
        _ = self._
        return _("The time is over. That counts as a no.")

    def type_file_name(self) -> str:
        _ = self._
        return _("Type a file name to save this summary, or Enter alone to close.")

    def type_file_to_send(self) -> str:
        _ = self._
        return _("Type where the file is, then Enter, or Enter alone to send nothing.")

    def no_such_file(self) -> str:
        _ = self._
        return _("There is no file of that name. Nothing has been sent.")

    def file_exists(self) -> str:
        _ = self._
        return _("There is a file of that name already. Choose another name.")

    def status(self) -> str:
        _ = self._
        return _("What is allowed now?")
