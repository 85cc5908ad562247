"""A small process that lets go of what is held, should the agent itself be killed: X forgets a program, not the keys it pressed.

It knows which keys and buttons are down because of us, and nothing else; it does nothing until the agent's end of the pipe closes.
"""

import contextlib
import os
import subprocess
import sys

_END_S = 2.0
# As X numbers them: key press, key release, button press, button release.
_KEY_DOWN, _KEY_UP, _BUTTON_DOWN, _BUTTON_UP = 2, 3, 4, 5
_RELEASES = {_KEY_DOWN: _KEY_UP, _BUTTON_DOWN: _BUTTON_UP}


class Guardian:
    """The agent's side: `key` and `button` before they take effect, `close` once nothing is held."""

    def __init__(self, display: str | None) -> None:
        # A program that is one file has no Python to start another part of itself with.
        self._process = None if hasattr(sys, "frozen") else _start(display)

    def key(self, keycode: int, is_down: bool) -> None:
        self._tell(_KEY_DOWN if is_down else _KEY_UP, keycode)

    def button(self, button: int, is_down: bool) -> None:
        self._tell(_BUTTON_DOWN if is_down else _BUTTON_UP, button)

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

    def _tell(self, event: int, detail: int) -> None:
        if self._process and self._process.stdin:
            # Somebody has ended it: input goes on as on desktops that have none.
            with contextlib.suppress(OSError):
                self._process.stdin.write(bytes((event, detail)))


def _start(display: str | None) -> "subprocess.Popen[bytes]":
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(
        [sys.executable, "-m", "client_agent.input.x11_guardian"],
        env=environment | ({"DISPLAY": display} if display else {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        # So that what ends the agent's group of processes does not end it too.
        start_new_session=True,
    )


def main() -> None:
    """Listen until the agent is gone, then release the newest first."""
    held: dict[tuple[int, int], None] = {}
    while len(told := sys.stdin.buffer.read(2)) == 2:
        event, detail = told
        if event in _RELEASES:
            held[event, detail] = None
        else:
            held.pop((event - 1, detail), None)
    if held:
        _release([(_RELEASES[event], detail) for event, detail in reversed(held)])


def _release(events: list[tuple[int, int]]) -> None:
    # Only now, so that listening costs next to nothing.
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
