"""One connection to an X server, as the agent's eyes and hands use it: what xcffib lacks, in one place."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import xcffib
import xcffib.xinput
import xcffib.xproto

EVENT_BYTES = 32
GENERIC_EVENT = 35
_GENERIC = struct.Struct("=BBHIH")


class ServerLost(Exception):
    """The X server is not there, or not any more."""


@dataclass(frozen=True, slots=True)
class Extension:
    """Where an extension's requests and events begin on this server."""

    opcode: int
    first_event: int


def connect(display: str | None = None) -> Any:
    """A new connection to `display`, or to the one that DISPLAY names.

    Raises:
        ServerLost: nobody answers there.
    """
    try:
        return xcffib.connect(display)
    except xcffib.XcffibException as error:
        raise ServerLost(str(error)) from None


def extension(connection: Any, name: str) -> Extension | None:
    """The extension of this name; None where the server does not have it."""
    found = connection.core.QueryExtension(len(name), name).reply()
    return Extension(found.major_opcode, found.first_event) if found.present else None


def root_screen(connection: Any) -> Any:
    """The screen of the display that the connection was made for, with its root window."""
    return connection.get_setup().roots[connection.pref_screen]


def read_events(connection: Any) -> Iterator[bytes]:
    """The events that have arrived, each as its first 32 bytes; never waits.

    xcffib's own classes for raw XI2 events read past the end of what arrived, so events are read as bytes.

    Raises:
        ServerLost: the server has gone.
    """
    while True:
        event = xcffib.lib.xcb_poll_for_event(connection._conn)
        if event == xcffib.ffi.NULL:
            break
        event = xcffib.ffi.gc(event, xcffib.c_free)
        yield bytes(xcffib.ffi.buffer(event, EVENT_BYTES))
    if connection.has_error():
        raise ServerLost("the X server closed the connection")


def generic_type(event: bytes, opcode: int) -> int | None:
    """The type of a generic event of the extension with this opcode; None for any other event."""
    response_type, of_extension, _, _, event_type = _GENERIC.unpack_from(event)
    is_ours = response_type & 0x7F == GENERIC_EVENT and of_extension == opcode
    return event_type if is_ours else None


def raw_reply(connection: Any, cookie: Any) -> memoryview:
    """The bytes of a reply, its 32-byte head first, where xcffib would make one Python number of each byte of it."""
    return memoryview(bytes(connection.wait_for_reply(cookie.sequence).buf))


def select_raw_events(connection: Any, root: int, types: Iterable[int]) -> Extension:
    """Let raw XI2 events of these types arrive, whatever window has the focus or grabbed the device (XI 2.1).

    Raises:
        LookupError: the server has no XI2.
    """
    found = extension(connection, "XInputExtension")
    if found is None:
        raise LookupError("the X server has no XInputExtension")
    xinput = connection(xcffib.xinput.key)
    xinput.XIQueryVersion(2, 2).reply()
    mask = xcffib.xinput.EventMask.synthetic(xcffib.xinput.Device.AllMaster, 1, [sum(1 << event for event in types)])
    xinput.XISelectEventsChecked(root, 1, [mask]).check()
    return found
