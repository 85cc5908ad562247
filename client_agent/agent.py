"""From the code that a customer types to the end of the session: who is who, what can go wrong, and what is said then."""

import asyncio
import gc
import logging
import platform
from contextlib import ExitStack, closing
from dataclasses import replace

from client_agent.active_window import open_active_window
from client_agent.clipboard.open import open_clipboard
from client_agent.eyes import Eyes
from client_agent.hands import Hands
from client_agent.input.sink import InputError, OwnWindows
from client_agent.input.stop_key import StopKeyUnwatched
from client_agent.organisation import (
    Invitation,
    NotReachable,
    Organisation,
    fetch,
    read_invitation,
    read_package,
)
from client_agent.prompts.customer import Customer, Problem, Progress
from client_agent.relay_link import RelayUnreachable
from client_agent.screen import abilities
from client_agent.screen.open import open_source
from client_agent.screen.source import ScreenError
from client_agent.session.line import Line
from client_agent.session.pairing import RoomRefused, find_room
from client_agent.session.session import Session
from client_agent.settings import Settings
from protocol.errors import BadSupportCode, NotCertified, ProtocolError, WrongSupportCode
from protocol.handshake import Offer
from protocol.nodes import Nodes
from protocol.vocabulary import Capability, Outcome

VERSION = "1.0.0"
log = logging.getLogger("mainforte.agent")

_REFUSALS = {
    "no_room": Problem.CODE_EXPIRED,
    "too_many_attempts": Problem.TOO_MANY_ATTEMPTS,
    "rate_limited": Problem.TOO_MANY_ATTEMPTS,
    "alone": Problem.NOBODY_THERE,
}


async def be_helped(customer: Customer, settings: Settings) -> Outcome | None:
    """Ask for a code until one works, then carry one session through; None when the customer gave up before."""
    # The question for the code does not wait for what pictures are made with, which takes as long to load as all else together.
    offered = asyncio.create_task(asyncio.to_thread(_load))
    typed: str | None = settings.invitation
    problem: Problem | None = None
    while True:
        if not typed and (typed := await customer.ask_code(problem)) is None:
            return None
        customer.show_progress(Progress.CONNECTING)
        try:
            invitation = read_invitation(typed)
            organisation = await _organisation(invitation, settings)
            return await _session(customer, invitation, organisation, await offered)
        except BadSupportCode:
            problem = Problem.CODE_MALFORMED
        except WrongSupportCode:
            problem = Problem.CODE_WRONG
        except RoomRefused as refused:
            problem = _REFUSALS.get(refused.reason, Problem.FAILED)
        except NotCertified:
            problem = Problem.NOT_CERTIFIED
        except (NotReachable, RelayUnreachable):
            problem = Problem.NOT_REACHABLE
        except ProtocolError as error:
            log.warning("could not connect: %s", error)
            problem = Problem.FAILED
        except (ScreenError, InputError, StopKeyUnwatched) as error:
            log.warning("no desktop: %s", error)
            # Why a desktop cannot be seen, and what to do about it, is for whoever sits in front of it.
            await customer.show_problem(Problem.NO_SCREEN, str(error) if isinstance(error, ScreenError) else "")
            return Outcome.FAILED
        typed = None


def offer() -> Offer:
    """What this agent can do, for the handshake; loads what it does that with."""
    capabilities = (Capability.VIEW, Capability.CONTROL, Capability.FILES, Capability.CLIPBOARD)
    return Offer(capabilities, abilities.offered(), f"mainforte-agent-{VERSION}")


def _load() -> Offer:
    offered = offer()
    # What is loaded stays: to look through it for garbage takes 26 ms and more, in which nothing is shown and nothing typed.
    gc.freeze()
    return offered


async def _organisation(invitation: Invitation, settings: Settings) -> Organisation:
    """Whom to believe: the package first, then the link, then the address that was typed."""
    packaged = read_package(settings.package) if settings.package else None
    if packaged:
        if invitation.fingerprint and invitation.fingerprint != packaged.fingerprint:
            raise NotCertified("the link is another organisation's than this agent's")
        # The link leads to the node where the technician is.
        is_ours = invitation.address in packaged.origins
        organisation = replace(packaged, address=invitation.address) if is_ours else packaged
    else:
        address = invitation.address or settings.address
        if not address:
            raise NotReachable("a code alone does not say which organisation")
        organisation = await fetch(address, invitation.fingerprint)
    oldest = tuple(map(int, organisation.document.oldest_agent.split(".")))
    if tuple(map(int, VERSION.split("."))) < oldest:
        raise NotCertified("the organisation allows no agent as old as this one")
    return organisation


async def _session(customer: Customer, invitation: Invitation, organisation: Organisation, offered: Offer) -> Outcome:
    with closing(open_source()) as source:
        async with Line(Nodes(organisation.address, organisation.origins, is_agent=True)) as line:
            customer.show_progress(Progress.CHECKING_CODE)
            paired = await find_room(line, invitation.code, organisation.fingerprint, offered)
            customer.show_progress(Progress.WAITING_FOR_TECHNICIAN)
            own = OwnWindows(customer.is_own_window_at, lambda: set(customer.own_windows()))
            with closing(Hands(own)) as hands, ExitStack() as opened:
                if window := open_active_window(customer.own_windows):
                    opened.callback(window.close)
                if clipboard := open_clipboard():
                    opened.callback(clipboard.close)
                session = Session(
                    line,
                    paired,
                    organisation,
                    customer,
                    Eyes(source),
                    hands,
                    window,
                    clipboard,
                    version=VERSION,
                    system=_system(),
                )
                return await session.run()


def _system() -> str:
    return f"{platform.system()} {platform.release()}"[:100]
