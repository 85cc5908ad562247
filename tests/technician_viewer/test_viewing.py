"""The technician's end of a session, against an agent that speaks the real protocol."""

import dataclasses

import pytest
import zstandard

from protocol import session_log
from protocol.envelope import Audience, Envelope, Kind, MediaEnvelope, unwrap, wrap
from protocol.errors import LocalProtocolError, LogTampered, NotAuthentic, RemoteProtocolError
from protocol.identity import public_bytes
from protocol.introduction import verify_introduction
from protocol.limits import AGENT_AT_REST_S, AT_REST_AFTER_S, PICTURE_LIVE_S, PROOF_OF_LIFE_S, VIEW_GRACE_S
from protocol.media_codec import write_part
from protocol.media_parts import Codec, PictureEnd, PointerAt, PointerShape, Rectangle, Screens, ScreenShape
from protocol.messages import (
    AccessAsked,
    AccessChanged,
    AccessNotStored,
    ChatRefused,
    ChatSaid,
    ChatWritten,
    Ended,
    EntryAppended,
    HeadOffered,
    HeadSigned,
    InputDropped,
    InputReleased,
    Introduced,
    KeyChanged,
    MediaReached,
    PictureShown,
    Pinged,
    PointerButton,
    PromptClosed,
    PromptOpened,
    ScreenChosen,
    SentAway,
    TextTyped,
    Welcomed,
)
from protocol.resume import AgentResume, meeting_of
from protocol.session_log import Answered, Asked
from protocol.vocabulary import Answer, Capability, Hold, Outcome
from technician_viewer.errors import InputHeld
from technician_viewer.picture import PIXELS_MAX
from technician_viewer.viewing import AWAY, Viewing
from tests.protocol.pairs import CODE, SESSION, TECHNICIAN, randomness, secrets
from tests.technician_viewer.agent_end import (
    HEIGHT_PX,
    NOON_S,
    PAPERS,
    PUBLIC_KEY,
    PURPOSE,
    SCREEN,
    UTC_S,
    WIDTH_PX,
    AgentEnd,
    box,
    opened,
)

PINGED = Pinged(0)
LATE_S = NOON_S + PICTURE_LIVE_S + 0.1


@pytest.fixture
def agent() -> AgentEnd:
    return AgentEnd(secrets())


@pytest.fixture
def helped(agent: AgentEnd) -> AgentEnd:
    agent.is_helped()
    return agent


def asked(capability: Capability) -> Asked:
    return Asked("a" * 32, capability, "To look together", "May I?", "en")


def answered(question: int, answer: Answer, *allowed: Capability) -> Answered:
    return Answered(question, answer, sorted(allowed), 2**50 if allowed else 0, 3000)


# --- introduction --------------------------------------------------------------------------------------------------------


def test_the_first_message_is_an_introduction_that_the_agent_can_verify(agent: AgentEnd) -> None:
    (introduced,) = agent.hears()
    assert isinstance(introduced, Introduced)
    certificate = verify_introduction(introduced, agent.secrets.binding, PAPERS.document, now=PAPERS.now)
    assert certificate.name == "Camille Roy"


def test_the_secret_for_a_later_connection_is_kept(agent: AgentEnd) -> None:
    assert agent.viewing.secrets == [agent.secrets.resume]


def test_nothing_secret_is_in_what_is_printed_of_it(agent: AgentEnd) -> None:
    printed = repr(agent.secrets) + repr(agent.viewing.purpose)
    assert agent.secrets.resume.hex() not in printed
    assert repr(agent.secrets.resume) not in printed
    assert "PrivateKey" not in printed
    assert CODE not in printed


def test_a_second_welcome_is_refused(agent: AgentEnd) -> None:
    agent.welcomes()
    with pytest.raises(RemoteProtocolError, match="second welcome"):
        agent.says(Welcomed(PUBLIC_KEY, "a" * 32, "Linux"))


# --- what the customer allows --------------------------------------------------------------------------------------------


