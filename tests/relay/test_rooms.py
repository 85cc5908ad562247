"""The rooms by themselves: no socket, no clock."""

from collections import defaultdict

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from protocol.codec import Message, encode
from protocol.envelope import Audience, Envelope, Kind, media_header, unwrap, wrap, wrap_relay
from protocol.limits import (
    ATTEMPTS_PER_CODE,
    CODE_VALID_S,
    HANDSHAKE_MESSAGE_BYTES_MAX,
    HANDSHAKE_TIMEOUT_S,
    PEERS_PER_ROOM_MAX,
)
from protocol.relay_messages import (
    AgentPresent,
    CandidateAccepted,
    CandidateArrived,
    CandidateLeft,
    CandidateRejected,
    EntrySubmitted,
    HeadSubmitted,
    PeerAdmitted,
    PeerDismissed,
    PeerJoined,
    PeerLeft,
    PeerShutOut,
    Refused,
    RoomClaimed,
    RoomEntered,
    RoomOpened,
    SegmentCompleted,
    SegmentNotStored,
    SegmentOpened,
    SegmentPart,
    from_relay,
)
from relay.rooms import (
    CANDIDATES_WAITING_MAX,
    FIRST_VIEWER,
    HELLO_TIMEOUT_S,
    SILENT_AGENTS_MAX,
    AskExpiry,
    Claim,
    Close,
    Effect,
    Rooms,
    Send,
    SessionId,
    SessionState,
    SocketId,
    StoreEntry,
    StoreHead,
    StoreSegment,
    TellState,
)

NOON = 1_800_000_000
ROOM = "41703"
SESSION = SessionId("session-one")
CLAIM = Claim(ROOM, SESSION, "participant", NOON + CODE_VALID_S)
VIEWER, AGENT, STRANGER, LATECOMER = (SocketId(number) for number in range(1, 5))
HELLO = wrap(Kind.HANDSHAKE, b"hello")
CONTROL = wrap(Kind.CONTROL, b"sealed")
MEDIA = media_header(Audience.ALL, 0, 1, 0) + b"sealed"


class Relay:
    """Rooms, and what every socket has heard so far."""

    def __init__(self) -> None:
        self.rooms = Rooms()
        self.now: float = NOON
        self._heard: dict[SocketId, list[Message | bytes]] = defaultdict(list)
        self.closed: dict[SocketId, str] = {}
        self.states: list[SessionState] = []
        self.stored: list[StoreEntry | StoreHead | StoreSegment] = []
        self.extended: dict[str, int] = {}

    def heard(self, socket: SocketId) -> list[Message | bytes]:
        """What the socket heard since the last time: relay messages decoded, others as bytes."""
        self.carry_out()
        return self._heard.pop(socket, [])

    def carry_out(self) -> None:
        while effects := self.rooms.effects():
            self._carry_out(effects)

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(socket, data):
                    assert socket not in self.closed, "something after the last word"
                    envelope = unwrap(data)
                    is_relay = isinstance(envelope, Envelope) and envelope.kind is Kind.RELAY
                    self._heard[socket].append(from_relay.decode(data[1:]) if is_relay else data)
                case Close(socket, reason):
                    self.closed[socket] = reason
                case TellState(_, state):
                    self.states.append(state)
                case StoreEntry() | StoreHead() | StoreSegment():
                    self.stored.append(effect)
                case AskExpiry(claim):
                    self.rooms.expiry_known(claim, self.extended.get(claim.room, claim.expires_at), self.now)

    def claim(self, viewer: SocketId = VIEWER, claim: Claim = CLAIM) -> None:
        self.rooms.claim(viewer, claim, self.now)

    def enter(self, agent: SocketId, number: str = ROOM) -> None:
        self.rooms.enter(agent, number, self.now)

    def send(self, socket: SocketId, what: bytes | Message) -> None:
        self.rooms.receive(socket, what if isinstance(what, bytes) else wrap_relay(encode(what)), self.now)

    def knock(self, agent: SocketId) -> None:
        """Enter and say hello."""
        self.enter(agent)
        self.send(agent, HELLO)

    def leave(self, socket: SocketId) -> None:
        self.rooms.leave(socket, self.now)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.rooms.tick(self.now)


