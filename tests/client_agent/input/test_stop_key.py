import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from client_agent.input.injected import InjectedKeys
from client_agent.input.stop_key import StopKeyUnwatched
from client_agent.input.x11 import X11Sink
from client_agent.input.x11_stop_key import X11StopKey
from tests.client_agent.desktop import grabbed_keyboard
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

Start = Callable[..., VirtualDisplay]


@pytest.fixture
def display(xvfb: Start) -> VirtualDisplay:
    return xvfb(640, 480, window_manager=False)


@pytest.fixture
def injected() -> InjectedKeys:
    return InjectedKeys()


@pytest.fixture
def seen() -> list[str]:
    return []


@pytest.fixture
async def stop_key(display: VirtualDisplay, injected: InjectedKeys, seen: list[str]) -> AsyncIterator[X11StopKey]:
    watch = X11StopKey(
        asyncio.get_running_loop(),
        lambda: seen.append("down"),
        lambda: seen.append("up"),
        injected,
        display=display.name,
    )
    yield watch
    watch.close()


@pytest.fixture
def sink(display: VirtualDisplay, injected: InjectedKeys, stop_key: X11StopKey) -> Iterator[X11Sink]:
    sink = X11Sink(display.name, injected=injected)
    yield sink
    sink.close()


async def test_the_customers_escape_is_seen_going_down_and_up(
    display: VirtualDisplay, stop_key: X11StopKey, seen: list[str]
) -> None:
    display.run("xdotool", "keydown", "Escape")
    await eventually(lambda: seen == ["down"], "Esc down")
    display.run("xdotool", "keyup", "Escape")
    await eventually(lambda: seen == ["down", "up"], "Esc up")


async def test_the_technicians_escape_is_not_the_customers(
    display: VirtualDisplay, sink: X11Sink, seen: list[str]
) -> None:
    for _ in range(3):
        sink.key("Escape", is_down=True)
        sink.key("Escape", is_down=False)
    # What comes after it is seen, so what was before it has been judged.
    display.run("xdotool", "key", "Escape")
    await eventually(lambda: seen == ["down", "up"], "only the customer's Esc")


async def test_the_customers_escape_right_after_the_technicians_is_seen(
    display: VirtualDisplay, sink: X11Sink, seen: list[str]
) -> None:
    for count in range(1, 6):
        sink.key("Escape", is_down=True)
        sink.key("Escape", is_down=False)
        display.run("xdotool", "key", "Escape")
        await eventually(lambda: len(seen) >= 2 * count, "the customer's Esc")  # noqa: B023 - asked at once
    assert seen == ["down", "up"] * 5


async def test_a_technician_who_repeats_a_press_hides_no_escape_of_the_customer(
    display: VirtualDisplay, sink: X11Sink, seen: list[str]
) -> None:
    for _ in range(5):
        sink.key("Escape", is_down=True)
    sink.release_all()
    for _ in range(5):
        sink.key("Escape", is_down=False)
    display.run("xdotool", "key", "Escape")
    await eventually(lambda: seen == ["down", "up"], "the customer's Esc")


async def test_escape_is_seen_while_another_program_has_grabbed_the_keyboard(
    display: VirtualDisplay, stop_key: X11StopKey, seen: list[str]
) -> None:
    with grabbed_keyboard(display):
        display.run("xdotool", "key", "Escape")
        await eventually(lambda: seen == ["down", "up"], "Esc during a grab")


async def test_other_keys_are_none_of_its_business(
    display: VirtualDisplay, stop_key: X11StopKey, seen: list[str]
) -> None:
    display.run("xdotool", "key", "a", "Return", "Escape")
    await eventually(lambda: seen == ["down", "up"], "Esc alone")


async def test_a_key_that_the_layout_makes_escape_stops_too(
    display: VirtualDisplay, injected: InjectedKeys, seen: list[str]
) -> None:
    display.run("setxkbmap", "-layout", "us", "-option", "caps:escape")
    loop = asyncio.get_running_loop()
    watch = X11StopKey(loop, lambda: seen.append("down"), lambda: None, injected, display=display.name)
    capslock = X11Sink(display.name)
    capslock.key("CapsLock", is_down=True)
    await eventually(lambda: seen == ["down"], "Esc on CapsLock")
    capslock.close()
    watch.close()


async def test_without_a_server_it_says_that_nobody_watches(injected: InjectedKeys) -> None:
    with pytest.raises(StopKeyUnwatched):
        X11StopKey(asyncio.get_running_loop(), lambda: None, lambda: None, injected, display=":4711")


def test_an_event_that_never_came_is_forgotten_after_a_second() -> None:
    injected = InjectedKeys()
    injected.watch(frozenset({9}))
    injected.expect(9, is_down=True, now=10.0)
    assert not injected.take(9, is_down=True, now=11.5)


def test_each_of_our_events_counts_once() -> None:
    injected = InjectedKeys()
    injected.watch(frozenset({9}))
    injected.expect(9, is_down=True, now=10.0)
    assert not injected.take(9, is_down=False, now=10.1)
    assert injected.take(9, is_down=True, now=10.1)
    assert not injected.take(9, is_down=True, now=10.1)
