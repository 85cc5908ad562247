"""A small process that lets go of what is held, should the agent itself be killed: X forgets a program, not the keys it pressed.

It knows which keys and buttons are down because of us, and nothing else; it sleeps until the agent's end of a pipe closes.
"""

import contextlib
import mmap
import os
import subprocess
import sys

_END_S = 2.0
_KEYS, _BUTTONS = 0, 1
# As X numbers them: key release, button release.
_RELEASES = (3, 5)
# For each key and then for each button, which press in order holds it down; 0 where none does. In memory that both have, since what
# comes through a pipe would wake the other one for every key.
_NUMBERS = 256
_TABLE_BYTES = len(_RELEASES) * _NUMBERS * 4


class Guardian:
    """The agent's side: `key` and `button` before they take effect, `close` once nothing is held."""

    def __init__(self, display: str | None) -> None:
        self._presses = 0
        memory = os.memfd_create("mainforte-held", 0)
        try:
            os.truncate(memory, _TABLE_BYTES)
            self._table = _table(memory)
            # A program that is one file has no Python to start another part of itself with.
            self._process = None if hasattr(sys, "frozen") else _start(display, memory)
        finally:
            os.close(memory)

    def key(self, keycode: int, is_down: bool) -> None:
        self._note(_KEYS, keycode, is_down)

    def button(self, button: int, is_down: bool) -> None:
        self._note(_BUTTONS, button, is_down)

    def close(self) -> None:
        if not self._process:
            return
        assert self._process.stdin
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _note(self, kind: int, number: int, is_down: bool) -> None:
        self._presses += is_down
        self._table[kind * _NUMBERS + number] = self._presses if is_down else 0


def _table(memory: int) -> "memoryview[int]":
    return memoryview(mmap.mmap(memory, _TABLE_BYTES)).cast("I")


def _start(display: str | None, memory: int) -> "subprocess.Popen[bytes]":
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(
        [sys.executable, "-m", "client_agent.input.x11_guardian", str(memory)],
        env=environment | ({"DISPLAY": display} if display else {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[memory],
        # So that what ends the agent's group of processes does not end it too.
        start_new_session=True,
    )


def main() -> None:
    """Sleep until the agent is gone, then release the newest first."""
    table = _table(int(sys.argv[1]))
    sys.stdin.buffer.read()
    held = sorted(((press, at) for at, press in enumerate(table) if press), reverse=True)
    if held:
        _release([(_RELEASES[at // _NUMBERS], at % _NUMBERS) for _, at in held])


def _release(events: list[tuple[int, int]]) -> None:
    # Only now, so that sleeping costs next to nothing.
    import xcffib
    import xcffib.xtest

    connection = xcffib.connect()
    root = connection.get_setup().roots[connection.pref_screen].root
    # Answered after what the agent had sent before its end, a last press included.
    connection.core.GetInputFocus().reply()
    for event, detail in events:
        connection(xcffib.xtest.key).FakeInput(event, detail, 0, root, 0, 0, 0)
    connection.core.GetInputFocus().reply()
    connection.disconnect()


if __name__ == "__main__":
    main()
