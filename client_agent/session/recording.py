"""Whether a session may be recorded, and for whom: what the organisation's document says, and nobody else (PROTOCOL.md, section 14)."""

import hashlib
import secrets
from collections.abc import Callable, Mapping

from client_agent.organisation import Organisation, RootKnownBy
from client_agent.session.clock import awake_or_asleep_s
from client_agent.session.recorder import Recorder
from protocol.codec import encode
from protocol.envelope import Audience
from protocol.recording_keys import KEY_BYTES, RecordingKey, epoch_commitment, seal_recording_key
from protocol.session_log import EpochBegan, Event, KeySealed
from protocol.vocabulary import RecordingState

_NONCE_BYTES = 12
# A key picture for the store, so that a seek has little to replay: after so much, or after a while, in a quiet moment.
_KEY_AFTER_BYTES = 16 * 1024 * 1024
_KEY_AFTER_S = 60.0
_KEY_AFTER_TIMES = 20
"""Of its own size: key pictures are at most 5 % of what is sent."""
_QUIET_S = 0.3

Write = Callable[[Event, bytes], int]
"""Appends an entry with what lies beside it."""


class Recording:
    """One session's recording: its key, the epochs' keys under it, and when the store needs a key picture."""

    def __init__(self, organisation: Organisation, recorder: Recorder, write: Write) -> None:
        document = organisation.document
        is_vouched_for = organisation.known_by is not RootKnownBy.ADDRESS
        self.is_available = is_vouched_for and bool(document.auditors) and document.recording != "off"
        """Whether the customer may be asked: somebody vouches for the auditors, and there are any."""
        self.is_required = self.is_available and document.recording == "required"
        """Nobody controls who is not recorded."""
        self.keep_days = document.recording_days
        self.recorder = recorder
        self._auditors, self._write = document.auditors, write
        self._session = ""
        self._key: RecordingKey | None = None
        self._replay = _Replay()
        self.is_allowed = self.is_paused = False

    @property
    def state(self) -> RecordingState:
        """As everybody who takes part is told."""
        if not self.is_available:
            return RecordingState.UNAVAILABLE
        if not self.is_allowed:
            return RecordingState.OFF
        return RecordingState.PAUSED if self.is_paused else RecordingState.ON

    def begin(self, session: str) -> None:
        """Whose recording it is."""
        self._session = session

    def epoch_began(self, epoch: int, key: bytes, first: int) -> None:
        """Media records have a new key, from this counter on; who may open it later, the log says."""
        is_recorded = self.state is RecordingState.ON
        self.recorder.stop()
        wrapped = self._recording_key().wrap(epoch, key) if is_recorded else b""
        self._write(EpochBegan(epoch, first, epoch_commitment(self._session, epoch, key), wrapped), b"")
        if is_recorded:
            self.recorder.begin(epoch)

    def seal(self, content: Mapping[str, str]) -> tuple[bytes, bytes]:
        """Something personal as it lies beside its entry, and the hash of that."""
        sealed = self._recording_key().seal_content(encode(content), secrets.token_bytes(_NONCE_BYTES))
        return sealed, hashlib.sha256(sealed).digest()

    def _recording_key(self) -> RecordingKey:
        """The session's recording key; the first time it is made, and sealed to the auditors of the document."""
        if self._key is None:
            raw = secrets.token_bytes(KEY_BYTES)
            self._key = RecordingKey(self._session, raw)
            seals = seal_recording_key(self._session, raw, self._auditors)
            self._write(KeySealed(self._key.commitment, hashlib.sha256(seals).digest()), seals)
        return self._key

    # --- what is sent ---

    def sending(
        self, envelope: bytes, audience: Audience, counters: tuple[int, int], *, is_key: bool, ends: bool
    ) -> None:
        """A media record to all or for the store is about to be handed over.

        Args:
            counters: of records to all, from before this one and from after it.
            is_key: a key picture begins with it.
            ends: a picture ends with it.
        """
        if not self.recorder.is_recording:
            return
        self.recorder.sending(envelope, counters, is_key=is_key)
        self._replay.sent(len(envelope), audience, is_key=is_key, ends=ends)

    @property
    def is_key_picture_due(self) -> bool:
        """Whether the recording needs a key picture of its own, so that a seek has little to replay."""
        return self.recorder.is_recording and self._replay.is_long


class _Replay:
    """How much a seek would have to replay, beside what another key picture would cost."""

    def __init__(self) -> None:
        self._key_from: Audience | None = None
        self._key_bytes = self._bytes = 0
        self._since_s = awake_or_asleep_s()
        self._sent_s = 0.0

    def sent(self, size: int, audience: Audience, *, is_key: bool, ends: bool) -> None:
        if is_key:
            self._key_from, self._key_bytes, self._bytes = audience, 0, 0
            self._since_s = awake_or_asleep_s()
        self._sent_s = awake_or_asleep_s()
        if audience is self._key_from:
            self._key_bytes += size
            if ends:
                self._key_from = None
        elif self._key_from is None:
            self._bytes += size

    @property
    def is_long(self) -> bool:
        now_s = awake_or_asleep_s()
        waited_s = now_s - self._since_s
        worth = _KEY_AFTER_TIMES * self._key_bytes
        is_due = self._bytes >= max(_KEY_AFTER_BYTES, worth) or (waited_s >= _KEY_AFTER_S and self._bytes >= worth)
        is_quiet = now_s - self._sent_s >= _QUIET_S or self._bytes >= 2 * max(_KEY_AFTER_BYTES, worth)
        return is_due and self._key_from is None and is_quiet
