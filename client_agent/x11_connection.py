"""One connection to an X server, as the agent's eyes and hands use it: what xcffib lacks, in one place."""

import select
import struct
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import xcffib
import xcffib.xinput
import xcffib.xproto

EVENT_BYTES = REPLY_HEAD_BYTES = 32
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


def reply_within(connection: Any, cookie: Any, seconds: float) -> bytes | None:
    """The head of a reply; None where it has not come after so long, and then nobody hears of it any more.

    Raises:
        ServerLost: the server answers with an error, or has gone.
    """
    connection.flush()
    until = time.monotonic() + seconds
    reply, error = xcffib.ffi.new("void **"), xcffib.ffi.new("xcb_generic_error_t **")
    while not xcffib.lib.xcb_poll_for_reply(connection._conn, cookie.sequence, reply, error):
        left_s = until - time.monotonic()
        if left_s <= 0 or not select.select([connection.get_file_descriptor()], [], [], left_s)[0]:
            cookie.discard_reply()
            return None
    try:
        if reply[0] == xcffib.ffi.NULL:
            raise ServerLost("the X server gave no answer")
        return bytes(xcffib.ffi.buffer(reply[0], REPLY_HEAD_BYTES))
    finally:
        xcffib.c_free(reply[0])
        xcffib.c_free(error[0])


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
