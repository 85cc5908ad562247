"""benchmarks/profiling.py: samples come to the room of the code that they were taken in, and a key is followed through a trace."""

from typing import Any

import pytest

from benchmarks.profiling import counted, key_steps

RENDERER, BROWSER = (7, 1), (3, 1)


@pytest.mark.parametrize(
    ("place", "room"),
    [
        ("selectors.py:468", "waking up: the loop"),
        ("client_agent/worker.py:26", "waking up: the threads"),
        ("client_agent/screen/x11_pixels.py:40", "the X server: asking, waiting, reading"),
        ("client_agent/screen/encoders/zstd_stream.py:56", "compressing and coding"),
        ("client_agent/screen/pacing.py:117", "what changed, and into which parts"),
        ("protocol/channel.py:116", "session, messages, sealing"),
        ("websockets/frames.py:376", "WebSocket"),
        ("asyncio/selector_events.py:1057", "TLS and socket"),
        ("asyncio/events.py:80", "the loop itself"),
        ("uuid.py:1", "all else"),
    ],
)
def test_a_sample_comes_to_the_room_of_its_innermost_line(place: str, room: str) -> None:
    line = f"run (client_agent/agent.py:5);f.<locals>.g (websockets/protocol.py:1);work (of many) ({place}) 3"
    assert counted([line, line]) == {room: 6}


def event(
    name: str, ts: int, of: tuple[int, int], phase: str = "X", *, dur: int = 0, args: Any = None
) -> dict[str, Any]:
    return {"name": name, "ts": ts, "pid": of[0], "tid": of[1], "ph": phase, "dur": dur, "args": args or {}}


def test_a_key_is_followed_from_the_browser_to_the_end_of_the_pages_task() -> None:
    key = {"data": {"type": "keydown"}}
    events = [
        event("WebSocketSend", 2000, RENDERER, "I"),
        event("RunTask", 1500, RENDERER, dur=900),
        event("RunTask", 1400, BROWSER, dur=900),
        event("EventDispatch", 1700, RENDERER, dur=600, args=key),
        event("RenderWidgetHostImpl::ForwardKeyboardEvent", 1000, BROWSER, dur=10),
        event("WebSocketSend", 500, RENDERER, "I"),
        event("EventDispatch", 9000, RENDERER, dur=600, args=key),
        {"name": "thread_name", "ph": "M", "pid": 7, "tid": 1, "args": {"name": "main"}},
    ]
    assert list(key_steps(events)) == [[0.5, 0.2, 0.3, 0.4]], "one that sent nothing is left out"