@pytest.fixture
def relay() -> Relay:
    return Relay()


@pytest.fixture
def waiting(relay: Relay) -> Relay:
    """A viewer has claimed its room."""
    relay.claim()
    relay.heard(VIEWER)
    return relay


@pytest.fixture
def paired(waiting: Relay) -> Relay:
    """The viewer has accepted its agent."""
    waiting.knock(AGENT)
    waiting.send(VIEWER, CandidateAccepted(1))
    waiting.heard(VIEWER)
    waiting.heard(AGENT)
    return waiting


def test_a_viewer_with_a_token_gets_its_room_until_the_code_expires(relay: Relay) -> None:
    relay.claim()
    assert relay.heard(VIEWER) == [RoomOpened(ROOM, NOON + CODE_VALID_S)]
    assert relay.states == [SessionState.WAITING]


def test_an_agent_becomes_a_candidate_with_its_hello_and_the_viewer_gets_both(waiting: Relay) -> None:
    waiting.enter(AGENT)
    assert waiting.heard(VIEWER) == []
    waiting.send(AGENT, HELLO)
    assert waiting.heard(VIEWER) == [CandidateArrived(1), HELLO]


def test_an_agent_that_says_nothing_is_dropped_and_no_attempt_is_counted(waiting: Relay) -> None:
    waiting.enter(STRANGER)
    waiting.pass_time(HELLO_TIMEOUT_S)
    assert waiting.heard(STRANGER) == [Refused("no_room")]
    waiting.knock(AGENT)
    assert waiting.heard(VIEWER) == [CandidateArrived(1), HELLO]


def test_silent_strangers_keep_nobody_out(waiting: Relay) -> None:
    strangers = [SocketId(100 + number) for number in range(SILENT_AGENTS_MAX + 10)]
    for stranger in strangers:
        waiting.enter(stranger)
    waiting.knock(AGENT)
    assert waiting.heard(VIEWER) == [CandidateArrived(1), HELLO]
    assert waiting.heard(strangers[0]) == [Refused("no_room")]


def test_candidates_are_tried_one_at_a_time_in_the_order_of_their_hellos(waiting: Relay) -> None:
    waiting.enter(STRANGER)
    waiting.enter(AGENT)
    waiting.send(AGENT, wrap(Kind.HANDSHAKE, b"first"))
    waiting.send(STRANGER, wrap(Kind.HANDSHAKE, b"second"))
    assert waiting.heard(VIEWER) == [CandidateArrived(1), wrap(Kind.HANDSHAKE, b"first")]
    waiting.send(VIEWER, CandidateRejected(1))
    assert waiting.heard(VIEWER) == [CandidateArrived(2), wrap(Kind.HANDSHAKE, b"second")]


def test_handshake_messages_go_between_the_viewer_and_the_candidate_whose_turn_it_is(waiting: Relay) -> None:
    waiting.knock(AGENT)
    waiting.knock(STRANGER)
    waiting.heard(VIEWER)
    waiting.send(VIEWER, wrap(Kind.HANDSHAKE, b"share"))
    waiting.send(AGENT, wrap(Kind.HANDSHAKE, b"answer"))
    assert waiting.heard(AGENT) == [wrap(Kind.HANDSHAKE, b"share", peer=FIRST_VIEWER)]
    assert waiting.heard(STRANGER) == []
    assert waiting.heard(VIEWER) == [wrap(Kind.HANDSHAKE, b"answer")]


@pytest.mark.parametrize("end", ["leaves", "times out"])
def test_a_candidate_that_fails_makes_place_for_the_next(waiting: Relay, end: str) -> None:
    waiting.knock(STRANGER)
    waiting.knock(AGENT)
    waiting.heard(VIEWER)
    if end == "leaves":
        waiting.leave(STRANGER)
    else:
        waiting.pass_time(HANDSHAKE_TIMEOUT_S)
        assert waiting.heard(STRANGER) == [Refused("no_room")]
    assert waiting.heard(VIEWER) == [CandidateLeft(), CandidateArrived(2), HELLO]