def test_what_is_allowed_is_what_the_agent_said_last(agent: AgentEnd) -> None:
    agent.welcomes()
    agent.allows(Capability.VIEW, Capability.CONTROL)
    agent.says(AccessChanged([Capability.VIEW], [Hold.PAUSED], 5))
    assert agent.viewing.capabilities == {Capability.VIEW}
    assert agent.viewing.holds == {Hold.PAUSED}


def test_an_open_question_is_known_until_it_is_answered(agent: AgentEnd) -> None:
    agent.welcomes()
    agent.says(PromptOpened(Capability.CONTROL, 120))
    assert agent.viewing.question is Capability.CONTROL
    agent.says(PromptClosed(Capability.CONTROL, Answer.ALLOWED))
    assert agent.viewing.question is None


@pytest.mark.parametrize(
    ("answer", "allowed", "why"),
    [
        (Answer.REFUSED, (), "refused"),
        (Answer.TIMED_OUT, (), "timed_out"),
        (Answer.ALLOWED, (Capability.VIEW,), "refused"),
        (Answer.ALLOWED, (Capability.VIEW, Capability.CONTROL), None),
    ],
)
def test_a_no_to_control_is_known_from_the_log_also_where_seeing_was_allowed(
    agent: AgentEnd, answer: Answer, allowed: tuple[Capability, ...], why: str | None
) -> None:
    agent.welcomes()
    agent.writes(asked(Capability.CONTROL))
    agent.writes(answered(1, answer, *allowed))
    assert agent.viewing.refusals.get(Capability.CONTROL) == why


def test_asking_again_forgets_the_last_no(agent: AgentEnd) -> None:
    agent.welcomes()
    agent.says(AccessNotStored(Capability.CONTROL))
    assert agent.viewing.refusals == {Capability.CONTROL: "not_stored"}
    agent.viewing.say(AccessAsked(Capability.CONTROL, "Please"))
    assert agent.viewing.refusals == {}


def test_an_answer_to_something_that_was_no_question_is_refused(agent: AgentEnd) -> None:
    agent.welcomes()
    with pytest.raises(LogTampered):
        agent.writes(answered(0, Answer.ALLOWED, Capability.VIEW))


# --- pictures ------------------------------------------------------------------------------------------------------------


def test_a_picture_is_drawn_and_acknowledged_once_it_is_whole(agent: AgentEnd) -> None:
    agent.welcomes()
    agent.starts_epoch()
    agent.shows(Screens([SCREEN]), box(0, 0, WIDTH_PX, HEIGHT_PX))
    assert agent.hears() == []
    agent.shows(box(2, 1, 3, 2, b"\x10\x20\x30\xff"), PictureEnd(1, is_key=True, at_ms=0))
    assert agent.hears() == [PictureShown(1)]
    picture = agent.viewing.pictures.of(0)
    expected = {(x, y): (3, 2, 1) for x in range(WIDTH_PX) for y in range(HEIGHT_PX)}
    expected |= {(x, y): (0x30, 0x20, 0x10) for x in range(2, 5) for y in range(1, 3)}
    assert {place: picture.colour_at(*place) for place in expected} == expected
    assert picture.image().getpixel((2, 1)) == (0x30, 0x20, 0x10)


def test_a_screen_is_complete_once_a_picture_of_it_was_whole_and_not_after_it_changed(helped: AgentEnd) -> None:
    pictures = helped.viewing.pictures
    assert pictures.complete == {0}
    helped.shows(Screens([SCREEN, ScreenShape(1, 8, 0, 2, 2, "two")]), box(0, 0, 2, 2, screen=1))
    assert pictures.complete == frozenset()
    helped.shows(PictureEnd(2, is_key=False, at_ms=0))
    assert pictures.complete == {1}
    helped.shows(box(0, 0, 1, 1), PictureEnd(3, is_key=False, at_ms=0))
    assert pictures.complete == {0, 1}


def test_a_place_outside_the_picture_has_no_colour(helped: AgentEnd) -> None:
    for place in ((-1, 0), (0, -1), (WIDTH_PX, 0), (0, HEIGHT_PX)):
        with pytest.raises(IndexError):
            helped.viewing.pictures.of(0).colour_at(*place)


