"""`mainforte-viewer`: serves the technician's page, or the auditors' room, from one's own machine."""

import argparse
import asyncio
import getpass
import locale
import os
import signal
import sys
import webbrowser
from pathlib import Path
from typing import Any

from protocol.identity import auditor_fingerprint, with_fingerprints
from protocol.text import tidy_line
from technician_viewer import auditor_key
from technician_viewer.local_page import AUDITORS_PAGE, TECHNICIANS_PAGE, LocalPage
from technician_viewer.settings import Settings, WrongSetting, default_config, read_settings
from translations import best_language, catalogue

CONFIG_VARIABLE = "MAINFORTE_VIEWER_CONFIG"


def _(text: str, **values: object) -> str:
    wanted = os.environ.get("MAINFORTE_LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES")
    language = best_language([wanted or os.environ.get("LANG") or locale.getlocale()[0] or "en"])
    return catalogue(language).gettext(text).format(**values)


def main() -> None:
    """Serve until Ctrl+C."""
    arguments = _parser().parse_args(with_fingerprints(sys.argv[1:]))
    if arguments.command == "auditor-key":
        _make_auditor_key(arguments)
        return
    named = arguments.config or os.environ.get(CONFIG_VARIABLE)
    given: dict[str, Any] = {
        key: value for key in ("relay", "root", "port") if (value := getattr(arguments, key)) is not None
    }
    if arguments.no_browser:
        given["open_browser"] = False
    try:
        settings = read_settings(Path(named) if named else default_config(), given=given, must_exist=bool(named))
        asyncio.run(_serve(settings, AUDITORS_PAGE if arguments.command == "audit" else TECHNICIANS_PAGE))
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
    _add_options(parser)
    commands = parser.add_subparsers(dest="command", metavar=_("COMMAND"))
    # What stands behind the word counts like what stands before it.
    room = commands.add_parser(
        "audit", help=_("the auditors' room: recordings are opened on this machine"), argument_default=argparse.SUPPRESS
    )
    _add_options(room)
    key = commands.add_parser("auditor-key", help=_("make an auditor's keys on this machine"))
    key.add_argument("--name", required=True, help=_("the auditor's name"))
    key.add_argument("--group", default="", help=_("the auditor's group"))
    key.add_argument("--file", type=Path, required=True, help=_("where the keys are kept, under a passphrase"))
    key.add_argument(
        "--public", type=Path, required=True, help=_("where the public keys are written, for the operator")
    )
    key.add_argument("--passphrase-file", type=Path, help=_("a file with the passphrase"))
    return parser


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help=_("the settings file"))
    parser.add_argument(
        "--relay", metavar="ADDRESS", help=_("the organisation's server, such as https://help.example.org")
    )
    parser.add_argument("--root", metavar="FINGERPRINT", help=_("the fingerprint of the organisation's root key"))
    parser.add_argument("--port", type=int, help=_("the port on this machine; any free one unless given"))
    parser.add_argument("--no-browser", action="store_true", help=_("only say the address, open no browser"))


def _make_auditor_key(arguments: argparse.Namespace) -> None:
    name, group = tidy_line(arguments.name), tidy_line(arguments.group)
    if not name:
        sys.exit("mainforte-viewer: " + _("An auditor needs a name."))
    passphrase = _passphrase(arguments.passphrase_file)
    keys = auditor_key.make(name, group)
    try:
        auditor_key.save(arguments.file, keys, passphrase)
        arguments.public.write_bytes(auditor_key.public_text(keys.auditor))
    except OSError as error:
        sys.exit(f"mainforte-viewer: {error}")
    print(
        _(
            "The keys are in {path}. Keep the file and its passphrase: without them no recording opens.",
            path=arguments.file,
        )
    )
    print(
        _(
            "Give the operator {path}, and compare this fingerprint with them: {fingerprint}",
            path=arguments.public,
            fingerprint=auditor_fingerprint(keys.auditor),
        )
    )


def _passphrase(file: Path | None) -> str:
    if file is not None:
        try:
            passphrase = file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            sys.exit(f"mainforte-viewer: {error}")
    else:
        count = auditor_key.PASSPHRASE_CHARACTERS_MIN
        passphrase = getpass.getpass(_("Passphrase for the keys (at least {count} characters): ", count=count))
        if passphrase != getpass.getpass(_("The same again: ")):
            sys.exit("mainforte-viewer: " + _("The two passphrases differ. Nothing was made."))
    if len(passphrase) < auditor_key.PASSPHRASE_CHARACTERS_MIN:
        sys.exit(
            "mainforte-viewer: "
            + _("A passphrase has at least {count} characters.", count=auditor_key.PASSPHRASE_CHARACTERS_MIN)
        )
    return passphrase


async def _serve(settings: Settings, opens: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
    async with LocalPage(settings, opens) as page:
        print(_("Open {address} in your browser. Ctrl+C ends it.", address=page.address + "/"), flush=True)
        if settings.open_browser:
            await asyncio.to_thread(webbrowser.open, page.address + "/")
        await stop.wait()


if __name__ == "__main__":
    main()