def test_the_third_failed_attempt_burns_the_code_for_viewer_and_candidates(waiting: Relay) -> None:
    candidates = [SocketId(100 + number) for number in range(ATTEMPTS_PER_CODE + 1)]
    for candidate in candidates:
        waiting.knock(candidate)
    for attempt in range(1, ATTEMPTS_PER_CODE + 1):
        waiting.send(VIEWER, CandidateRejected(attempt))
    assert waiting.heard(VIEWER)[-1] == Refused("too_many_attempts")
    assert waiting.heard(candidates[2])[-1] == Refused("too_many_attempts")
    assert waiting.heard(candidates[3]) == [Refused("too_many_attempts")]
    waiting.enter(LATECOMER)
    assert waiting.heard(LATECOMER) == [Refused("no_room")]
    assert waiting.states[-1] is SessionState.CLOSED


def test_three_candidates_that_leave_burn_the_code_too(waiting: Relay) -> None:
    for number in range(ATTEMPTS_PER_CODE):
        waiting.knock(SocketId(100 + number))
        waiting.leave(SocketId(100 + number))
    assert waiting.heard(VIEWER)[-1] == Refused("too_many_attempts")


def test_unknown_used_expired_and_left_rooms_answer_alike(relay: Relay) -> None:
    answers = []
    relay.enter(SocketId(10), "99999")
    answers.append(relay.heard(SocketId(10)))

    relay.claim()
    relay.knock(AGENT)
    relay.send(VIEWER, CandidateAccepted(1))
    relay.enter(SocketId(11))
    answers.append(relay.heard(SocketId(11)))

    relay.claim(SocketId(20), Claim("20000", SESSION, "p", NOON + 10))
    relay.now += 10  # before any tick
    relay.enter(SocketId(12), "20000")
    relay.rooms.tick(relay.now)
    answers.append(relay.heard(SocketId(12)))
    relay.enter(SocketId(13), "20000")
    answers.append(relay.heard(SocketId(13)))

    relay.claim(SocketId(21), Claim("21000", SESSION, "p", NOON + 100))
    relay.leave(SocketId(21))
    relay.enter(SocketId(14), "21000")
    answers.append(relay.heard(SocketId(14)))

    assert answers == [[Refused("no_room")]] * 5


def test_a_code_that_expires_tells_the_viewer_so(waiting: Relay) -> None:
    waiting.enter(AGENT)
    waiting.pass_time(CODE_VALID_S)
    assert waiting.heard(VIEWER) == [Refused("expired")]
    assert waiting.heard(AGENT) == [Refused("no_room")]


def test_a_code_that_was_extended_admits_the_customer_who_comes_in_the_eleventh_minute(waiting: Relay) -> None:
    waiting.extended[ROOM] = NOON + 2 * CODE_VALID_S
    waiting.pass_time(CODE_VALID_S + 30)
    waiting.knock(AGENT)
    assert waiting.heard(VIEWER) == [CandidateArrived(1), HELLO]
    waiting.leave(AGENT)
    waiting.pass_time(CODE_VALID_S)
    assert waiting.heard(VIEWER)[-1] == Refused("expired")


def test_who_knocks_while_the_desk_is_asked_for_the_expiry_waits_for_its_answer(waiting: Relay) -> None:
    waiting.pass_time(CODE_VALID_S)
    (ask,) = waiting.rooms.effects()
    assert isinstance(ask, AskExpiry)
    waiting.knock(AGENT)
    waiting.pass_time(1)
    assert waiting.rooms.effects() == []
    waiting.rooms.expiry_known(ask.claim, int(waiting.now) + 60, waiting.now)
    assert waiting.heard(VIEWER) == [CandidateArrived(1), HELLO]


def test_an_answer_about_a_room_that_was_replaced_meanwhile_changes_nothing(waiting: Relay) -> None:
    waiting.pass_time(CODE_VALID_S)
    (ask,) = waiting.rooms.effects()
    assert isinstance(ask, AskExpiry)
    waiting.leave(VIEWER)
    waiting.claim(STRANGER, Claim(ROOM, SessionId("another"), "p", int(waiting.now) + 60))
    waiting.rooms.expiry_known(ask.claim, 0, waiting.now)
    assert isinstance(waiting.heard(STRANGER)[-1], RoomOpened)


