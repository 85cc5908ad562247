"""Files: that somebody asks for one, and how it stands with those that move."""

from dataclasses import dataclass, replace

from client_agent.prompts.customer import FileRequest, FileShown
from client_agent.prompts.others_text import one_line, some_lines
from client_agent.prompts.words.marks import Mark, Marked
from client_agent.prompts.words.texts import Texts
from protocol.limits import FILE_BYTES_MAX
from protocol.vocabulary import Direction, FileOutcome


@dataclass(frozen=True)
class FileWords:
    """A file on the bar; `done` is the button that puts it away, or stops it while it moves."""

    shown: FileShown
    said: Marked
    done: str

    @property
    def is_moving(self) -> bool:
        return self.shown.outcome is None

    def without_counts(self) -> "FileWords":
        """The words without how much of it has moved."""
        if not self.is_moving:
            return self
        return replace(self, shown=replace(self.shown, percent=0), said=Marked(self.said.mark, ""))


@dataclass(frozen=True)
class FileRequestWords:
    """That somebody asks for a file, from top to bottom."""

    title: str
    request: str
    what: str
    explanation: str
    choose: str
    refuse: str

    @property
    def lines(self) -> list[str]:
        """All but the choices in plain lines, none of which begins with words that others wrote."""
        return [self.title, self.request, *(f"> {line}" for line in self.what.split("\n") if line), self.explanation]


class FileTexts(Texts):
    """What is said of files during the session."""

    def file_request(self, request: FileRequest) -> FileRequestWords:
        """Somebody asks for a file."""
        _ = self._
        who = _("{technician}, {from_organisation},").format(
            technician=self._person(request.technician),
            from_organisation=self._from(self._organisation(request.organisation)),
        )
        return FileRequestWords(
            title=_("Send a file?"),
            request=_("{who} asks you for a file:").format(who=who),
            what=some_lines(request.what) or _("(without saying which)"),
            explanation=_("You choose the file. That one is sent, and nothing else."),
            choose=_("Choose the file…"),
            refuse=_("Send nothing"),
        )

    def _file(self, file: FileShown) -> FileWords | None:
        """What the bar says of it; nothing where there is nothing to say that the customer does not know."""
        _ = self._
        is_arriving = file.direction is Direction.TO_CUSTOMER
        mark = Mark.FILE_IN if is_arriving else Mark.FILE_OUT
        if not file.name:
            return None
        name = _with_its_end(one_line(file.name))
        if file.outcome is None:
            text = _("Receiving “{name}”: {percent} %") if is_arriving else _("Sending “{name}”: {percent} %")
            return FileWords(file, Marked(mark, text.format(name=name, percent=file.percent)), _("Stop this file"))
        if file.outcome is FileOutcome.MOVED:
            text = _("“{name}” is in your folder for downloads.") if is_arriving else _("“{name}” has been sent.")
            return FileWords(file, Marked(mark, text.format(name=name)), self.close())
        text = _("“{name}” did not arrive: {why}.") if is_arriving else _("“{name}” was not sent: {why}.")
        said = Marked(Mark.WARNING, text.format(name=name, why=self._why_not(file.outcome)))
        return FileWords(file, said, self.close())

    def _why_not(self, outcome: FileOutcome) -> str:
        _ = self._
        return {
            FileOutcome.MOVED: "",
            FileOutcome.CANCELLED: _("the other person stopped it"),
            FileOutcome.REFUSED: _("you stopped it"),
            FileOutcome.WITHDRAWN: _("files are not allowed any more"),
            FileOutcome.PAUSED: _("the session was paused"),
            FileOutcome.INTERRUPTED: _("the connection was interrupted"),
            FileOutcome.BUSY: _("another file was on its way"),
            FileOutcome.TOO_LARGE: _("it is larger than {size} MB").format(size=FILE_BYTES_MAX // 2**20),
            FileOutcome.NO_ROOM: _("the disk is full"),
            FileOutcome.NOT_WRITABLE: _("nothing can be written to that folder"),
            FileOutcome.UNREADABLE: _("it cannot be read"),
            FileOutcome.ALTERED: _("it changed on the way"),
        }[outcome]

    def show_folder(self) -> str:
        _ = self._
        return _("Show the folder")

    def end_files(self) -> str:
        _ = self._
        return _("End files")


def _with_its_end(name: str, characters_max: int = 30) -> str:
    """A file's name, shortened in the middle: its end tells what it is."""
    return name if len(name) <= characters_max else f"{name[: characters_max - 12]}…{name[-11:]}"
