"""The agent's line to the relay, which comes back after a cut: what is said meanwhile is lost here, and said again by others."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import TracebackType

from client_agent.losses import Lossy
from client_agent.relay_link import RelayLink, RelayUnreachable
from protocol.codec import Message
from protocol.envelope import Envelope, Kind, MediaEnvelope
from protocol.nodes import Nodes
from protocol.relay_messages import Refused, from_relay

# How long until the next try: at once, then ever longer. A relay that restarts is back within a second or two.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _LONGER_BY = 0.05, 0.8, 1.5
# Somebody who has been there before knows that it can go quicker.
_OPEN_AGAIN_WITHIN_S = 4
# The relay's last words that leave nothing to come back to.
_FINAL = {"no_room", "replaced"}
# Those of a node that is of no use for now: another may be.
_ELSEWHERE = {"shutting_down", "desk_unreachable"}


@dataclass(frozen=True)
class LineLost:
    """Nothing can be said for the moment; `is_final`: nor ever again."""

    is_final: bool = False


@dataclass(frozen=True)
class LineRestored:
    """The relay hears us again. Whoever else is there says hello first."""


Arriving = Envelope | MediaEnvelope | LineLost | LineRestored


class Line:
    """`async with Line(nodes) as line`: connected, and connected again, at one node or another, by whoever reads `events`."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._link: RelayLink | None = None
        self._pause_s = 0.0

    async def __aenter__(self) -> "Line":
        """Connect for the first time.

        Raises:
            RelayUnreachable: no node of the relay answers.
        """
        for _ in range(self._nodes.count):
            with contextlib.suppress(RelayUnreachable):
                self._link = await RelayLink(self._nodes.here).__aenter__()
                return self
            self._nodes.go_on()
        raise RelayUnreachable("no node of the relay answers")

    async def go_to_next(self) -> None:
        """Connect with the next node, before the session has begun.

        Raises:
            RelayUnreachable: it does not answer.
        """
        await self._hang_up()
        self._nodes.go_on()
        self._link = await RelayLink(self._nodes.here).__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._hang_up(kind, error, trace)

    @property
    def is_open(self) -> bool:
        """Whether anybody hears what is said."""
        return self._link is not None

    @property
    def node_count(self) -> int:
        """How many nodes of the relay are known."""
        return self._nodes.count

    def look_around(self, now_s: float, *, is_alone: bool) -> None:
        """Whether anybody is here too, to be told twice a second: whoever is alone for long looks at another node."""
        if self._link is None:
            return
        if not is_alone:
            self._nodes.met()
        elif self._nodes.is_time_to_go_on(now_s):
            self._nodes.go_on()
            self._link.abort()

    @property
    def round_trip_s(self) -> float:
        """There and back between here and the relay; 0 before it is known."""
        return self._link.round_trip_s if self._link else 0.0

    def lossy(self) -> Lossy | None:
        """What TCP makes of the way to the relay where that loses much; None where it does not, or nobody knows."""
        return self._link.lossy() if self._link else None

    def tell_relay(self, message: Message) -> None:
        """Say something to the relay itself."""
        if self._link:
            self._link.tell_relay(message)

    def send(self, kind: Kind, content: bytes, *, peer: int = 0) -> None:
        """Hand over a handshake message or a control record for `peer`."""
        if self._link:
            self._link.send(kind, content, peer=peer)

    def send_media(self, envelope: bytes) -> None:
        """Hand over a sealed media record."""
        if self._link:
            self._link.send_media(envelope)

    async def drained(self) -> None:
        """Wait until all that was handed over is on its way, or lost."""
        if self._link:
            await self._link.drained()

    async def envelopes(self) -> AsyncIterator[Envelope | MediaEnvelope]:
        """What arrives before the session has begun: nothing comes back then."""
        if self._link:
            async for envelope in self._link.envelopes():
                yield envelope

    async def events(self, arrival: Callable[[], Message]) -> AsyncIterator[Arriving]:
        """What arrives, for ever: after each cut the line is opened anew, beginning with what `arrival` gives.

        Raises:
            RemoteProtocolError: the relay sent something that is not an envelope.
        """
        while True:
            last_word = ""
            async for envelope in self.envelopes():
                if isinstance(envelope, Envelope) and envelope.kind is Kind.RELAY:
                    message = from_relay.decode(envelope.content)
                    if isinstance(message, Refused):
                        last_word = message.reason
                        break
                self._pause_s = 0.0  # all is well: the next cut is met with a try at once
                yield envelope
            await self._hang_up()
            self._nodes.cut()
            if last_word in _ELSEWHERE:
                self._nodes.go_on()
            yield LineLost(is_final=last_word in _FINAL)
            if last_word in _FINAL:
                return
            self._link = await self._reconnect()
            self._link.tell_relay(arrival())
            yield LineRestored()

    async def _reconnect(self) -> RelayLink:
        while True:
            # Many come back at once after a restart: not all in the same moment.
            await asyncio.sleep(self._pause_s * random.uniform(0.5, 1.0))  # noqa: S311 # no secret
            self._pause_s = min(_LONGER_BY * self._pause_s or _FIRST_PAUSE_S, _LONGEST_PAUSE_S)
            with contextlib.suppress(RelayUnreachable):
                return await RelayLink(self._nodes.here, open_within_s=_OPEN_AGAIN_WITHIN_S).__aenter__()
            self._nodes.go_on()

    async def _hang_up(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        link, self._link = self._link, None
        if link:
            await link.__aexit__(kind, error, trace)
