"""The clipboard of an X desktop: the selection CLIPBOARD, in a thread of its own, so that no program can hold up the session.

Which copy is there is known from XFixes (version 1, selection tracking): the server tells of each new owner, in order, on the connection on
which `copies` is answered too. So it is exact whether a copy came before or after that.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TypeVar

import xcffib
import xcffib.xfixes
import xcffib.xproto

from client_agent.clipboard.clipboard import ClipboardGone, Copies, NotFetched
from client_agent.clipboard.copies import CopyCount
from client_agent.clipboard.x11_fetch import fetch_text
from client_agent.clipboard.x11_offer import Offer
from client_agent.clipboard.x11_wire import NOBODY, Event, OwnerChanged, PropertyChanged, Requested, Wire
from client_agent.x11_connection import ServerLost
from protocol.vocabulary import ClipboardAnswer

_T = TypeVar("_T")
_SERVER_ANSWERS_S = 2.0

log = logging.getLogger("mainforte.agent")


class X11Clipboard:
    """The `Clipboard` of the display `display`, or of the one that DISPLAY names.

    Raises:
        ServerLost: nobody answers there.
        LookupError: the server does not tell who owns the clipboard.
    """

    can_fetch = True

    def __init__(self, display: str | None = None) -> None:
        self._wire = Wire(display)
        self._selection, self._manager = self._wire.atom("CLIPBOARD"), self._wire.atom("CLIPBOARD_MANAGER")
        self._window = self._wire.new_window()
        self._copies = CopyCount()
        self._offer: Offer | None = None
        self._next_offer: Offer | None = None
        """Ours as soon as the server says that the clipboard is."""
        self._withdrawals = 0
        self._is_closing = self._is_lost = False
        fixes = self._wire.connection(xcffib.xfixes.key)
        fixes.QueryVersion(1, 0).reply()
        told = xcffib.xfixes.SelectionEventMask
        fixes.SelectSelectionInput(
            self._window,
            self._selection,
            told.SetSelectionOwner | told.SelectionWindowDestroy | told.SelectionClientClose,
        )
        self._wishes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="clipboard", daemon=True)
        self._thread.start()

    # --- in the loop ---

    def copies(self) -> Awaitable[Copies]:
        return self._do(self._count_copies)

    def put(self, text: str) -> Awaitable[bool]:
        return self._do(lambda: self._take_over(text))

    def fetch(self, since: Copies) -> Awaitable[str]:
        withdrawals = self._withdrawals
        return self._do(lambda: self._fetch(since, lambda: self._withdrawals != withdrawals))

    def take_away(self) -> None:
        self._withdrawals += 1
        self._wish(self._give_up)

    def close(self) -> None:
        self._withdrawals += 1
        self._wish(self._stop)
        self._thread.join()
        self._wire.close()

    def _do(self, work: Callable[[], _T]) -> Awaitable[_T]:
        """Have it done in the thread."""
        done: Future[_T] = Future()

        def wish() -> None:
            if not done.set_running_or_notify_cancel():
                return
            try:
                if self._is_lost:
                    raise ClipboardGone
                done.set_result(work())
            except (ServerLost, xcffib.XcffibException):
                done.set_exception(ClipboardGone())
            except Exception as error:
                done.set_exception(error)

        self._wish(wish)
        return asyncio.wrap_future(done)

    def _wish(self, work: Callable[[], None]) -> None:
        self._wishes.put(work)
        self._wire.wake()

    # --- in the thread ---

    def _run(self) -> None:
        try:
            while not self._is_closing:
                if (event := self._wire.next_event(self._offer.due_s if self._offer else None)) is not None:
                    self._take(event)
                if self._offer:
                    self._offer.give_up_overdue()
                while not self._wishes.empty():
                    self._wishes.get()()
        except (ServerLost, xcffib.XcffibException) as error:
            log.warning("the clipboard is not there any more: %s", type(error).__name__)
            self._is_lost = True
        while not self._is_closing:
            self._wishes.get()()

    def _stop(self) -> None:
        self._give_up()
        self._is_closing = True

    def _take(self, event: Event) -> None:
        match event:
            case OwnerChanged(owner, _) if owner == self._window:
                self._offer = self._next_offer
                self._copies.put()
            case OwnerChanged(owner, at_ms):
                self._offer = None
                if owner == NOBODY:
                    self._copies.lost(at_ms)
                else:
                    self._copies.copied(at_ms, is_by_manager=self._is_manager(owner))
            case Requested() if self._offer and event.selection == self._selection:
                self._offer.answer(event)
            case Requested():
                self._wire.tell_converted(event, NOBODY)
            case PropertyChanged() if self._offer:
                self._offer.property_changed(event)

    def _is_manager(self, owner: int) -> bool:
        manager = self._wire.owner_of(self._manager)
        return manager != NOBODY and self._wire.is_same_program(manager, owner)

    def _owner(self) -> int:
        """Who owns the clipboard now; all that happened to it before is known then."""
        owner = self._wire.owner_of(self._selection)
        while event := self._wire.arrived():
            self._take(event)
        return owner

    def _count_copies(self) -> Copies:
        self._owner()
        return self._copies.count

    def _take_over(self, text: str) -> bool:
        until_s = time.monotonic() + _SERVER_ANSWERS_S
        taken_ms = self._server_time(until_s)
        if taken_ms is None:
            return False
        self._next_offer = Offer(self._wire, text, taken_ms)
        self._wire.connection.core.SetSelectionOwner(self._window, self._selection, taken_ms)
        owned = self._wire.wait_for(
            lambda event: isinstance(event, OwnerChanged) and event.owner == self._window, until_s, self._take
        )
        if owned is not None:
            self._take(owned)
        return owned is not None

    def _server_time(self, until_s: float) -> int | None:
        """The X server's clock: a selection is taken at a time of its own, not at none (ICCCM 2.0, section 2.1)."""
        name = self._wire.atom("MAINFORTE_TIME")
        self._wire.write(self._window, name, xcffib.xproto.Atom.STRING, 8, b"", is_more=True)
        told = self._wire.wait_for(
            lambda event: isinstance(event, PropertyChanged) and event.name == name, until_s, self._take
        )
        return told.at_ms if isinstance(told, PropertyChanged) else None

    def _give_up(self) -> None:
        if self._offer and not self._is_lost:
            # With the time at which we took it: where somebody has copied something since, it stays.
            self._wire.connection.core.SetSelectionOwner(NOBODY, self._selection, self._offer.taken_ms)
            self._wire.connection.flush()
        self._offer = self._next_offer = None

    def _fetch(self, since: Copies, is_withdrawn: Callable[[], bool]) -> str:
        if self._owner() in (NOBODY, self._window) or not self._copies.is_later(since):
            raise NotFetched(ClipboardAnswer.NOTHING_COPIED)
        return fetch_text(self._wire, self._selection, self._take, is_withdrawn)
