"""The first window: the support code, what is being waited for, and what went wrong."""

from client_agent.prompts.customer import Problem, Progress
from client_agent.prompts.words.texts import Texts


class CodeTexts(Texts):
    """What this window says, and the notice of a problem."""

    def code_title(self) -> str:
        _ = self._
        return _("Get help with this computer")

    def code_introduction(self) -> str:
        _ = self._
        return _("Type the code that the person helping you gave you, or paste the link.")

    def code_label(self) -> str:
        _ = self._
        return _("Support code or link")

    def code_example(self) -> str:
        _ = self._
        return _("For example: 41703 cherry violin")

    def code_assurance(self) -> str:
        _ = self._
        return _("Nobody sees anything before you have said yes. Go on only if you asked for help yourself.")

    def start(self) -> str:
        _ = self._
        return _("Start assistance")

    def cancel(self) -> str:
        _ = self._
        return _("Cancel")

    def progress(self, what: Progress) -> str:
        _ = self._
        return {
            Progress.CONNECTING: _("Connecting to the organisation…"),
            Progress.CHECKING_CODE: _("Checking the code…"),
            Progress.WAITING_FOR_TECHNICIAN: _("The code is right. Waiting for the person who will help you…"),
            Progress.STORING_ANSWER: _("Your answer is being written down…"),
            Progress.ENDING: _("Ending the session…"),
        }[what]

    def problem(self, problem: Problem, why: str = "") -> str:
        """What happened, that nothing is lost, and what to do next; `why` says that of a screen better than we can."""
        _ = self._
        if problem is Problem.NO_SCREEN and why:
            return f"{_(why)} " + _("Nothing has happened on your computer.")
        return {
            Problem.CODE_MALFORMED: _(
                "This does not look like a support code. It is five digits and two words, or twelve digits. Check it and try again."
            ),
            Problem.CODE_WRONG: _(
                "The code does not match. Check each word with the person helping you, then try again."
            ),
            Problem.CODE_EXPIRED: _("That code has expired. Ask for a new one."),
            Problem.TOO_MANY_ATTEMPTS: _("There were too many attempts. Wait a few minutes, then ask for a new code."),
            Problem.NOBODY_THERE: _("Nobody is waiting behind this code any more. Ask for a new one."),
            Problem.NOT_REACHABLE: _(
                "The organisation cannot be reached. Nothing has happened on your computer. Check your internet connection and try again."
            ),
            Problem.NOT_CERTIFIED: _(
                "This organisation or this person could not be verified, so nobody has been let in. Call the organisation on a"
                " number that you know."
            ),
            Problem.AGENT_TOO_OLD: _(
                "This program is too old for the organisation. Nothing has happened on your computer. Get the current version"
                " and try again."
            ),
            Problem.NOT_STORED: _(
                "Your yes could not be written down, so nothing has been allowed. The person helping you can ask again."
            ),
            Problem.NOT_LOGGED: _(
                "The organisation did not prove that this session is in its log, so the session has ended. Nobody can see your"
                " screen. Call the organisation on a number that you know."
            ),
            Problem.NO_SCREEN: _("No screen was found that could be shown. Nothing has happened on your computer."),
            Problem.FAILED: _(
                "Something went wrong, and the session has ended. Nobody can see your screen. You can ask for a new code."
            ),
        }[problem]