def test_a_candidate_being_tried_when_the_code_expires_may_still_succeed(waiting: Relay) -> None:
    waiting.now += CODE_VALID_S - 1
    waiting.knock(AGENT)
    waiting.pass_time(2)
    waiting.send(VIEWER, CandidateAccepted(1))
    assert waiting.heard(AGENT) == [PeerJoined(FIRST_VIEWER)]


def test_once_paired_nobody_else_gets_in_and_those_who_wait_are_refused(waiting: Relay) -> None:
    waiting.enter(SocketId(50))
    waiting.knock(AGENT)
    waiting.knock(STRANGER)
    waiting.send(VIEWER, CandidateAccepted(1))
    waiting.knock(LATECOMER)
    assert waiting.heard(AGENT) == [PeerJoined(FIRST_VIEWER)]
    for other in (SocketId(50), STRANGER, LATECOMER):
        assert waiting.heard(other) == [Refused("no_room")]


def test_a_second_viewer_for_a_room_is_refused(waiting: Relay) -> None:
    waiting.claim(STRANGER)
    assert waiting.heard(STRANGER) == [Refused("bad_token")]
    assert waiting.heard(VIEWER) == []


def test_a_full_queue_refuses_the_next_candidate(waiting: Relay) -> None:
    for number in range(CANDIDATES_WAITING_MAX + 1):  # one is being tried
        waiting.knock(SocketId(100 + number))
    waiting.knock(AGENT)
    assert waiting.heard(AGENT) == [Refused("rate_limited")]


def test_control_goes_both_ways_and_media_from_the_agent_to_its_viewer(paired: Relay) -> None:
    paired.send(AGENT, CONTROL)
    paired.send(AGENT, MEDIA)
    paired.send(VIEWER, CONTROL)
    assert paired.heard(VIEWER) == [CONTROL, MEDIA]
    assert paired.heard(AGENT) == [CONTROL]


@pytest.mark.parametrize(
    ("audience", "peer", "arrives"),
    [(Audience.ALL, 0, True), (Audience.ONE, FIRST_VIEWER, True), (Audience.ONE, 7, False), (Audience.STORE, 0, False)],
)
def test_a_media_record_goes_to_its_audience_alone(paired: Relay, audience: Audience, peer: int, arrives: bool) -> None:
    record = media_header(audience, peer, 1, 0) + b"sealed"
    paired.send(AGENT, record)
    assert paired.heard(VIEWER) == ([record] if arrives else [])
    assert paired.heard(AGENT) == []


@pytest.mark.parametrize(
    ("who", "what"),
    [
        (VIEWER, MEDIA),
        (VIEWER, HELLO),
        (VIEWER, CandidateAccepted(1)),
        (VIEWER, RoomClaimed("a" * 20)),
        (VIEWER, EntrySubmitted(0, "{}", b"")),
        (AGENT, HELLO),
        (AGENT, CandidateAccepted(1)),
        (AGENT, RoomEntered(ROOM)),
        (AGENT, b""),
        (AGENT, b"\x09what"),
        (AGENT, b"\x03\x00"),
        (AGENT, wrap_relay(b'{"type": "spaces"}')),
        (VIEWER, wrap_relay(b"\xff")),
    ],
)
def test_in_a_paired_room_what_does_not_fit_closes_its_sender_and_tells_the_other(
    paired: Relay, who: SocketId, what: bytes | Message
) -> None:
    paired.send(who, what)
    other = AGENT if who is VIEWER else VIEWER
    assert paired.heard(who) == [Refused("unexpected")]
    assert paired.heard(other) == [PeerLeft(FIRST_VIEWER if other is AGENT else 0)]


