"""What customer and viewers say to each other in the session (PROTOCOL.md, section 5.4).

Who is admitted reads what is said from then on, also what was said while they were cut off, and nothing of before. The log has an entry
for each line; the words lie beside it, sealed for the auditors, only while the session is recorded: with *no* to a recording the
customer says no to this as well.
"""

from client_agent.prompts.customer import ChatLine, ChatRefusal, Customer
from client_agent.session.clock import awake_or_asleep_s, now_ms
from client_agent.session.pace import Pace
from client_agent.session.recording import Recording
from client_agent.session.viewers import RemoteViewer, Viewers
from client_agent.session.voices import Voices
from protocol.consent import ViewerId
from protocol.limits import CHAT_LINES_MAX
from protocol.messages import ChatRefused, ChatSaid
from protocol.session_log import Said
from protocol.vocabulary import RecordingState

# Faster than anybody reads: so many lines at once, and then one each so often.
_AT_ONCE = 10
_EVERY_S = 2.0

CUSTOMER = ViewerId("")
"""As whose words the customer's are written down."""


class Chat:
    """Lets each say something in turn, within bounds that one person's flood cannot use up for the customer."""

    def __init__(self, customer: Customer, viewers: Viewers, voices: Voices, recording: Recording) -> None:
        self._customer, self._viewers, self._voices, self._recording = customer, viewers, voices, recording
        self._paces: dict[ViewerId, Pace] = {}
        self._by_customer = self._by_others = 0

    def viewer_says(self, viewer: RemoteViewer, text: str) -> None:
        """A viewer wrote something: everybody reads it, or the viewer hears why not."""
        if refusal := self._refusal(viewer.id, self._by_others):
            self._voices.say(viewer, ChatRefused(refusal))
            return
        self._by_others += 1
        self._say(viewer.id, viewer.certificate.name, text)

    def customer_says(self, text: str) -> None:
        """The customer wrote something, a `SaidText`: everybody reads it, or the customer hears why not."""
        if refusal := self._refusal(CUSTOMER, self._by_customer):
            self._customer.refuse_chat(refusal)
            return
        self._by_customer += 1
        # Half a character, as Tk may give one, could not be written down.
        self._say(CUSTOMER, "", text.encode(errors="replace").decode())

    def _refusal(self, speaker: ViewerId, lines: int) -> ChatRefusal | None:
        now_s = awake_or_asleep_s()
        if lines >= CHAT_LINES_MAX:
            return ChatRefusal.FULL
        pace = self._paces.setdefault(speaker, Pace(_AT_ONCE, _EVERY_S, now_s))
        if pace.waits_s(now_s):
            return ChatRefusal.TOO_FAST
        pace.wrote()
        return None

    def _say(self, speaker: ViewerId, name: str, text: str) -> None:
        is_kept = self._recording.state is RecordingState.ON
        sealed, its_hash = self._recording.seal({"text": text}) if is_kept else (b"", b"")
        at_ms = now_ms()
        entry = self._voices.write(Said(speaker, its_hash), sealed)
        line = ChatSaid(entry, speaker, name, at_ms, text)
        for viewer in self._viewers:
            if viewer.is_admitted:
                viewer.chat.append(line)
                self._voices.feed(viewer)
        self._customer.show_chat(ChatLine(name, text, at_ms // 1000, is_own=speaker == CUSTOMER))