def test_screens_that_change_start_every_picture_anew(helped: AgentEnd) -> None:
    helped.shows(Screens([ScreenShape(0, 0, 0, 2, 2, "small"), ScreenShape(3, 2, 0, 2, 2, "other")]))
    assert helped.viewing.pictures.of(0).colour_at(0, 0) == (0, 0, 0)
    helped.shows(box(0, 0, 2, 2, screen=3))
    assert helped.viewing.pictures.of(3).colour_at(1, 1) == (3, 2, 1)
    with pytest.raises(KeyError):
        helped.viewing.pictures.of(1)


def zstd(pixels: int, *, declares: bool = True) -> bytes:
    return zstandard.ZstdCompressor(write_content_size=declares).compress(bytes(4 * pixels))


@pytest.mark.parametrize(
    ("rectangle", "said"),
    [
        (Rectangle(0, Codec.ZSTD, 7, 0, 2, 1, zstd(2)), "outside the screen"),
        (Rectangle(0, Codec.ZSTD, 0, 3, 1, 2, zstd(2)), "outside the screen"),
        (Rectangle(1, Codec.ZSTD, 0, 0, 1, 1, zstd(1)), "does not exist"),
        (Rectangle(0, Codec.ZSTD, 0, 0, 2, 2, zstd(3)), "another size than its box"),
        (Rectangle(0, Codec.ZSTD, 0, 0, 1, 1, zstd(2**20)), "another size than its box"),
        (Rectangle(0, Codec.ZSTD, 0, 0, 2, 2, zstd(4, declares=False)), "another size than its box"),
        (Rectangle(0, Codec.ZSTD, 0, 0, 2, 2, zstd(4) + b"more"), "cannot be unpacked"),
        (Rectangle(0, Codec.ZSTD, 0, 0, 2, 2, zstd(4)[:-1]), "cannot be unpacked"),
        (Rectangle(0, Codec.ZSTD, 0, 0, 2, 2, b"not zstd at all"), "cannot be unpacked"),
        (Rectangle(0, Codec.ZSTD, 0, 0, 2, 2, b""), "unpacked"),
    ],
)
def test_a_rectangle_that_lies_about_its_place_or_size_is_refused(
    helped: AgentEnd, rectangle: Rectangle, said: str
) -> None:
    with pytest.raises(RemoteProtocolError, match=said):
        helped.shows(rectangle)


def test_what_declares_too_much_is_refused_before_it_is_unpacked(helped: AgentEnd) -> None:
    bomb = zstandard.ZstdCompressor().compress(bytes(2**30))
    with pytest.raises(RemoteProtocolError, match="another size than its box"):
        helped.viewing.pictures.put(Rectangle(0, Codec.ZSTD, 0, 0, 1, 1, bomb))