@pytest.mark.parametrize(
    "what", [CONTROL, MEDIA, EntrySubmitted(0, "{}", b""), HeadSubmitted("note"), CandidateAccepted(1)]
)
def test_before_pairing_a_candidate_may_send_nothing_but_handshake_messages(
    waiting: Relay, what: bytes | Message
) -> None:
    waiting.knock(AGENT)
    waiting.heard(VIEWER)
    waiting.send(AGENT, what)
    assert waiting.heard(AGENT) == [Refused("unexpected")]
    assert waiting.heard(VIEWER) == [CandidateLeft()]


@pytest.mark.parametrize("what", [CONTROL, MEDIA, EntrySubmitted(0, "{}", b""), HeadSubmitted("note")])
def test_before_pairing_a_viewer_that_sends_anything_else_loses_its_room(waiting: Relay, what: bytes | Message) -> None:
    waiting.knock(AGENT)
    waiting.send(VIEWER, what)
    assert waiting.heard(VIEWER)[-1] == Refused("unexpected")
    assert waiting.heard(AGENT) == [Refused("no_room")]


def test_a_waiting_candidate_that_says_more_than_hello_is_dismissed_without_an_attempt(waiting: Relay) -> None:
    waiting.knock(AGENT)
    waiting.knock(STRANGER)
    waiting.send(STRANGER, HELLO)
    assert waiting.heard(STRANGER) == [Refused("unexpected")]
    assert waiting.heard(VIEWER) == [CandidateArrived(1), HELLO]


def test_an_oversized_hello_never_reaches_the_viewer(waiting: Relay) -> None:
    waiting.enter(AGENT)
    waiting.send(AGENT, wrap(Kind.HANDSHAKE, bytes(HANDSHAKE_MESSAGE_BYTES_MAX + 1)))
    assert waiting.heard(AGENT) == [Refused("unexpected")]
    assert waiting.heard(VIEWER) == []


def test_what_a_viewer_says_to_a_candidate_that_has_just_left_harms_nobody(waiting: Relay) -> None:
    waiting.knock(STRANGER)
    waiting.leave(STRANGER)
    waiting.heard(VIEWER)
    waiting.send(VIEWER, wrap(Kind.HANDSHAKE, b"share"))
    waiting.send(VIEWER, CandidateRejected(1))
    waiting.knock(AGENT)
    assert waiting.heard(VIEWER) == [CandidateArrived(2), HELLO]
    assert waiting.heard(AGENT) == []


def test_accepting_a_candidate_that_has_just_left_uses_the_code_up_and_tells_that_it_is_gone(waiting: Relay) -> None:
    waiting.knock(AGENT)
    waiting.leave(AGENT)
    waiting.heard(VIEWER)
    waiting.send(VIEWER, CandidateAccepted(1))
    waiting.send(VIEWER, CONTROL)
    assert waiting.heard(VIEWER) == [PeerLeft(0)]
    waiting.enter(STRANGER)
    assert waiting.heard(STRANGER) == [Refused("no_room")]


def test_entries_come_from_the_agent_and_heads_from_both(paired: Relay) -> None:
    paired.send(AGENT, EntrySubmitted(3, "{}", b""))
    paired.send(AGENT, HeadSubmitted("by the agent"))
    paired.send(VIEWER, HeadSubmitted("by both"))
    paired.carry_out()
    assert paired.stored == [
        StoreEntry(SESSION, AGENT, 3, "{}"),
        StoreHead(SESSION, "by the agent"),
        StoreHead(SESSION, "by both"),
    ]


def test_a_recording_is_kept_as_it_passes_and_nothing_that_was_for_one_viewer_alone(paired: Relay) -> None:
    for_store, for_one = (media_header(audience, 0, 1, 0) + b"sealed" for audience in (Audience.STORE, Audience.ONE))
    paired.send(AGENT, MEDIA)
    paired.send(AGENT, SegmentOpened(0))
    for record in (for_store, MEDIA, for_one):
        paired.send(AGENT, record)
    paired.send(AGENT, SegmentCompleted(0, bytes(32)))
    paired.carry_out()
    (kept,) = paired.stored
    assert isinstance(kept, StoreSegment)
    assert (kept.session, kept.socket, kept.segment, kept.hash) == (SESSION, AGENT, 0, bytes(32))
    length = len(MEDIA).to_bytes(4, "big")
    assert b"".join(kept.chunks) == length + for_store + length + MEDIA
    assert for_store not in paired.heard(VIEWER)


