"""Only what can be known without Windows or macOS: the shape of the sink, and what it says where it cannot work."""

import importlib.util
import inspect

import pytest

from client_agent.input import sink as interface
from client_agent.input.anywhere import AnywhereSink
from client_agent.input.sink import InputSink, NoInput
from client_agent.input.x11 import X11Sink


@pytest.mark.parametrize("implementation", [AnywhereSink, X11Sink])
def test_every_sink_has_the_same_methods_with_the_same_arguments(implementation: type[InputSink]) -> None:
    wanted = {name: inspect.signature(method) for name, method in vars(interface.InputSink).items() if name[0] != "_"}
    assert {name: inspect.signature(getattr(implementation, name)) for name in wanted} == wanted


def test_without_pynput_there_is_no_input() -> None:
    if importlib.util.find_spec("pynput"):
        pytest.skip("pynput is installed here")
    with pytest.raises(NoInput):
        AnywhereSink()
