"""The session bar: who may do what, what is recorded and shared, and what the customer can do about it."""

from dataclasses import dataclass, replace

from client_agent.prompts.customer import BarState, ClipboardUsed, Interruption, Viewer
from client_agent.prompts.words.files import FileTexts, FileWords
from client_agent.prompts.words.marks import Mark, Marked
from client_agent.prompts.words.times import remaining
from protocol.vocabulary import Capability, Direction, Hold, RecordingState

VIEWERS_NAMED_MAX = 3


@dataclass(frozen=True)
class ViewerWords:
    """One person on the bar: what they may do now, or that they are away; and how to send them away, where that is possible."""

    viewer: Viewer
    name: str
    rights: tuple[Marked, ...]
    send_away: str = ""

    @property
    def send_away_name(self) -> str:
        """The words of one choice among several."""
        return f"{self.send_away}: {self.name}"

    @property
    def is_away(self) -> bool:
        return any(right.mark is Mark.BROKEN for right in self.rights)

    def without_counts(self) -> "ViewerWords":
        """The words without the time that a person who is away has left."""
        return replace(self, rights=(Marked(Mark.BROKEN, ""),)) if self.is_away else self


@dataclass(frozen=True)
class BarWords:
    """The session bar: who may do what, what holds them back, how long it has lasted."""

    viewers: tuple[ViewerWords, ...]
    others: str
    notice: Marked | None
    recording: Marked | None
    clipboard: Marked | None
    minutes: str
    go_on: str
    files: tuple[FileWords, ...] = ()

    @property
    def is_paused(self) -> bool:
        return self.notice is not None and self.notice.mark is Mark.PAUSE

    def without_counts(self) -> "BarWords":
        """The words without what changes by itself while time passes."""
        return replace(
            self,
            minutes="",
            viewers=tuple(viewer.without_counts() for viewer in self.viewers),
            files=tuple(file.without_counts() for file in self.files),
        )


class BarTexts(FileTexts):
    """What the bar says, and the list of those who take part."""

    def bar(
        self, state: BarState, used: ClipboardUsed | None = None, *, named_max: int = VIEWERS_NAMED_MAX
    ) -> BarWords:
        """What the bar says now; nobody is left out but those for whom there is no room, and the list has them."""
        _ = self._
        viewers = self.viewers(state)
        hidden = len(viewers) - named_max
        return BarWords(
            viewers=viewers[:named_max],
            others=_("and {count} more").format(count=hidden) if hidden > 0 else "",
            notice=self._notice(state),
            recording=self._recording(state.recording),
            clipboard=self._clipboard(state, used),
            minutes=_("{count} min").format(count=state.elapsed_s // 60),
            go_on=self._go_on(state),
            files=tuple(words for file in state.files if (words := self._file(file))),
        )

    def viewers(self, state: BarState) -> tuple[ViewerWords, ...]:
        """Everybody who takes part; where there are several, each can be sent away alone."""
        _ = self._
        away = {one.viewer: one for one in state.interrupted}
        send_away = _("Send away") if len(state.viewers) > 1 else ""
        return tuple(
            ViewerWords(
                viewer,
                self._short_name(viewer.name),
                (self._away(away[viewer.id]),) if viewer.id in away else self._rights(viewer),
                send_away,
            )
            for viewer in state.viewers
        )

    def _rights(self, viewer: Viewer) -> tuple[Marked, ...]:
        _ = self._
        sees, acts = (capability in viewer.capabilities for capability in (Capability.VIEW, Capability.CONTROL))
        rights = (
            Marked(Mark.EYE, _("sees your screen") if sees else _("sees nothing")),
            Marked(Mark.HAND, _("controls")) if acts else Marked(Mark.NO_HAND, _("touches nothing")),
        )
        return (*rights, Marked(Mark.FILE_IN, _("files"))) if Capability.FILES in viewer.capabilities else rights

    def _away(self, one: Interruption) -> Marked:
        _ = self._
        text = _("The connection is interrupted. Can come back for {view} more.")
        if one.control_s:
            text = _("The connection is interrupted. Can come back for {view} more, and control for {control} more.")
        return Marked(Mark.BROKEN, text.format(view=remaining(one.view_s), control=remaining(one.control_s)))

    def people(self) -> str:
        _ = self._
        return _("Who takes part")

    def _notice(self, state: BarState) -> Marked | None:
        _ = self._
        if Hold.PAUSED in state.holds:
            return Marked(Mark.PAUSE, _("Paused: nobody sees your screen, nobody can act."))
        if Hold.STOP_KEY in state.holds:
            return Marked(Mark.STOP, _("You pressed Esc: nobody can act."))
        return None

    def _go_on(self, state: BarState) -> str:
        """The word for letting go of what the customer holds; empty where nothing is held."""
        _ = self._
        if Hold.PAUSED in state.holds:
            return _("Go on")
        return _("Let them act again") if Hold.STOP_KEY in state.holds else ""

    def take_back(self) -> str:
        _ = self._
        return _("Take back control")

    def pause(self) -> str:
        _ = self._
        return _("Pause")

    def stop(self) -> str:
        _ = self._
        return _("Stop")

    # --- the recording ---------------------------------------------------------------------------------------------

    def _recording(self, state: RecordingState) -> Marked | None:
        _ = self._
        if state is RecordingState.ON:
            return Marked(Mark.RECORD, _("is recorded"))
        return Marked(Mark.NO_RECORD, _("recording paused")) if state is RecordingState.PAUSED else None

    def pause_recording(self) -> str:
        _ = self._
        return _("Pause the recording")

    def continue_recording(self) -> str:
        _ = self._
        return _("Record again")

    def end_recording(self) -> str:
        _ = self._
        return _("End the recording")

    # --- the clipboard ---------------------------------------------------------------------------------------------

    def _clipboard(self, state: BarState, used: ClipboardUsed | None) -> Marked | None:
        """With whom it is shared, and for a while what was just done with it."""
        _ = self._
        users = state.clipboard_users
        if not users:
            return None
        if used:
            return self.clipboard_used(used)
        if len(users) > 1:
            return Marked(Mark.CLIPBOARD, _("{count} people share your clipboard").format(count=len(users)))
        return Marked(Mark.CLIPBOARD, _("{name} shares your clipboard").format(name=self._short_name(users[0].name)))

    def clipboard_used(self, used: ClipboardUsed) -> Marked:
        """What was just done with the clipboard."""
        _ = self._
        text = _("{name} put text on your clipboard")
        if used.direction is Direction.FROM_CUSTOMER:
            text = _("{name} read what you copied")
        return Marked(Mark.CLIPBOARD, text.format(name=self._short_name(used.name)))

    def take_back_clipboard(self) -> str:
        _ = self._
        return _("Take back the clipboard")
