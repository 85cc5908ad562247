from hypothesis import given
from hypothesis.strategies import booleans, integers, lists, sampled_from, tuples

from client_agent.input.held import HeldInput, WheelNotches
from client_agent.input.sink import NOTCH

CODES = ("KeyA", "KeyB", "ShiftLeft", "ControlRight")


@given(lists(tuples(sampled_from(CODES), booleans()), max_size=30))
def test_what_is_released_is_exactly_what_was_pressed_and_not_released(changes: list[tuple[str, bool]]) -> None:
    held, is_down = HeldInput(), dict.fromkeys(CODES, False)
    for code, down in changes:
        assert held.change_key(code, down) is (is_down[code] != down)
        is_down[code] = down
    keys, buttons, modifiers = held.release_all()
    assert sorted(keys + modifiers) == sorted(code for code in CODES if is_down[code])
    assert buttons == []
    assert set(modifiers) <= {"ShiftLeft", "ControlRight"}
    assert held.release_all() == ([], [], [])


@given(lists(integers(-500, 500), max_size=40))
def test_no_turn_of_the_wheel_is_lost_while_it_turns_one_way(turns: list[int]) -> None:
    wheel = WheelNotches()
    turned = [abs(turn) for turn in turns]
    assert sum(wheel.turn(0, turn)[1] for turn in turned) == sum(turned) // NOTCH
    wheel = WheelNotches()
    assert sum(wheel.turn(-turn, 0)[0] for turn in turned) == -(sum(turned) // NOTCH)


def test_turning_back_answers_at_once() -> None:
    wheel = WheelNotches()
    assert wheel.turn(0, 119) == (0, 0)
    assert wheel.turn(0, -NOTCH) == (0, -1)
