"""`mainforte-viewer`: serves the technician's page from the technician's own machine."""

import argparse
import asyncio
import locale
import os
import signal
import sys
import webbrowser
from pathlib import Path
from typing import Any

from technician_viewer.local_page import LocalPage
from technician_viewer.settings import Settings, WrongSetting, default_config, read_settings
from translations import best_language, catalogue

CONFIG_VARIABLE = "MAINFORTE_VIEWER_CONFIG"


def _(text: str, **values: object) -> str:
    wanted = os.environ.get("MAINFORTE_LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES")
    language = best_language([wanted or os.environ.get("LANG") or locale.getlocale()[0] or "en"])
    return catalogue(language).gettext(text).format(**values)


def main() -> None:
    """Serve until Ctrl+C."""
    arguments = _parser().parse_args()
    named = arguments.config or os.environ.get(CONFIG_VARIABLE)
    given: dict[str, Any] = {
        key: value for key in ("relay", "root", "port") if (value := getattr(arguments, key)) is not None
    }
    if arguments.no_browser:
        given["open_browser"] = False
    try:
        settings = read_settings(Path(named) if named else default_config(), given=given, must_exist=bool(named))
        asyncio.run(_serve(settings))
    except WrongSetting as error:
        sys.exit(f"mainforte-viewer: {error}")
    except OSError as error:
        sys.exit(
            "mainforte-viewer: " + _("The page cannot be served here: {reason}. Choose another port.", reason=error)
        )
    except KeyboardInterrupt:
        pass


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mainforte-viewer",
        description=_("The technician's page, served from your own machine, so that the server cannot change it."),
    )
    parser.add_argument("--config", type=Path, help=_("the settings file"))
    parser.add_argument(
        "--relay", metavar="ADDRESS", help=_("the organisation's server, such as https://help.example.org")
    )
    parser.add_argument("--root", metavar="FINGERPRINT", help=_("the fingerprint of the organisation's root key"))
    parser.add_argument("--port", type=int, help=_("the port on this machine; any free one unless given"))
    parser.add_argument("--no-browser", action="store_true", help=_("only say the address, open no browser"))
    return parser


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
    async with LocalPage(settings) as page:
        print(_("Open {address} in your browser. Ctrl+C ends it.", address=page.address + "/"), flush=True)
        if settings.open_browser:
            await asyncio.to_thread(webbrowser.open, page.address + "/")
        await stop.wait()


if __name__ == "__main__":
    main()