def test_a_segment_that_did_not_arrive_whole_is_sent_again(paired: Relay) -> None:
    paired.send(AGENT, SegmentCompleted(4, bytes(32)))
    assert SegmentNotStored(4) in paired.heard(AGENT)
    paired.send(AGENT, SegmentPart(4, 0, b"again"))
    paired.send(AGENT, SegmentCompleted(4, bytes(32)))
    paired.carry_out()
    assert paired.stored == [StoreSegment(SESSION, AGENT, 4, bytes(32), [b"again"])]


@pytest.mark.parametrize("what", [SegmentOpened(0), SegmentPart(0, 0, b"x"), SegmentCompleted(0, bytes(32))])
def test_nobody_but_the_agent_records(paired: Relay, what: Message) -> None:
    paired.send(VIEWER, what)
    assert paired.heard(VIEWER)[-1] == Refused("unexpected")


def test_when_the_viewer_is_gone_the_agent_hears_it_and_can_still_submit_its_last_entries(paired: Relay) -> None:
    paired.leave(VIEWER)
    paired.send(AGENT, MEDIA)
    paired.send(AGENT, CONTROL)
    paired.send(AGENT, EntrySubmitted(9, "{}", b""))
    assert paired.heard(AGENT) == [PeerLeft(FIRST_VIEWER)]
    assert paired.stored == [StoreEntry(SESSION, AGENT, 9, "{}")]
    paired.leave(AGENT)
    paired.carry_out()
    assert paired.states[-2:] == [SessionState.VIEWER_GONE, SessionState.AWAY]


def test_when_the_agent_is_gone_the_viewer_hears_it(paired: Relay) -> None:
    paired.leave(AGENT)
    assert paired.heard(VIEWER) == [PeerLeft(0)]
    assert paired.states[-1] is SessionState.AGENT_GONE


def test_a_late_word_about_a_candidate_that_left_wastes_nobody_elses_attempt(waiting: Relay) -> None:
    waiting.knock(AGENT)
    waiting.knock(LATECOMER)
    waiting.leave(AGENT)
    waiting.send(VIEWER, CandidateRejected(1))
    assert waiting.heard(LATECOMER) == []
    waiting.send(VIEWER, CandidateAccepted(2))
    assert waiting.heard(LATECOMER) == [PeerJoined(FIRST_VIEWER)]


def test_accepting_a_candidate_that_left_pairs_nobody_else(waiting: Relay) -> None:
    waiting.knock(AGENT)
    waiting.knock(STRANGER)
    waiting.leave(AGENT)
    waiting.heard(VIEWER)
    waiting.send(VIEWER, CandidateAccepted(1))
    assert waiting.heard(STRANGER) == [Refused("no_room")]
    assert waiting.heard(VIEWER) == [PeerLeft(0)]


def test_a_viewer_that_comes_back_meets_the_agent_and_sees_nothing_before_it_is_admitted(paired: Relay) -> None:
    paired.send(AGENT, EntrySubmitted(0, "{}", b""))
    paired.leave(VIEWER)
    paired.heard(AGENT)
    paired.rooms.come_as_viewer(LATECOMER, SESSION)
    assert paired.heard(LATECOMER) == [AgentPresent()]
    assert paired.heard(AGENT) == [PeerJoined(1)]
    paired.send(LATECOMER, HELLO)
    assert paired.heard(AGENT) == [wrap(Kind.HANDSHAKE, b"hello", peer=1)]
    paired.send(AGENT, wrap(Kind.HANDSHAKE, b"answer", peer=1))
    paired.send(AGENT, wrap(Kind.CONTROL, b"sealed", peer=1))
    paired.send(AGENT, MEDIA)
    assert paired.heard(LATECOMER) == [wrap(Kind.HANDSHAKE, b"answer"), CONTROL]
    paired.send(AGENT, PeerAdmitted(1, True))
    paired.send(AGENT, MEDIA)
    assert paired.heard(LATECOMER) == [MEDIA]
    assert paired.states[-1] is SessionState.PAIRED


