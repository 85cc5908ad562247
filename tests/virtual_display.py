"""An X display of one's own and a light window manager, ended with everything started on it.

Without a screen by Xvfb, or shown as a window of another display by Xephyr.
"""

import contextlib
import os
import select
import signal
import struct
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

import xcffib
import xcffib.xproto

from tests.waiting import wait_until

START_S = 20.0
END_S = 5.0

# ClientMessage (X11 protocol, section 10): code, format, window and type, and data that may be anything here.
_CLIENT_MESSAGE, _FORMAT = struct.Struct("=BB2xII20x"), 32

Output = int | IO[str]


@dataclass
class VirtualDisplay:
    """A running display. `name` is what DISPLAY holds, as `:7`; sizes are device pixels."""

    name: str
    width_px: int
    height_px: int
    _server: subprocess.Popen[str] = field(repr=False)
    _programs: ExitStack = field(repr=False)

    @property
    def is_there(self) -> bool:
        """Whether it has not ended: where it has, another one may have its name by now."""
        return self._server.poll() is None

    @property
    def environment(self) -> dict[str, str]:
        """The environment for programs on this display; GTK applications need no message bus in it."""
        kept = {key: value for key, value in os.environ.items() if key not in ("WAYLAND_DISPLAY", "XAUTHORITY")}
        return kept | {"DISPLAY": self.name, "GDK_BACKEND": "x11", "GSETTINGS_BACKEND": "memory", "NO_AT_BRIDGE": "1"}

    def start(
        self, *command: str, environment: Mapping[str, str] | None = None, output: Output = subprocess.DEVNULL
    ) -> subprocess.Popen[str]:
        """Start a program on the display; it is ended with the display at the latest.

        What it writes goes to `output`: nowhere, an open file, or `subprocess.PIPE` for who goes on reading it.
        """
        return self._programs.enter_context(
            _running(*command, environment=self.environment | dict(environment or {}), output=output)
        )

    def run(self, *command: str, text: str | None = None) -> str:
        """Run a program on the display to its end and give what it wrote; `text` is its standard input.

        Raises:
            subprocess.CalledProcessError: it failed.
        """
        done = subprocess.run(
            command, env=self.environment, input=text, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    def settle(self) -> None:
        """Wait until the window manager, where there is one, has done all that it has been told of by now.

        When a window has closed, it gives the focus to another one: late where the machine is busy, and then it takes it from
        whatever has got it meanwhile. It answers in turn what every window may ask (EWMH, _NET_REQUEST_FRAME_EXTENTS).
        """
        connection = xcffib.connect(self.name)
        try:
            if _is_managed(connection):
                _ask_window_manager(connection)
        finally:
            connection.disconnect()


@contextmanager
def virtual_display(
    width_px: int = 1280, height_px: int = 800, *, window_manager: bool = True, shown_on: str = "", title: str = ""
) -> Iterator[VirtualDisplay]:
    """Start a display on a free number, 24 bits deep, and end it with all that runs on it.

    `-noreset` keeps monitors and modes when the last client leaves. xrandr can choose sizes up to the first one.
    With `shown_on` (as `:0`) it is a window of that display, under `title` (ASCII: Xephyr shows nothing else).
    """
    with ExitStack() as server, ExitStack() as programs:
        process, name = server.enter_context(_server(_server_command(width_px, height_px, shown_on, title), shown_on))
        # Left last: what runs on the display ends before the display.
        server.enter_context(programs)
        display = VirtualDisplay(name, width_px, height_px, process, programs)
        if window_manager:
            # Asked to end, it would first go through every change of the keyboard that it has not heard of yet: seconds.
            openbox = _running("openbox", "--sm-disable", environment=display.environment, ends_by=signal.SIGKILL)
            programs.enter_context(openbox)
            wait_for_window_manager(display)
        yield display


def _server_command(width_px: int, height_px: int, shown_on: str, title: str) -> tuple[str, ...]:
    if shown_on:
        return ("Xephyr", "-screen", f"{width_px}x{height_px}", "-title", title, "-noreset", "-nolisten", "tcp")
    # One display may serve hundreds of tests, each with a few connections that end with the tests' own process.
    return (
        "Xvfb", "-screen", "0", f"{width_px}x{height_px}x24", "-maxclients", "2048", "-noreset", "-nolisten", "tcp",
    )  # fmt: skip


@contextmanager
def _server(command: tuple[str, ...], shown_on: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    read_end, write_end = os.pipe()
    environment = dict(os.environ) | ({"DISPLAY": shown_on} if shown_on else {})
    try:
        ready = ("-displayfd", str(write_end))
        with _running(*command, *ready, environment=environment, kept_open=(write_end,)) as server:
            yield server, f":{_first_line(read_end, server)}"
    finally:
        os.close(read_end)
        os.close(write_end)


def _first_line(read_end: int, server: subprocess.Popen[str]) -> str:
    """Read the number that the server writes once it can be used."""
    received = b""
    end = time.monotonic() + START_S
    while not received.endswith(b"\n"):
        if server.poll() is not None:
            raise RuntimeError(f"the display's server ended with {server.returncode} before it was ready")
        if time.monotonic() > end:
            raise RuntimeError(f"the display was not ready within {START_S:g} s")
        if select.select([read_end], [], [], 0.1)[0]:
            received += os.read(read_end, 16)
    return received.decode().strip()


@contextmanager
def _running(
    *command: str,
    environment: Mapping[str, str],
    kept_open: tuple[int, ...] = (),
    output: Output = subprocess.DEVNULL,
    ends_by: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[str]]:
    """A program that is told to end at the end, and killed with all that it has started where it does not."""
    with subprocess.Popen(
        command,
        env=dict(environment),
        pass_fds=kept_open,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as program:
        try:
            yield program
        finally:
            program.send_signal(ends_by)
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.wait(END_S)
            # With all that it has started: each program leads a group of its own.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)


def wait_for_window_manager(display: VirtualDisplay) -> None:
    """Wait until one that was started is at work: it announces itself a little sooner."""
    connection = xcffib.connect(display.name)
    try:
        wait_until(lambda: _is_managed(connection), f"a window manager on {display.name}", deadline_s=START_S)
        _ask_window_manager(connection)
    finally:
        connection.disconnect()


def _is_managed(connection: Any) -> bool:
    """Tell whether a window manager has announced itself on the root window (EWMH, _NET_SUPPORTING_WM_CHECK)."""
    root, atom = connection.get_setup().roots[0].root, _atom(connection, "_NET_SUPPORTING_WM_CHECK")
    return bool(connection.core.GetProperty(False, root, atom, xcffib.xproto.Atom.WINDOW, 0, 1).reply().value_len)


def _ask_window_manager(connection: Any) -> None:
    """Ask how wide the frame of a window would be, again until there is an answer: what comes as it starts, it may not hear."""
    screen, window = connection.get_setup().roots[0], connection.generate_id()
    kind = xcffib.xproto.WindowClass.InputOutput
    connection.core.CreateWindow(0, window, screen.root, 0, 0, 1, 1, 0, kind, screen.root_visual, 0, [])
    question, answer = (_atom(connection, f"_NET_{name}") for name in ("REQUEST_FRAME_EXTENTS", "FRAME_EXTENTS"))
    event = _CLIENT_MESSAGE.pack(xcffib.xproto.ClientMessageEvent.event_number, _FORMAT, window, question)
    mask = xcffib.xproto.EventMask.SubstructureNotify | xcffib.xproto.EventMask.SubstructureRedirect

    def is_answered() -> bool:
        reply = connection.core.GetProperty(False, window, answer, xcffib.xproto.Atom.CARDINAL, 0, 4).reply()
        if not reply.value_len:
            connection.core.SendEvent(False, screen.root, mask, event)
            connection.flush()
        return bool(reply.value_len)

    wait_until(is_answered, "the window manager's answer", deadline_s=START_S)


def _atom(connection: Any, name: str) -> int:
    return int(connection.core.InternAtom(False, len(name), name).reply().atom)
