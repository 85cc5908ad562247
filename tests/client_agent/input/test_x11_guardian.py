"""client_agent/input/x11_guardian.py: an agent that is killed leaves no key and no button down."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from client_agent.input.x11_guardian import Guardian
from tests.client_agent.desktop import what_is_down
from tests.virtual_display import VirtualDisplay
from tests.waiting import wait_until

AGENT = """
import sys
from client_agent.input.x11 import X11Sink
sink = X11Sink()
for code in ("ControlLeft", "KeyA"):
    sink.key(code, True)
sink.button(10, 10, 0, True)
sink.key("KeyA", False)
sink.type("")
print("held", flush=True)
sys.stdin.read()
"""
CONTROL_LEFT = 37
BUTTON_1_MASK = 0x100


def test_what_a_killed_agent_held_comes_up(xvfb: Callable[..., VirtualDisplay]) -> None:
    display = xvfb(640, 480, window_manager=False)
    with subprocess.Popen(
        [sys.executable, "-c", AGENT], env=display.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as agent:
        assert agent.stdout
        assert agent.stdout.readline() == "held\n"
        keys, mask = what_is_down(display)
        assert keys == [CONTROL_LEFT]
        assert mask & BUTTON_1_MASK
        agent.kill()
    wait_until(lambda: what_is_down(display) == ([], 0), "everything to come up")


def test_it_ends_with_the_sink() -> None:
    guardian = Guardian(":99999")
    assert guardian._process
    process = Path(f"/proc/{guardian._process.pid}")
    assert process.exists()
    guardian.close()
    assert not process.exists()


def test_one_that_somebody_ended_stops_no_input() -> None:
    guardian = Guardian(":99999")
    assert guardian._process
    guardian._process.kill()
    guardian._process.wait()
    guardian.key(CONTROL_LEFT, True)
    guardian.key(CONTROL_LEFT, False)
    guardian.close()
