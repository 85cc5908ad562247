"""`./run demo` for a person: everything runs until Ctrl+C, and the terminal says what can be done."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from demo.customer import Customer
from demo.desktop import Desktop, agent_log, agent_on_this_screen, customers_desktop, own_display
from demo.organisation import (
    AUDITOR,
    AUDITOR_ACCOUNT,
    COLLEAGUE,
    COLLEAGUE_FULL_NAME,
    FULL_NAME,
    NAME,
    PASSWORD,
    TECHNICIAN,
    TICKET,
    Organisation,
    running_organisation,
)
from demo.played_customer import PlayedCustomer
from demo.room import auditors_room
from translations import catalogue

TICK_S = 0.3
# An agent that ends this soon by a failure would only fail again.
FAILS_AT_ONCE_S = 3.0


class CannotShow(Exception):
    """The demo cannot go on; the text is for the person."""


def run_by_hand(folder: Path, port: int, language: str, *, is_this_screen: bool) -> None:
    """Serve the organisation and show the customer's side, until the person has had enough.

    Raises:
        CannotShow: there is no display, or the agent does not run.
        KeyboardInterrupt: Ctrl+C.
    """
    _ = catalogue(language).gettext
    own = own_display()
    if is_this_screen and not own:
        raise CannotShow(_("There is no display here. Start the demo without --this-screen."))
    _say(_("One moment: an organisation is being made…"))
    with running_organisation(folder, port, recording="asked") as organisation, auditors_room(organisation) as room:
        organisation.add_colleague()
        _introduce(organisation, room, language)
        if is_this_screen:
            _on_this_screen(folder, organisation, language)
        elif own:
            _in_a_window(folder, organisation, language, own)
        else:
            _played(folder, organisation, language)


def _introduce(organisation: Organisation, room: str, language: str) -> None:
    _ = catalogue(language).gettext
    rows = [
        (_("Technician’s page"), f"{organisation.address}/"),
        (_("Sign in as"), f"{TECHNICIAN} ({FULL_NAME}, {NAME})"),
        (_("or as a colleague"), f"{COLLEAGUE} ({COLLEAGUE_FULL_NAME})"),
        (_("Password"), PASSWORD),
        (_("Second factor now"), organisation.code()),
        (_("or in an authenticator"), organisation.totp_secret),
        (_("A ticket to begin with"), TICKET),
        (_("Auditors’ room"), f"{room}/"),
        (_("Sign in there as"), f"{AUDITOR_ACCOUNT} ({AUDITOR})"),
        (_("The auditor’s key, under the same password"), str(organisation.auditor_key)),
    ]
    width = max(len(label) for label, _value in rows)
    _say("\n" + "\n".join(f"  {label:<{width}}   {value}" for label, value in rows) + "\n")


def _on_this_screen(folder: Path, organisation: Organisation, language: str) -> None:
    _ = catalogue(language).gettext
    _say(
        _(
            "The agent opens on this screen and waits there for the support code. What you allow is done on this machine."
        )
    )
    _say_keys(_("Enter: a new second factor. Ctrl+C ends the demo."))
    while True:
        began = time.monotonic()
        with agent_on_this_screen(folder, organisation.package, language) as agent:
            _attend(organisation, language, lambda: agent.poll() is None)
        _check_agent(agent, began, folder, language)


def _in_a_window(folder: Path, organisation: Organisation, language: str, own: str) -> None:
    _ = catalogue(language).gettext
    with customers_desktop(folder, shown_on=own, title=_("Mainforte demo - the customer computer")) as desktop:
        _say(
            _("The customer’s computer is the window that has just opened. The agent waits there for the support code.")
        )
        _say_keys(_("Enter: a new second factor. Ctrl+C ends the demo."))
        while True:
            began = time.monotonic()
            agent = desktop.start_agent(organisation.package, "", language)
            _attend(organisation, language, partial(_is_used, desktop, agent))
            if not desktop.display.is_there:
                _say(_("The window of the customer’s computer was closed: the demo ends."))
                return
            _check_agent(agent, began, folder, language)


def _is_used(desktop: Desktop, agent: "subprocess.Popen[str]") -> bool:
    return desktop.display.is_there and agent.poll() is None


def _played(folder: Path, organisation: Organisation, language: str) -> None:
    _ = catalogue(language).gettext
    with ExitStack() as parts:
        desktop = parts.enter_context(customers_desktop(folder))
        customer = Customer(desktop.display, folder, language)

        def tell(label: str) -> None:
            _say(_("The played customer pressed: {button}").format(button=_(label)))

        parts.enter_context(PlayedCustomer(customer, tell))
        _say(
            _(
                "There is no display here, so nobody can click: the customer is played. The real agent runs on a desktop"
                " that nobody sees but the technician, and every question is answered with yes, by mouse, in its window."
            )
        )
        _say_keys(
            _("Type the support code here and press Enter. Enter alone: a new second factor. Ctrl+C ends the demo.")
        )
        agents: list[subprocess.Popen[str]] = []

        def start(code: str) -> None:
            for agent in agents:
                agent.terminate()
            agents[:] = [desktop.start_agent(organisation.package, code, language)]
            _say(_("The customer starts the agent and types this code."))

        _attend(organisation, language, lambda: desktop.display.is_there, on_line=start)
        raise CannotShow(_("The customer’s desktop has ended."))


def _attend(
    organisation: Organisation,
    language: str,
    is_going_on: Callable[[], bool],
    *,
    on_line: Callable[[str], None] | None = None,
) -> None:
    """Read what is typed while it goes on; without a terminal, or after its end, only wait."""
    _ = catalogue(language).gettext
    keyboard = Lines()
    while is_going_on():
        for line in keyboard.wait(TICK_S):
            if line and on_line:
                on_line(line)
            else:
                _say(_("Second factor now: {code}").format(code=organisation.code()))


class Lines:
    """What is typed on standard input, line by line, without ever waiting longer than asked."""

    def __init__(self) -> None:
        self._typed = b""
        self._is_open = not sys.stdin.closed

    def wait(self, seconds: float) -> list[str]:
        """The lines that were completed within this time."""
        if not self._is_open:
            time.sleep(seconds)
            return []
        if not select.select([sys.stdin], [], [], seconds)[0]:
            return []
        read = os.read(sys.stdin.fileno(), 4096)
        self._is_open = bool(read)
        *lines, self._typed = (self._typed + read).split(b"\n")
        return [line.decode(errors="replace").strip() for line in lines]


def _check_agent(agent: "subprocess.Popen[str]", began: float, folder: Path, language: str) -> None:
    _ = catalogue(language).gettext
    if agent.wait() and time.monotonic() - began < FAILS_AT_ONCE_S:
        raise CannotShow(f"{_('The agent does not run:')}\n{agent_log(folder).read_text()[-2000:]}")


def _say_keys(text: str) -> None:
    _say(text + "\n")


def _say(text: str) -> None:
    print(text, flush=True)
