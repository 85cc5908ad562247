"""What owner and requestor of an X selection share: the connection, atoms by their names, and events (ICCCM 2.0, section 2)."""

import os
import select
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import xcffib
import xcffib.xproto

from client_agent import x11_connection

NOBODY = 0
"""No window, and no property: a conversion that was refused."""

_SENT = 0x80
_PROPERTY_NOTIFY = struct.Struct("=BxHIIIB")
_SELECTION_REQUEST = struct.Struct("=BxHIIIIII")
_SELECTION_NOTIFY = struct.Struct("=BxHIIIII")
# XFixes 5, SelectionNotify: its window, the owner, the selection, when it changed, and when the owner says to have taken it.
_OWNER_NOTIFY = struct.Struct("=BBHIIIII")
_PROPERTY_REPLY = struct.Struct("=xBHIIII")
_REPLY_HEAD_BYTES = 32


@dataclass(frozen=True, slots=True)
class PropertyChanged:
    """A property of a window has a new value, or is gone."""

    window: int
    name: int
    at_ms: int
    is_gone: bool


@dataclass(frozen=True, slots=True)
class Requested:
    """A program wants the selection as `target`, in a property of its window."""

    at_ms: int
    requestor: int
    selection: int
    target: int
    property: int


@dataclass(frozen=True, slots=True)
class Converted:
    """The owner has written what was asked of it into `property`, or refuses: then that is NOBODY's."""

    requestor: int
    target: int
    property: int


@dataclass(frozen=True, slots=True)
class OwnerChanged:
    """A window owns the selection, or none does."""

    owner: int
    at_ms: int


Event = PropertyChanged | Requested | Converted | OwnerChanged


@dataclass(frozen=True, slots=True)
class Value:
    """A property: what it is made of, how many bits each item has, and its bytes; `is_cut` where there are more."""

    kind: int
    bits: int
    data: bytes
    is_cut: bool


