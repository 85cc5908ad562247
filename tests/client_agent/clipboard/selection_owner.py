"""A program that owns the clipboard, as wicked as a test has it: what it offers, what it answers, and whether it answers at all.

python selection_owner.py MANNER     with DISPLAY set; says `ready` once it owns the clipboard, and then what it was asked for
"""

import struct
import sys
from typing import Any

import xcffib
import xcffib.xproto

from client_agent import x11_connection

PIECE = b"a" * 1000


class Owner:
    """Owns CLIPBOARD until it is ended; `manner` is what it does when it is asked."""

    def __init__(self, manner: str) -> None:
        self._manner = manner
        self._x = x11_connection.connect()
        self._core = self._x.core
        self._window = self._x.generate_id()
        root = x11_connection.root_screen(self._x).root
        self._core.CreateWindow(0, self._window, root, 0, 0, 1, 1, 0, 2, 0, 0, [])
        selection = "CLIPBOARD_MANAGER" if manner == "manager" else "CLIPBOARD"
        self._core.SetSelectionOwner(self._window, self._atom(selection), 0)
        if manner == "manager":
            self._core.SetSelectionOwner(self._window, self._atom("CLIPBOARD"), 0)
        self._core.GetInputFocus().reply()

    def run(self) -> None:
        print("ready", flush=True)
        while True:
            event = self._x.wait_for_event()
            if isinstance(event, xcffib.xproto.SelectionRequestEvent):
                self._answer(event)
            elif isinstance(event, xcffib.xproto.PropertyNotifyEvent) and event.state == 1:
                # An endless text: another piece each time one was taken.
                self._set(event.window, event.atom, "UTF8_STRING", 8, PIECE)
            self._x.flush()

    def _answer(self, event: Any) -> None:
        name = bytes(self._core.GetAtomName(event.target).reply().name.buf()).decode()
        print(name, flush=True)
        if self._manner == "silent":
            return
        given = self._given(event, name)
        said = (event.time, event.requestor, event.selection, event.target, event.property if given else 0)
        notify = struct.pack("=BxHIIIII", xcffib.xproto.SelectionNotifyEvent.event_number, 0, *said)
        self._core.SendEvent(False, event.requestor, 0, notify.ljust(32, b"\0"))

    def _given(self, event: Any, target: str) -> bool:
        where = event.requestor, event.property
        if target == "TARGETS":
            names = {"picture": ["TARGETS", "image/png"], "marked": ["UTF8_STRING", "x-kde-passwordManagerHint"]}
            if self._manner in ("unlisted", "refusing"):
                return False
            if self._manner == "listing_nonsense":
                self._set(*where, "STRING", 8, b"everything")
                return True
            atoms = [self._atom(each) for each in names.get(self._manner, ["TARGETS", "UTF8_STRING", "STRING"])]
            if self._manner == "listing_too_much":
                atoms *= 10_000
            self._set(*where, "ATOM", 32, struct.pack(f"={len(atoms)}I", *atoms))
            return True
        if target == "x-kde-passwordManagerHint":
            self._set(*where, "STRING", 8, b"secret")
            return True
        if self._manner == "refusing" or (self._manner == "latin" and target != "STRING"):
            return False
        if self._manner == "endless":
            self._core.ChangeWindowAttributes(event.requestor, xcffib.xproto.CW.EventMask, [1 << 22])
            self._set(*where, "INCR", 32, struct.pack("=I", 5))
        elif self._manner == "stuck":
            self._set(*where, "INCR", 32, struct.pack("=I", 5))
        elif self._manner == "numbers":
            self._set(*where, "INTEGER", 32, struct.pack("=3I", 1, 2, 3))
        else:
            texts = {"megabytes": b"m" * 200_000, "broken": b"\xff\xfe\xfd", "latin": "caf\xe9".encode("latin-1")}
            self._set(*where, target, 8, texts.get(self._manner, "Grüße 😀".encode()))
        return True

    def _set(self, window: int, name: int, kind: str, bits: int, data: bytes) -> None:
        self._core.ChangeProperty(0, window, name, self._atom(kind), bits, len(data) * 8 // bits, data)

    def _atom(self, name: str) -> int:
        return int(self._core.InternAtom(False, len(name), name).reply().atom)


if __name__ == "__main__":
    Owner(sys.argv[1]).run()
