"""`mainforte-agent`: what a customer starts to be helped once. It leaves nothing behind."""

import asyncio
import locale
import logging
import sys
import threading
import tkinter

from client_agent.agent import be_helped
from client_agent.organisation import NotReachable, checked_address, read_package
from client_agent.prompts.terminal import TerminalCustomer
from client_agent.prompts.window import WindowCustomer
from client_agent.settings import Settings, read_settings
from protocol.errors import BadSupportCode, NotCertified
from protocol.vocabulary import Outcome
from translations import best_language, catalogue

# Somebody who signs out does not wait, nor does their system; what was written down is at the relay much sooner.
_END_WITH_DISPLAY_S = 5.0
_WELL = {Outcome.COMPLETED, Outcome.STOPPED, Outcome.DECLINED, Outcome.UNANSWERED, None}


def main() -> None:
    """Run the agent; the exit code is 0 unless something went wrong that nobody decided."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    settings = read_settings(sys.argv[1:], language=best_language([locale.getlocale()[0] or "en"]))
    _check(settings)
    try:
        outcome = _on_terminal(settings) if settings.is_text else _in_windows(settings)
    except tkinter.TclError:
        sys.exit("mainforte-agent: there is no display to show. Start it on the desktop that is to be seen.")
    sys.exit(0 if outcome in _WELL else 1)


def _check(settings: Settings) -> None:
    """End at once where what was given at the start cannot be; whom to believe is decided later, before the customer's eyes."""
    _ = catalogue(settings.language).gettext
    try:
        if settings.package:
            read_package(settings.package)
        if settings.address:
            checked_address(settings.address)
    except NotReachable:
        text = _("{path} is not an agent package. Get the program again from the organisation that helps you.")
        sys.exit(f"mainforte-agent: {text.format(path=settings.package)}")
    except BadSupportCode:
        text = _("--address: expected the address of an organisation, such as https://help.example.org.")
        sys.exit(f"mainforte-agent: {text}")
    except NotCertified:
        pass


def _on_terminal(settings: Settings) -> Outcome | None:
    """The same questions as plain lines, which screen readers reach."""

    async def work() -> Outcome | None:
        return await be_helped(TerminalCustomer(language=settings.language), settings)

    return asyncio.run(work())


def _in_windows(settings: Settings) -> Outcome | None:
    """Tk owns the main thread; the session runs in another."""
    customer = WindowCustomer(language=settings.language)
    outcome: list[Outcome | None] = []

    def work() -> None:
        try:
            outcome.append(asyncio.run(be_helped(customer, settings)))
        finally:
            customer.close()

    session = threading.Thread(target=work, name="session")
    customer.end_with_display(lambda: session.join(_END_WITH_DISPLAY_S))
    session.start()
    customer.run()
    session.join()
    return outcome[0] if outcome else Outcome.FAILED


if __name__ == "__main__":
    main()