class Wire:
    """One connection, in one thread; `wake` alone may be called from any.

    Raises:
        ServerLost: nobody answers there.
        LookupError: the server does not tell who owns a selection.
    """

    def __init__(self, display: str | None) -> None:
        self.connection = x11_connection.connect(display)
        self._fd: int = self.connection.get_file_descriptor()
        self._root = x11_connection.root_screen(self.connection)
        self._atoms: dict[str, int] = {}
        self._arrived: deque[Event] = deque()
        fixes = x11_connection.extension(self.connection, "XFIXES")
        if fixes is None:
            self.connection.disconnect()
            raise LookupError("the X server has no XFIXES")
        self._owner_notify = fixes.first_event
        self._wakes, self._waker = os.pipe()
        os.set_blocking(self._wakes, False)

    def atom(self, name: str) -> int:
        if name not in self._atoms:
            self._atoms[name] = int(self.connection.core.InternAtom(False, len(name), name).reply().atom)
        return self._atoms[name]

    def new_window(self) -> int:
        """A window that nobody sees, of whose properties we are told."""
        window = int(self.connection.generate_id())
        mask = xcffib.xproto.CW.EventMask
        self.connection.core.CreateWindow(
            0, window, self._root.root, 0, 0, 1, 1, 0, xcffib.xproto.WindowClass.InputOnly, 0, mask, [_PROPERTY_CHANGE]
        )
        return window

    def watch_properties(self, window: int, *, is_wanted: bool) -> None:
        """Be told of the properties of somebody else's window. One that is gone answers with an error among the events."""
        mask = _PROPERTY_CHANGE if is_wanted else xcffib.xproto.EventMask.NoEvent
        self.connection.core.ChangeWindowAttributes(window, xcffib.xproto.CW.EventMask, [mask])

    def owner_of(self, selection: int) -> int:
        return int(self.connection.core.GetSelectionOwner(selection).reply().owner)

    def is_same_program(self, window: int, other: int) -> bool:
        """Whether two windows were made over one connection (X11 protocol, section 2.4.3 of its encoding: resource identifiers)."""
        mask = self.connection.get_setup().resource_id_mask
        return bool((window & ~mask) == (other & ~mask))

    def write(self, window: int, name: int, kind: int, bits: int, data: bytes, *, is_more: bool = False) -> None:
        """Set a property, or add to it."""
        mode = xcffib.xproto.PropMode.Append if is_more else xcffib.xproto.PropMode.Replace
        self.connection.core.ChangeProperty(mode, window, name, kind, bits, len(data) * 8 // bits, data)

    def read(self, window: int, name: int, bytes_max: int) -> Value:
        """A property's value, at most so many bytes of it; it is gone afterwards."""
        kind = xcffib.xproto.GetPropertyType.Any
        cookie = self.connection.core.GetProperty(True, window, name, kind, 0, -(-bytes_max // 4))
        reply = x11_connection.raw_reply(self.connection, cookie)
        bits, _, _, kind, left, count = _PROPERTY_REPLY.unpack_from(reply)
        data = bytes(reply[_REPLY_HEAD_BYTES : _REPLY_HEAD_BYTES + count * bits // 8])
        if left:
            self.connection.core.DeleteProperty(window, name)
        return Value(kind, bits, data, left > 0)

    def tell_converted(self, request: Requested, property_: int) -> None:
        """Answer whoever asked: it is in this property, or refused."""
        said = (request.at_ms, request.requestor, request.selection, request.target, property_)
        event = _SELECTION_NOTIFY.pack(xcffib.xproto.SelectionNotifyEvent.event_number, 0, *said)
        self.connection.core.SendEvent(False, request.requestor, 0, event.ljust(x11_connection.EVENT_BYTES, b"\0"))

    # --- events ---

    def wake(self) -> None:
        """End the wait that is going on, or the next one."""
        os.write(self._waker, b"!")

    def next_event(self, until_s: float | None) -> Event | None:
        """The next event; None where none came until then (time.monotonic), or somebody called `wake`.

        Raises:
            ServerLost: the server has gone.
        """
        # What arrived with a reply makes the socket readable no more.
        self._collect()
        if not self._arrived:
            self.connection.flush()
            left_s = None if until_s is None else max(0.0, until_s - time.monotonic())
            ready, _, _ = select.select([self._fd, self._wakes], [], [], left_s)
            if self._wakes in ready:
                os.read(self._wakes, 4096)
                return None
            self._collect()
        return self._arrived.popleft() if self._arrived else None

    def wait_for(
        self,
        is_it: Callable[[Event], bool],
        until_s: float,
        others: Callable[[Event], None],
        is_over: Callable[[], bool] = lambda: False,
    ) -> Event | None:
        """The first event of a kind; what comes before it goes to `others`. None where it did not come, or nobody wants it any more.

        `is_over` is asked again whenever `wake` was called.
        """
        while time.monotonic() < until_s and not is_over():
            event = self.next_event(until_s)
            if event is not None and is_it(event):
                return event
            if event is not None:
                others(event)
        return None

    def arrived(self) -> Event | None:
        """The next event of those that are here already; waits for none."""
        self._collect()
        return self._arrived.popleft() if self._arrived else None

    def _collect(self) -> None:
        self._arrived += [
            found for event in x11_connection.read_events(self.connection) if (found := self._parsed(event))
        ]

    def _parsed(self, event: bytes) -> Event | None:
        kind, core = event[0], xcffib.xproto
        if kind & ~_SENT == core.SelectionNotifyEvent.event_number:
            _, _, _, requestor, _, target, property_ = _SELECTION_NOTIFY.unpack_from(event)
            return Converted(requestor, target, property_)
        # The server alone tells of all else: what another program sent in its place has the bit.
        if kind == core.PropertyNotifyEvent.event_number:
            _, _, window, name, at_ms, state = _PROPERTY_NOTIFY.unpack_from(event)
            return PropertyChanged(window, name, at_ms, state == core.Property.Delete)
        if kind == core.SelectionRequestEvent.event_number:
            _, _, at_ms, _, requestor, selection, target, property_ = _SELECTION_REQUEST.unpack_from(event)
            # Old programs name no property and mean this one (ICCCM 2.0, section 2.2).
            return Requested(at_ms, requestor, selection, target, property_ or target)
        if kind == self._owner_notify:
            _, _, _, _, owner, _, at_ms, _ = _OWNER_NOTIFY.unpack_from(event)
            return OwnerChanged(owner, at_ms)
        return None

    def close(self) -> None:
        self.connection.disconnect()
        for each in (self._wakes, self._waker):
            os.close(each)


_PROPERTY_CHANGE = xcffib.xproto.EventMask.PropertyChange


def numbers(data: bytes) -> tuple[int, ...]:
    """The items of a property of 32 bits each."""
    return tuple(int.from_bytes(data[at : at + 4], sys.byteorder) for at in range(0, len(data) - len(data) % 4, 4))