def test_after_a_restart_both_find_their_session_again_whoever_comes_first(relay: Relay) -> None:
    for first, second in ((VIEWER, AGENT), (AGENT, VIEWER)):
        for socket in (first, second):
            come = relay.rooms.come_as_agent if socket is AGENT else relay.rooms.come_as_viewer
            come(socket, SESSION)
        assert relay.heard(VIEWER)[-1] == AgentPresent()
        assert isinstance(relay.heard(AGENT)[-1], PeerJoined)
        relay.leave(first)
        relay.leave(second)
        relay.carry_out()
        assert relay.states[-1] is SessionState.AWAY
        assert not relay.rooms._paired


def test_an_agent_that_comes_again_replaces_itself_and_meets_every_viewer_anew(paired: Relay) -> None:
    paired.rooms.come_as_viewer(STRANGER, SESSION)
    paired.send(AGENT, PeerAdmitted(1, False))
    paired.heard(VIEWER), paired.heard(STRANGER), paired.heard(AGENT)
    paired.rooms.come_as_agent(LATECOMER, SESSION)
    assert paired.heard(AGENT) == [Refused("replaced")]
    paired.leave(AGENT)  # its socket closes now: that is nobody's news
    assert paired.heard(LATECOMER) == [PeerJoined(FIRST_VIEWER), PeerJoined(1)]
    assert paired.heard(VIEWER) == paired.heard(STRANGER) == [AgentPresent()]
    paired.send(LATECOMER, MEDIA)
    assert paired.heard(VIEWER) == paired.heard(STRANGER) == []


def test_after_the_last_entry_nobody_waits_for_an_agent_that_has_left(paired: Relay) -> None:
    paired.rooms.ended(SESSION)
    paired.heard(VIEWER)
    paired.leave(AGENT)
    assert paired.heard(VIEWER) == [Refused("no_room")]
    assert not paired.rooms._paired


def test_a_viewer_that_the_agent_does_not_want_is_shown_out(paired: Relay) -> None:
    paired.rooms.come_as_viewer(STRANGER, SESSION)
    paired.heard(STRANGER)
    paired.send(AGENT, PeerDismissed(1))
    assert paired.heard(STRANGER) == [Refused("dismissed")]
    assert paired.heard(VIEWER) == []


def test_a_viewer_whom_the_organisation_shuts_out_hears_no_more_and_the_agent_that_it_will_not_come_back(
    paired: Relay,
) -> None:
    paired.rooms.shut_out(VIEWER, NOON)
    assert paired.heard(VIEWER) == [Refused("no_room")]
    assert paired.heard(AGENT) == [PeerShutOut(FIRST_VIEWER), PeerLeft(FIRST_VIEWER)]
    paired.send(AGENT, MEDIA)
    assert paired.heard(VIEWER) == []
    paired.rooms.shut_out(VIEWER, NOON)
    assert paired.heard(AGENT) == []


def test_only_who_sets_the_pace_slows_the_agent_down(paired: Relay) -> None:
    paired.rooms.come_as_viewer(STRANGER, SESSION)
    paired.send(AGENT, PeerAdmitted(1, False))
    paired.carry_out()
    paired.send(AGENT, MEDIA)
    sent = {effect.socket: effect.waits for effect in paired.rooms.effects() if isinstance(effect, Send)}
    assert sent == {VIEWER: True, STRANGER: False}


def test_no_more_viewers_come_than_a_room_holds(paired: Relay) -> None:
    for number in range(1, PEERS_PER_ROOM_MAX):
        paired.rooms.come_as_viewer(SocketId(100 + number), SESSION)
    paired.rooms.come_as_viewer(LATECOMER, SESSION)
    assert paired.heard(LATECOMER) == [Refused("rate_limited")]


def test_shutting_down_tells_everybody_once(paired: Relay) -> None:
    paired.claim(SocketId(30), Claim("30000", SESSION, "p", NOON + 100))
    paired.enter(SocketId(31), "30000")
    paired.heard(SocketId(30))
    paired.rooms.close_all("shutting_down")
    for socket in (VIEWER, AGENT, SocketId(30), SocketId(31)):
        assert paired.heard(socket) == [Refused("shutting_down")]
        paired.leave(socket)
        assert paired.heard(socket) == []


