"""The clipboard that the customer shares: text put there, and read from there, each time told and written down.

PROTOCOL.md, section 5.5.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field

from client_agent.clipboard.clipboard import Clipboard, ClipboardGone, Copies, NotFetched
from client_agent.prompts.customer import ClipboardUsed
from client_agent.session.case import Case
from client_agent.session.clock import now_ms
from client_agent.session.viewers import RemoteViewer
from protocol.clipboard import Arriving, is_too_long, pieces_of, plain
from protocol.consent import ViewerId
from protocol.errors import RemoteProtocolError
from protocol.limits import CLIPBOARD_MOVES_MAX, TEXT_CHARACTERS_MAX
from protocol.messages import ClipboardAnswered, ClipboardAsked, ClipboardPut, ClipboardSent
from protocol.session_log import ClipboardMoved
from protocol.text import tidy_text
from protocol.vocabulary import Capability, ClipboardAnswer, Direction, RecordingState


@dataclass
class _Share:
    """One grant at work: up to which copy nothing is this viewer's, None until that is known, and what is on its way here."""

    since: Copies | None = None
    arriving: Arriving = field(default_factory=Arriving)


class SharedClipboard:
    """What technicians do with the customer's clipboard, one thing at a time."""

    def __init__(self, clipboard: Clipboard | None, case: Case) -> None:
        """`clipboard`: None where this desktop has none that we can use."""
        self._clipboard, self._case = clipboard, case
        self._shares: dict[ViewerId, _Share] = {}
        self._asking: set[ViewerId] = set()
        self._put_by: ViewerId | None = None
        self._moves = 0
        self._turn = asyncio.Lock()

    @property
    def is_available(self) -> bool:
        """Whether it makes sense to ask the customer."""
        return self._clipboard is not None

    def follow(self) -> None:
        """Begin and end as the customer allows; whoever may no longer leaves nothing there."""
        gate, clipboard = self._case.gate, self._clipboard
        allowed = {each.id for each in self._case.viewers if Capability.CLIPBOARD in gate.capabilities_of(each.id)}
        for viewer in self._shares.keys() - allowed:
            del self._shares[viewer]
        if clipboard and self._put_by is not None and self._put_by not in allowed:
            self._put_by = None
            clipboard.take_away()
        for viewer in allowed - self._shares.keys():
            self._shares[viewer] = share = _Share()
            self._case.tasks.start(self._begin(share))

    async def _begin(self, share: _Share) -> None:
        if self._clipboard:
            with contextlib.suppress(ClipboardGone):
                share.since = await self._clipboard.copies()

    # --- to the customer ---

    def put(self, viewer: RemoteViewer, piece: ClipboardPut) -> None:
        """Take a piece of a text; with the last one all of it goes onto the clipboard."""
        if (share := self._shares.get(viewer.id)) is None:
            return
        try:
            text = share.arriving.add(piece.number, piece.pieces, piece.text)
        except RemoteProtocolError:
            self._answer(viewer, ClipboardAnswer.TOO_LONG)
            return
        if text and viewer.id not in self._asking:
            self._asking.add(viewer.id)
            self._case.tasks.start(self._put(viewer, text))

    async def _put(self, viewer: RemoteViewer, text: str) -> None:
        async with self._turn:
            try:
                answer = await self._on_clipboard(viewer, text)
            finally:
                self._asking.discard(viewer.id)
            if answer is ClipboardAnswer.PUT:
                self._moved(viewer, Direction.TO_CUSTOMER, text)
            self._answer(viewer, answer)

    async def _on_clipboard(self, viewer: RemoteViewer, text: str) -> ClipboardAnswer:
        if self._clipboard is None or self._moves >= CLIPBOARD_MOVES_MAX:
            return ClipboardAnswer.UNAVAILABLE
        if not self._may(viewer):
            return ClipboardAnswer.HELD
        # Said before: whoever takes it back meanwhile takes this away too.
        self._put_by = viewer.id
        try:
            is_there = await self._clipboard.put(text)
        except ClipboardGone:
            is_there = False
        if not is_there:
            return ClipboardAnswer.UNAVAILABLE
        return ClipboardAnswer.PUT if viewer.id in self._shares else ClipboardAnswer.HELD

    # --- from the customer ---

    def fetch(self, viewer: RemoteViewer) -> None:
        """Give what the customer has copied since it is shared, or say why not."""
        if viewer.id not in self._asking:
            self._asking.add(viewer.id)
            self._case.tasks.start(self._fetch(viewer))

    async def _fetch(self, viewer: RemoteViewer) -> None:
        async with self._turn:
            try:
                text = await self._copied(viewer)
                self._moved(viewer, Direction.FROM_CUSTOMER, text)
                await self._send(viewer, text)
            except NotFetched as refusal:
                self._answer(viewer, refusal.answer)
            finally:
                self._asking.discard(viewer.id)

    async def _copied(self, viewer: RemoteViewer) -> str:
        share = self._shares.get(viewer.id)
        if self._clipboard is None or self._moves >= CLIPBOARD_MOVES_MAX:
            raise NotFetched(ClipboardAnswer.UNAVAILABLE)
        if share is None or share.since is None:
            raise NotFetched(ClipboardAnswer.NOTHING_COPIED)
        try:
            text = plain(await self._clipboard.fetch(share.since))
        except ClipboardGone:
            raise NotFetched(ClipboardAnswer.UNAVAILABLE) from None
        if not self._may(viewer):
            raise NotFetched(ClipboardAnswer.HELD)
        if not text:
            raise NotFetched(ClipboardAnswer.NOTHING_COPIED)
        if is_too_long(text):
            raise NotFetched(ClipboardAnswer.TOO_LONG)
        return text

    async def _send(self, viewer: RemoteViewer, text: str) -> None:
        pieces = pieces_of(text)
        for number, piece in enumerate(pieces):
            self._case.voices.say(viewer, ClipboardSent(number, len(pieces), piece))
            # A key that is pressed meanwhile waits for one piece, not for all.
            await asyncio.sleep(0)

    # --- both ---

    def _may(self, viewer: RemoteViewer) -> bool:
        """What was admitted a moment ago still is."""
        return self._case.gate.admits(viewer.id, ClipboardAsked(), now_ms())

    def refuse(self, viewer: RemoteViewer) -> None:
        """It is not shared, or not now."""
        if share := self._shares.get(viewer.id):
            share.arriving = Arriving()
        self._answer(viewer, ClipboardAnswer.HELD)

    def answer_unavailable(self, viewer: RemoteViewer) -> None:
        """There is nothing to ask the customer."""
        self._answer(viewer, ClipboardAnswer.UNAVAILABLE)

    def _answer(self, viewer: RemoteViewer, answer: ClipboardAnswer) -> None:
        self._case.voices.say(viewer, ClipboardAnswered(answer))

    def _moved(self, viewer: RemoteViewer, direction: Direction, text: str) -> None:
        """Write it down, with what it was where that is recorded, and tell the customer."""
        case = self._case
        self._moves += 1
        case.accounts.clipboard[viewer.id, direction] += 1
        sealed, its_hash = b"", b""
        if case.recording.state is RecordingState.ON:
            beginning = tidy_text(text[:TEXT_CHARACTERS_MAX])[:TEXT_CHARACTERS_MAX]
            sealed, its_hash = case.recording.seal({"text": beginning})
        case.voices.write(ClipboardMoved(viewer.id, direction, len(text), its_hash), sealed)
        case.customer.show_clipboard_used(ClipboardUsed(viewer.certificate.name, direction))