@pytest.mark.parametrize(
    "shapes",
    [
        [SCREEN, SCREEN],
        [ScreenShape(number, 0, 0, 16384, PIXELS_MAX // 16384, "") for number in (0, 1)],
    ],
)
def test_screens_that_cannot_be_are_refused(helped: AgentEnd, shapes: list[ScreenShape]) -> None:
    with pytest.raises(RemoteProtocolError):
        helped.shows(Screens(shapes))


def test_the_pointer_is_known_with_its_shape(helped: AgentEnd) -> None:
    rgba = bytes(range(16))
    shape = PointerShape(1, 1, 2, 2, zstandard.ZstdCompressor().compress(rgba))
    helped.shows(shape, PointerAt(0, True, 5, 2))
    assert helped.viewing.pictures.pointer == PointerAt(0, True, 5, 2)
    assert helped.viewing.pictures.pointer_shape == PointerShape(1, 1, 2, 2, rgba)
    with pytest.raises(RemoteProtocolError):
        helped.shows(PointerShape(0, 0, 3, 3, shape.data))


def test_a_picture_before_its_key_or_for_the_store_is_refused(agent: AgentEnd) -> None:
    agent.welcomes()
    agent.sealer.start_epoch(bytes(32))
    with pytest.raises(RemoteProtocolError, match="media record"):
        agent.shows(Screens([SCREEN]))
    agent = AgentEnd(secrets())
    agent.welcomes()
    agent.starts_epoch()
    stored = unwrap(agent.sealer.seal(write_part(Screens([SCREEN])), audience=Audience.STORE))
    with pytest.raises(RemoteProtocolError, match="media record"):
        agent.passes(stored)


# --- records that somebody on the way altered ----------------------------------------------------------------------------


def test_a_record_that_was_altered_repeated_or_left_out_is_refused(agent: AgentEnd) -> None:
    first, second = (unwrap(wrap(Kind.CONTROL, agent.channel.seal(PINGED))) for _ in range(2))
    assert isinstance(first, Envelope)
    altered = Envelope(Kind.CONTROL, 0, first.content[:-1] + bytes([first.content[-1] ^ 1]))
    for wrong in (altered, second):
        with pytest.raises(NotAuthentic):
            agent.passes(wrong)
    agent.passes(first)
    with pytest.raises(NotAuthentic):
        agent.passes(first)


def test_an_altered_picture_is_refused(helped: AgentEnd) -> None:
    record = unwrap(helped.sealer.seal(write_part(PictureEnd(2, is_key=False, at_ms=0))))
    assert isinstance(record, MediaEnvelope)
    data = record.data[:-1] + bytes([record.data[-1] ^ 1])
    with pytest.raises(NotAuthentic):
        helped.passes(dataclasses.replace(record, data=data))


@pytest.mark.parametrize("kind", [Kind.HANDSHAKE, Kind.RELAY])
def test_an_envelope_that_does_not_belong_into_a_session_is_refused(agent: AgentEnd, kind: Kind) -> None:
    with pytest.raises(RemoteProtocolError, match="does not belong"):
        agent.passes(Envelope(kind, 0, b"{}"))


# --- liveness and input --------------------------------------------------------------------------------------------------


def test_input_goes_while_control_is_in_force_and_the_picture_live(helped: AgentEnd) -> None:
    helped.viewing.act(TextTyped("é"), now_s=NOON_S)
    assert helped.hears() == [TextTyped("é")]


def test_input_before_anything_is_allowed_is_held_with_every_reason(agent: AgentEnd) -> None:
    agent.welcomes()
    with pytest.raises(InputHeld) as held:
        agent.viewing.act(TextTyped("a"), now_s=NOON_S)
    assert held.value.reasons == ("not_allowed", "late_picture")


@pytest.mark.parametrize("hold", list(Hold))
def test_each_hold_of_the_customer_holds_input(helped: AgentEnd, hold: Hold) -> None:
    helped.says(AccessChanged([Capability.CONTROL, Capability.VIEW], [hold], 2**50))
    with pytest.raises(InputHeld) as held:
        helped.viewing.act(TextTyped("a"), now_s=NOON_S)
    assert held.value.reasons == (hold,)
    assert helped.hears() == []


def test_two_seconds_of_silence_make_the_picture_late_and_a_word_makes_it_live_again(helped: AgentEnd) -> None:
    assert not helped.viewing.is_late(NOON_S + PICTURE_LIVE_S)
    assert helped.viewing.is_late(LATE_S)
    with pytest.raises(InputHeld, match="late_picture"):
        helped.viewing.act(TextTyped("a"), now_s=LATE_S)
    helped.says(PINGED, at_s=LATE_S)
    assert not helped.viewing.is_late(LATE_S)


def test_a_picture_that_was_announced_and_is_withheld_makes_it_late_although_the_agent_speaks(helped: AgentEnd) -> None:
    helped.says(MediaReached(2, 2))
    helped.says(MediaReached(3, 3), at_s=NOON_S + 1)
    helped.says(PINGED, at_s=LATE_S)
    assert helped.viewing.is_late(LATE_S)
    helped.shows(PictureEnd(2, is_key=False, at_ms=0), at_s=LATE_S)
    assert not helped.viewing.is_late(LATE_S)
    helped.says(PINGED, at_s=LATE_S + 1)
    assert helped.viewing.is_late(LATE_S + 1)


def test_pictures_alone_are_no_proof_of_life(helped: AgentEnd) -> None:
    helped.shows(PictureEnd(2, is_key=False, at_ms=0), at_s=LATE_S)
    assert helped.viewing.is_late(LATE_S)


@pytest.mark.parametrize("down", [KeyChanged("KeyA", is_down=True), PointerButton(0, 1, 1, 0, is_down=True, picture=1)])
def test_what_is_held_down_is_let_go_once_the_picture_is_late(
    helped: AgentEnd, down: KeyChanged | PointerButton
) -> None:
    helped.viewing.act(down, now_s=NOON_S)
    helped.viewing.tick(now_s=NOON_S, utc_ms=1)
    helped.viewing.tick(now_s=NOON_S + PROOF_OF_LIFE_S, utc_ms=2)
    assert helped.hears() == [down, Pinged(2)]
    helped.viewing.tick(now_s=LATE_S, utc_ms=3)
    helped.viewing.tick(now_s=LATE_S + PROOF_OF_LIFE_S, utc_ms=4)
    assert helped.hears() == [InputReleased(), Pinged(4)]


def test_what_came_up_again_need_not_be_let_go(helped: AgentEnd) -> None:
    for is_down in (True, False):
        helped.viewing.act(KeyChanged("KeyA", is_down), now_s=NOON_S)
        helped.viewing.act(PointerButton(0, int(is_down), 1, 2, is_down, picture=1), now_s=NOON_S)
    helped.hears()
    helped.viewing.tick(now_s=LATE_S, utc_ms=2)
    helped.viewing.tick(now_s=LATE_S + PROOF_OF_LIFE_S, utc_ms=3)
    assert helped.hears() == [Pinged(3)]


def test_at_rest_every_second_sign_of_the_agent_is_answered(helped: AgentEnd) -> None:
    now_s = NOON_S + AT_REST_AFTER_S
    helped.viewing.tick(now_s=NOON_S, utc_ms=1)
    helped.viewing.tick(now_s=now_s, utc_ms=2)
    helped.hears()
    answers = []
    for number in range(1, 5):
        helped.says(PINGED, at_s=now_s + number * AGENT_AT_REST_S)
        answers.append(len(helped.hears()))
    assert answers == [0, 1, 0, 1]


def test_letting_go_is_possible_at_any_time(helped: AgentEnd) -> None:
    helped.viewing.act(InputReleased(), now_s=LATE_S)
    assert helped.hears() == [InputReleased()]


def test_input_that_was_not_applied_is_known(helped: AgentEnd) -> None:
    helped.says(InputDropped(Hold.STOP_KEY))
    assert list(helped.viewing.dropped) == [Hold.STOP_KEY]


def test_what_is_said_is_known_in_its_order_and_what_was_refused_too(helped: AgentEnd) -> None:
    lines = [ChatSaid(4, "", "", 5, "Bonjour"), ChatSaid(5, "a" * 32, "Camille Roy", 6, "Oui ?")]
    helped.says(*lines, ChatRefused("too_fast"))
    assert helped.viewing.chat == lines
    assert list(helped.viewing.chat_refusals) == ["too_fast"]
    helped.viewing.say(ChatWritten("Le voyant est rouge"))
    assert helped.hears() == [ChatWritten("Le voyant est rouge")]


@pytest.mark.parametrize("text", ["", "\x1b[2J", "x" * 4097])
def test_what_the_agent_would_refuse_is_never_sent(helped: AgentEnd, text: str) -> None:
    with pytest.raises(LocalProtocolError):
        helped.viewing.act(TextTyped(text), now_s=NOON_S)
    helped.viewing.act(TextTyped("still here"), now_s=NOON_S)
    assert helped.hears() == [TextTyped("still here")]


def test_only_input_is_acted(helped: AgentEnd) -> None:
    with pytest.raises(LocalProtocolError):
        helped.viewing.act(AccessAsked(Capability.CONTROL, ""), now_s=NOON_S)


# --- the log -------------------------------------------------------------------------------------------------------------


def test_a_head_of_what_was_received_is_signed_by_both_and_told_to_agent_and_relay(helped: AgentEnd) -> None:
    helped.offers_head()
    data = helped.viewing.outgoing()
    to_relay, to_agent = (unwrap(each) for each in data)
    assert isinstance(to_relay, Envelope)
    assert isinstance(to_agent, Envelope)
    assert to_relay.kind is Kind.RELAY
    (note,) = helped.viewing.heads
    assert helped.channel.open(to_agent.content) == HeadSigned(note)
    verdict = session_log.verify(helped.viewing.entry_texts, [note], public_bytes(TECHNICIAN))
    assert (verdict.both, verdict.agent) == (1, 1)


def test_a_head_of_entries_that_never_came_is_not_signed(helped: AgentEnd) -> None:
    helped.log.append(asked(Capability.VIEW), UTC_S * 1000)
    with pytest.raises(LogTampered):
        helped.offers_head()
    assert helped.viewing.heads == []


def test_a_head_that_somebody_else_signed_is_not_signed(helped: AgentEnd) -> None:
    note = session_log.make_head(SESSION, helped.log.texts, TECHNICIAN, at_s=UTC_S)
    with pytest.raises(LogTampered):
        helped.says(HeadOffered(note))
    assert helped.viewing.heads == []


def test_an_entry_out_of_order_is_refused(agent: AgentEnd) -> None:
    agent.welcomes()
    agent.log.append(asked(Capability.VIEW), UTC_S * 1000)
    with pytest.raises(LogTampered):
        agent.writes(answered(1, Answer.REFUSED))


@pytest.mark.parametrize(
    "changed",
    [{"session": "f" * 32}, {"ticket": "2042"}, {"agent_key": bytes(32)}, {"certificate": bytes(32)}],
    ids=lambda changed: next(iter(changed)),
)
def test_a_log_that_opens_for_another_session_is_refused(agent: AgentEnd, changed: dict[str, object]) -> None:
    agent.hears()
    agent.says(Welcomed(PUBLIC_KEY, "a" * 32, "Linux"))
    with pytest.raises(LogTampered, match="opens for another"):
        agent.writes(opened(**changed))


def test_a_log_before_the_welcome_is_refused(agent: AgentEnd) -> None:
    with pytest.raises(LogTampered):
        agent.says(EntryAppended(agent.log.append(opened(), UTC_S * 1000)))


# --- the end -------------------------------------------------------------------------------------------------------------


def test_after_the_end_nothing_is_allowed_and_nothing_can_be_said(helped: AgentEnd) -> None:
    helped.says(Ended(Outcome.STOPPED))
    assert helped.viewing.outcome is Outcome.STOPPED
    assert helped.viewing.capabilities == frozenset()
    with pytest.raises(LocalProtocolError, match="over"):
        helped.viewing.say(AccessAsked(Capability.CONTROL, ""))
    helped.viewing.tick(now_s=NOON_S, utc_ms=1)
    assert helped.hears() == []


# --- cuts ----------------------------------------------------------------------------------------------------------------


def test_a_cut_holds_input_at_once_and_forgets_what_was_held(helped: AgentEnd) -> None:
    helped.viewing.act(KeyChanged("KeyA", is_down=True), now_s=NOON_S)
    helped.viewing.cut()
    assert AWAY in helped.viewing.held_by(NOON_S)
    with pytest.raises(InputHeld):
        helped.viewing.act(TextTyped("a"), now_s=NOON_S)
    helped.answers_hello()
    assert helped.heard_again == []


def test_what_was_said_during_a_cut_is_heard_after_it_once_and_input_never(helped: AgentEnd) -> None:
    helped.viewing.act(TextTyped("lost on the way"), now_s=NOON_S)
    helped.viewing.say(ScreenChosen(0))  # on its way too
    helped.viewing.cut()
    helped.viewing.say(AccessAsked(Capability.CONTROL, "meanwhile"))
    helped.answers_hello()
    assert helped.heard_again == [ScreenChosen(0), AccessAsked(Capability.CONTROL, "meanwhile")]
    helped.viewing.cut()
    helped.answers_hello()
    assert helped.heard_again == []


def test_what_the_agent_said_during_a_cut_is_heard_and_the_log_goes_on(helped: AgentEnd) -> None:
    helped.viewing.cut()
    helped.channel.say_later(EntryAppended(helped.log.append(asked(Capability.CONTROL), UTC_S * 1000)))
    helped.answers_hello()
    assert helped.viewing.entry_texts == tuple(helped.log.texts)
    helped.writes(answered(1, Answer.REFUSED))
    assert helped.viewing.refusals == {Capability.CONTROL: Answer.REFUSED}


def test_after_a_cut_the_picture_is_late_until_a_new_one_has_come(helped: AgentEnd) -> None:
    helped.viewing.cut()
    helped.answers_hello()
    assert helped.viewing.is_late(NOON_S)
    helped.starts_epoch()
    helped.shows(Screens([SCREEN]), box(0, 0, WIDTH_PX, HEIGHT_PX), PictureEnd(2, is_key=True, at_ms=0))
    assert helped.viewing.held_by(NOON_S) == ()


def test_the_old_secret_goes_once_a_record_under_the_new_keys_has_verified(helped: AgentEnd) -> None:
    helped.viewing.cut()
    helped.answers_hello(is_confirmed=False)
    helped.answers_hello()
    assert len(helped.viewing.secrets) == 2
    helped.says(PINGED, at_s=NOON_S + 7)
    assert helped.viewing.secrets == helped.resume_secrets
    assert helped.viewing.resumes_s == [7]


def test_how_long_a_cut_lasted_counts_from_the_last_sign_of_life(helped: AgentEnd) -> None:
    helped.says(PINGED, at_s=NOON_S + 10)
    helped.viewing.cut()
    helped.answers_hello()
    helped.says(PINGED, at_s=NOON_S + 14)
    assert helped.viewing.resumes_s == [4]


def test_a_viewer_that_has_lost_everything_is_told_everything_again(helped: AgentEnd) -> None:
    helped.writes(asked(Capability.CONTROL))
    helped.viewing = Viewing.recalled(helped.viewing.secrets, PURPOSE, now_s=NOON_S)
    helped.answers_hello(is_confirmed=False)
    helped.answers_hello()
    helped.says(Welcomed(PUBLIC_KEY, "a" * 32, "Linux"))
    for text in helped.log.texts:
        helped.says(EntryAppended(text))
    assert helped.viewing.entry_texts == tuple(helped.log.texts)
    helped.starts_epoch()
    helped.shows(Screens([SCREEN]), box(0, 0, WIDTH_PX, HEIGHT_PX), PictureEnd(2, is_key=True, at_ms=0))
    assert helped.viewing.pictures.complete == {0}
    with pytest.raises(RemoteProtocolError, match="second welcome"):
        helped.says(Welcomed(PUBLIC_KEY, "a" * 32, "Linux"))


def test_another_agent_key_after_an_empty_return_is_refused_once_one_is_known(helped: AgentEnd) -> None:
    helped.viewing.cut()
    helped.answers_hello()
    with pytest.raises(RemoteProtocolError, match="second welcome"):
        helped.says(Welcomed(bytes(32), "a" * 32, "Linux"))


def test_an_answer_by_somebody_who_does_not_hold_the_secret_changes_nothing(helped: AgentEnd) -> None:
    held = list(helped.viewing.secrets)
    helped.resume_secrets = [bytes(32)]
    helped.viewing.cut()
    helped.viewing.agent_present(randomness("v"))
    (hello,) = (unwrap(data) for data in helped.viewing.outgoing())
    assert isinstance(hello, Envelope)
    forged = AgentResume(randomness("x")).answer(hello.content, {meeting_of(held[0]): bytes(32)}, 0)
    with pytest.raises(NotAuthentic):
        helped.passes(unwrap(wrap(Kind.HANDSHAKE, forged)))
    assert helped.viewing.secrets == held
    assert not helped.viewing.is_connected


def test_the_grace_is_over_after_as_long_as_the_protocol_says(helped: AgentEnd) -> None:
    helped.viewing.cut()
    assert not helped.viewing.has_outstayed(NOON_S + VIEW_GRACE_S)
    assert helped.viewing.has_outstayed(NOON_S + VIEW_GRACE_S + 0.1)


def test_whoever_is_sent_away_has_nothing_any_more(helped: AgentEnd) -> None:
    helped.says(SentAway("customer"))
    assert helped.viewing.outcome is Outcome.STOPPED
    assert helped.viewing.is_sent_away
    assert helped.viewing.capabilities == frozenset()