class AnyOrder(RuleBasedStateMachine):
    """Whatever anybody does in whatever order: nobody hears anything after the last word, and the rules below hold."""

    sockets = st.integers(1, 8).map(SocketId)
    numbers = st.sampled_from(["10000", "20000"])
    messages = st.sampled_from(
        [
            HELLO,
            CONTROL,
            MEDIA,
            b"",
            b"\x07",
            *(
                wrap_relay(encode(m))
                for m in (
                    CandidateAccepted(1),
                    CandidateRejected(1),
                    HeadSubmitted("n"),
                    PeerAdmitted(1, False),
                    PeerDismissed(1),
                )
            ),
        ]
    )

    def __init__(self) -> None:
        super().__init__()
        self.relay = Relay()
        self.here: set[SocketId] = set()
        self.agents_of: dict[str, set[SocketId]] = defaultdict(set)
        self.attempts: dict[SocketId, int] = defaultdict(int)
        self.joined: dict[SocketId, list[SocketId]] = defaultdict(list)
        self.next = 100

    def _new(self) -> SocketId:
        self.next += 1
        self.here.add(SocketId(self.next))
        return SocketId(self.next)

    @rule(number=numbers)
    def claim(self, number: str) -> None:
        self.relay.claim(self._new(), Claim(number, SessionId(f"s{self.next}"), "p", int(self.relay.now) + 60))

    @rule(number=numbers, says_hello=st.booleans())
    def enter(self, number: str, says_hello: bool) -> None:
        agent = self._new()
        self.relay.enter(agent, number)
        if says_hello:
            self.relay.send(agent, HELLO)

    @rule(session=st.sampled_from(["s101", "s102", "t"]), is_agent=st.booleans())
    def come(self, session: str, is_agent: bool) -> None:
        rooms = self.relay.rooms
        (rooms.come_as_agent if is_agent else rooms.come_as_viewer)(self._new(), SessionId(session))

    @rule(data=st.data(), message=messages)
    def speak(self, data: st.DataObject, message: bytes) -> None:
        if self.here:
            self.relay.send(data.draw(st.sampled_from(sorted(self.here))), message)

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        if self.here:
            socket = data.draw(st.sampled_from(sorted(self.here)))
            self.here.discard(socket)
            self.relay.leave(socket)

    @rule(seconds=st.sampled_from([1, 5, 10, 60]))
    def wait(self, seconds: int) -> None:
        self.relay.pass_time(seconds)

    @invariant()
    def attempts_count_up_to_three_and_only_then_burn(self) -> None:
        self.relay.carry_out()
        for socket in list(self.relay._heard):
            for message in self.relay.heard(socket):
                if isinstance(message, CandidateArrived):
                    self.attempts[socket] += 1
                    assert message.attempt == self.attempts[socket] <= ATTEMPTS_PER_CODE
                if message == Refused("too_many_attempts") and socket in self.attempts:
                    assert self.attempts[socket] == ATTEMPTS_PER_CODE

    @invariant()
    def who_is_gone_leaves_nothing_behind(self) -> None:
        assert set(self.relay.rooms._ends) <= self.here
        for room in self.relay.rooms._open.values():
            assert room.viewers
        for room in self.relay.rooms._paired.values():
            assert room.viewers or room.agent


AnyOrder.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
test_any_order_keeps_the_rules = AnyOrder.TestCase


def test_whose_way_is_measured_is_whoever_sets_the_pace_as_long_as_both_are_there(relay: Relay) -> None:
    relay.claim()
    relay.knock(AGENT)
    relay.send(VIEWER, CandidateAccepted(1))
    assert list(relay.rooms.paced()) == []
    relay.send(AGENT, PeerAdmitted(0, sets_pace=True))
    assert list(relay.rooms.paced()) == [(AGENT, VIEWER)]
    relay.leave(VIEWER)
    assert list(relay.rooms.paced()) == []
