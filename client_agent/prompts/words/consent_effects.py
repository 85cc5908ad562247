"""What a yes means, said before it can be given."""

from client_agent.prompts.customer import ConsentQuestion, QuestionKind
from client_agent.prompts.words.marks import Mark, Marked
from client_agent.prompts.words.texts import Texts
from protocol.vocabulary import Capability


class ConsentEffectsTexts(Texts):
    """The effects of a yes to a question."""

    def _effects(self, question: ConsentQuestion) -> tuple[Marked, ...]:
        _ = self._
        sees = Marked(
            Mark.EYE,
            _("This person sees your whole screen, and which computer and system it is. Close what is private."),
        )
        touches_nothing = Marked(Mark.NO_HAND, _("This person will not be able to touch anything."))
        controls = Marked(
            Mark.HAND,
            _(
                "If you let them control, this person uses your mouse and keyboard. A program they start can do everything you can do,"
                " even after they have left."
            ),
        )
        stop = Marked(Mark.STOP, _("You can stop at any time: hold Esc."))
        if question.kind is QuestionKind.RECORD:
            return self._recording_effects(question)
        if question.asks is Capability.CLIPBOARD:
            return self._clipboard_effects(question)
        if question.is_recording_required and question.asks is Capability.CONTROL:
            required = _("Nobody controls without a recording. You will be asked about it next.")
            controls = Marked(Mark.HAND, f"{controls.text} {required}")
        if question.kind is QuestionKind.JOIN:
            return (
                sees,
                touches_nothing,
                Marked(Mark.STOP, _("You can send this person away at any time, or stop: hold Esc.")),
            )
        if question.kind is QuestionKind.HAND_OVER:
            gives_up = _("{controller} will not be able to touch anything any more.")
            return (
                controls,
                Marked(Mark.NO_HAND, gives_up.format(controller=self._person(question.controller))),
                stop,
            )
        if question.asks is Capability.FILES:
            return (*self._files_effects(), stop)
        if question.asks is Capability.VIEW:
            return (sees, touches_nothing, stop)
        return (sees, controls, stop) if question.is_first else (controls, stop)

    def _recording_effects(self, question: ConsentQuestion) -> tuple[Marked, ...]:
        _ = self._
        purpose = _("The recording serves to check later what was done on your computer, and nothing else.")
        holds = _("It holds what your screen shows, and the messages that you and the others write.")
        kept = _("It is kept for {time}, then deleted.").format(time=self._days(question.recording_days))
        readers = _(
            "Only the organisation’s auditors can watch it. It is sealed on your computer, and the server that keeps it cannot open it."
        )
        without = _("Without a recording, the session goes on all the same.")
        if question.is_recording_required:
            without = _("Without a recording, nobody can control your computer: the organisation requires it.")
        return (
            Marked(Mark.RECORD, f"{purpose} {holds} {kept}"),
            Marked(Mark.KEY, readers),
            Marked(
                Mark.PAUSE, _("You can pause or end the recording at any time, on the bar at the top of the screen.")
            ),
            Marked(Mark.NO_HAND if question.is_recording_required else Mark.NO_RECORD, without),
        )

    def _files_effects(self) -> tuple[Marked, ...]:
        _ = self._
        arrive = _(
            "This person can put files into your folder for downloads; nothing there is replaced. Open only what you expect."
        )
        leave = _("A file of yours leaves only when you choose it yourself, each time anew.")
        noted = _("Each one is written down; its name only the organisation’s auditors can read.")
        return (Marked(Mark.FILE_IN, arrive), Marked(Mark.FILE_OUT, leave), Marked(Mark.KEY, noted))

    def _clipboard_effects(self, question: ConsentQuestion) -> tuple[Marked, ...]:
        _ = self._
        puts = _(
            "This person can put text there for you to paste. It takes the place of what you copied before, and is gone when the sharing"
            " ends."
        )
        reads = _("This person can read text that you copy from now on. Copy no password meanwhile.")
        kept = _("If the session is recorded, the recording keeps the beginning of each text.")
        told = _("The bar at the top of the screen tells you each time. There you can take the clipboard back at once.")
        return (
            Marked(Mark.CLIPBOARD, puts),
            Marked(Mark.EYE, reads),
            *((Marked(Mark.RECORD, kept),) if question.may_be_recorded else ()),
            Marked(Mark.STOP, told),
        )
