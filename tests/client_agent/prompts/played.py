"""A real customer's windows, driven from outside by xdotool while a session that only remembers runs in another thread."""

import asyncio
import contextlib
import os
import re
import subprocess
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from client_agent.prompts.customer import CustomerCallbacks
from client_agent.prompts.window import WindowCustomer
from tests.journeys.reading import texts_on
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

T = TypeVar("T")

# Kept for good: Python would end a Tk in whichever thread it tidies up, and Tk does not survive that.
_CUSTOMERS: list[WindowCustomer] = []


@dataclass
class Clock:
    """A clock that a test sets."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


async def _ready() -> None:
    """The session is ready at once."""


def remembering(events: list[str], before_question: Callable[[], Awaitable[None]] = _ready) -> CustomerCallbacks:
    """Callbacks that write down, in order, that they were called."""

    async def before() -> None:
        events.append("before question")
        await before_question()

    return CustomerCallbacks(
        on_take_back=lambda: events.append("take back"),
        on_pause=lambda: events.append("pause"),
        on_go_on=lambda: events.append("go on"),
        on_stop=lambda: events.append("stop"),
        before_question=before,
        after_question=lambda: events.append("after question"),
        on_send_away=lambda viewer: events.append(f"send away: {viewer.id}"),
        on_chat=lambda text: events.append(f"says: {text}"),
        before_typing=lambda: events.append("before typing"),
        on_end_files=lambda: events.append("end files"),
        on_stop_file=lambda direction: events.append(f"stop file: {direction}"),
        on_take_back_clipboard=lambda: events.append("take back the clipboard"),
        on_more_time=lambda seconds: events.append(f"more time: {seconds}"),
    )


@dataclass
class Stage:
    """The customer, what they did so far, and hands to do it with."""

    customer: WindowCustomer
    display: VirtualDisplay
    clock: Clock
    events: list[str] = field(default_factory=list)
    presses: list[str] = field(default_factory=list)
    """What Tk has dealt with already: mouse buttons as `1`, keys by their name."""
    keyboard: list[str] = field(default_factory=list)
    """Who of Tk's widgets was given the keyboard since it was last away; empty while it is."""

    async def window(self, name: str) -> int:
        """The visible window, or button, of this name; waits for it."""
        return await eventually(lambda: self._window(name), f"a window named {name!r}")

    async def gone(self, name: str) -> None:
        """Wait until no such window is to be seen."""

        async def is_gone() -> bool:
            return not await self._window(name)

        await eventually(is_gone, f"no window named {name!r}")

    async def _window(self, name: str) -> int:
        try:
            found = await self.do("search", "--onlyvisible", "--name", f"^{re.escape(name)}$")
        except subprocess.CalledProcessError:
            return 0
        return int(found.split()[-1])

    async def reads(self, text: str) -> None:
        """Wait until this stands in one of the windows."""
        await eventually(lambda: asyncio.to_thread(lambda: text in texts_on(self.display)), text)

    async def click(self, name: str) -> None:
        """Click into the middle of the button of this name."""
        await self.point_at(name)
        await self.do("click", "1")

    async def point_at(self, name: str) -> None:
        """Bring the pointer to the middle of the button of this name, also where it has just been made anew."""
        await eventually(lambda: self.pointed_at(name), f"the pointer at {name}")

    async def pointed_at(self, name: str) -> bool:
        """The same where that button is there now; tells whether it is."""
        window = await self._window(name)
        if not window:
            return False
        with contextlib.suppress(subprocess.CalledProcessError):
            return await self._point_at(window)
        return False

    async def _point_at(self, window: int) -> bool:
        place = await self._place(window)
        middle = (str(place["WIDTH"] // 2), str(place["HEIGHT"] // 2))
        await self.do("mousemove", "--window", str(window), *middle)
        # What was made anew is seen before the window that it is in has moved to where it belongs.
        return await self._place(window) == place

    async def _place(self, window: int) -> dict[str, int]:
        lines = (await self.do("getwindowgeometry", "--shell", str(window))).split()
        return {key: int(value) for key, _, value in (line.partition("=") for line in lines)}

    async def press(self, *keys: str) -> None:
        await self.do("key", *keys)

    async def pressed(self, *what: str) -> None:
        """Wait until Tk has dealt with exactly these presses."""
        await eventually(lambda: self.presses == list(what), f"the presses {what}")

    async def has_keyboard(self) -> None:
        """Wait until keys reach the customer's window, which the window manager decides some time after it is shown."""
        await eventually(lambda: bool(self.keyboard), "the keyboard")

    async def happened(self, event: str) -> None:
        await eventually(lambda: event in self.events, event)

    async def do(self, *command: str) -> str:
        """One command of xdotool."""
        return await asyncio.to_thread(self.display.run, "xdotool", *command)


def play(
    display: VirtualDisplay,
    scene: Callable[[Stage], Coroutine[Any, Any, T]],
    *,
    before_question: Callable[[], Awaitable[None]] = _ready,
    scale: float = 1.0,
    language: str = "en",
) -> T:
    """Play a scene as the agent does: Tk in this thread, the session in another; gives what the scene gives."""
    os.environ["DISPLAY"] = display.name
    clock = Clock()
    customer = WindowCustomer(language=language, is_dark=False, scale=scale, clock=clock)
    _CUSTOMERS.append(customer)
    presses: list[str] = []
    keyboard: list[str] = []
    customer._root.bind_all("<ButtonPress>", lambda event: presses.append(str(event.num)), add=True)
    customer._root.bind_all("<KeyPress>", lambda event: presses.append(event.keysym), add=True)
    customer._root.bind_all("<FocusIn>", lambda event: keyboard.append(str(event.widget)), add=True)
    customer._root.bind_all("<FocusOut>", lambda _: keyboard.clear(), add=True)
    results: list[T] = []
    errors: list[BaseException] = []
    # Tk itself would only write down what goes wrong in a callback.
    customer._root.report_callback_exception = lambda _kind, error, _trace: errors.append(error)

    async def session() -> None:
        stage = Stage(customer, display, clock, presses=presses, keyboard=keyboard)
        customer.attach(remembering(stage.events, before_question))
        results.append(await scene(stage))

    def work() -> None:
        try:
            asyncio.run(session())
        except BaseException as error:  # handed to the thread of the test
            errors.append(error)
        finally:
            customer.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        customer.run()
    except BaseException:
        # The test's time is over: its windows must not stand before those of the next one.
        customer._root.destroy()
        raise
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
