"""`mainforte-relay`: makes the organisation, adds people, serves, and says what is wrong."""

import argparse
import asyncio
import getpass
import os
import re
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NoReturn, TypeVar

import pyotp

from protocol.identity import fingerprint_text
from protocol.text import tidy_line
from relay import agent_package, demo_data, doctor
from relay.commands import evidence
from relay.commands.terminal import CannotGoOn, Exit, _, ask
from relay.desk import people
from relay.desk.application import log_to_stderr, run_desk, tenant_of
from relay.desk.people import Seal, Tenant
from relay.keys import (
    KeyUnusable,
    key_secret,
    load_organisation,
    make_organisation,
    new_secret,
    read_document,
    write_new,
)
from relay.server import DeskDidNotStart, serve
from relay.settings import CONFIG_NAME, SECRET_VARIABLE, Settings, WrongSetting, check_origin, read_settings
from relay.storage.database import Database, migrate, open_database

CONFIG_VARIABLE = "MAINFORTE_CONFIG"

T = TypeVar("T")


class _Parser(argparse.ArgumentParser):
    """Leaves the exit codes below 64 to what commands find out."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(Exit.USAGE, f"{self.prog}: {message}\n")


def main() -> None:
    """Carry out one command."""
    arguments = _parser().parse_args()
    try:
        sys.exit(arguments.run(arguments) or 0)
    except CannotGoOn as error:
        print(f"mainforte-relay: {error}", file=sys.stderr)
        sys.exit(error.code)
    except (WrongSetting, KeyUnusable, FileExistsError) as error:
        print(f"mainforte-relay: {error}", file=sys.stderr)
    except DeskDidNotStart:
        print(f"mainforte-relay: {_('The desk process did not start; the reason is above.')}", file=sys.stderr)
    except OSError as error:
        print(f"mainforte-relay: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        pass
    sys.exit(Exit.FAILED)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="mainforte-relay", description=_("The organisation's server for remote assistance."))
    parser.add_argument(
        "--config", type=Path, default=Path(os.environ.get(CONFIG_VARIABLE, CONFIG_NAME)), help=_("the settings file")
    )
    commands = parser.add_subparsers(required=True, metavar=_("COMMAND"))

    init = commands.add_parser("init", help=_("make the organisation: keys, document, database, settings"))
    init.add_argument("--name", help=_("the organisation's name, as customers know it"))
    init.add_argument("--origin", action="append", default=[], help=_("an address such as https://help.example.org"))
    init.add_argument("--folder", type=Path, help=_("where everything is kept"))
    init.add_argument("--port", type=int, default=8443)
    init.add_argument("--root-key", type=Path, help=_("where the root key is written, to be carried away"))
    init.set_defaults(run=_init)

    user = commands.add_parser("user", help=_("the people of the desk")).add_subparsers(
        required=True, metavar=_("COMMAND")
    )
    add = user.add_parser("add", help=_("add somebody"))
    add.add_argument("name")
    add.add_argument("--role", action="append", required=True, choices=people.ROLES)
    add.add_argument("--full-name")
    add.add_argument("--generate-password", action="store_true", help=_("make a password and print it once"))
    add.add_argument("--totp-secret", help=_("set the second factor up already (demonstrations and programs)"))
    add.set_defaults(run=_user_add)

    package = commands.add_parser("agent-package", help=_("make the agent that carries the organisation's document"))
    package.add_argument("--output", type=Path, required=True, help=_("a new .zip file, or a new folder"))
    package.set_defaults(run=_agent_package)

    commands.add_parser("serve", help=_("run the server")).set_defaults(run=_serve)

    desk = commands.add_parser("desk")
    desk.add_argument("--socket", type=Path, required=True)
    desk.add_argument("--first", action="store_true")
    desk.set_defaults(run=_desk)

    commands.add_parser("doctor", help=_("say what is wrong with the set-up")).set_defaults(run=_doctor)

    check = commands.add_parser("check-log", help=_("check a session log that was downloaded from a ticket"))
    check.add_argument("file", type=Path)
    check.add_argument("--root", help=_("the fingerprint of the organisation's root key"))
    check.set_defaults(run=_check_log)

    commands.add_parser("demo-data", help=_("add a few invented customers and tickets")).set_defaults(run=_demo_data)
    return parser


def _init(arguments: argparse.Namespace) -> None:
    folder = Path(arguments.folder or ask(_("Folder for everything"), "mainforte")).resolve()
    name = tidy_line(arguments.name or ask(_("Name of the organisation")))
    origins = arguments.origin or [ask(_("Address of this server"), f"http://localhost:{arguments.port}")]
    if not name:
        raise CannotGoOn(_("The organisation needs a name."))
    for origin in origins:
        check_origin("--origin", origin)
    config = folder / CONFIG_NAME
    if config.exists():
        raise CannotGoOn(_("{path} is there already: this organisation has been made.", path=config))
    settings = Settings(folder=folder, origins=tuple(origins), port=arguments.port)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.recordings.mkdir(mode=0o700, exist_ok=True)
    secret, is_ours = os.environ.get(SECRET_VARIABLE, ""), False
    if not secret:
        secret, is_ours = new_secret(), True
    passphrase = new_secret()
    root_key = (arguments.root_key or settings.root_key).resolve()
    fingerprint = make_organisation(settings, name, root_key=root_key, root_passphrase=passphrase, secret=secret)
    migrate(settings.database)
    listed = ", ".join(f'"{origin}"' for origin in origins)
    write_new(config, f'folder = "."\norigins = [{listed}]\nhost = "127.0.0.1"\nport = {arguments.port}\n'.encode())
    print(_("The organisation “{name}” is made.", name=name))
    print(_("Settings: {path}", path=config))
    print(_("Fingerprint of the root key: {fingerprint}", fingerprint=fingerprint))
    print(_("Root key: {path}", path=root_key))
    print(_("Its passphrase: {passphrase}", passphrase=passphrase))
    print(
        _(
            "Carry the root key and its passphrase away, to two safe places; the server does not start while it lies beside the data."
        )
    )
    if is_ours:
        print(_("Secret of the server's keys, shown this once: {secret}", secret=secret))
        print(
            _(
                "Give it at start as {variable}, or in a file that the setting secret_file names.",
                variable=SECRET_VARIABLE,
            )
        )


def _user_add(arguments: argparse.Namespace) -> None:
    name = arguments.name.strip().lower()
    if not re.fullmatch(r"[a-z0-9][a-z0-9._@-]{0,63}", name):
        raise CannotGoOn(_("A name to sign in with has letters a-z, digits, and . _ @ - only."))
    password, is_ours = os.environ.get("MAINFORTE_NEW_PASSWORD", ""), False
    if arguments.generate_password:
        password, is_ours = new_secret(), True
    elif not password:
        password = getpass.getpass(_("Password (at least {count} characters): ", count=people.PASSWORD_CHARACTERS_MIN))
        if password != getpass.getpass(_("The same again: ")):
            raise CannotGoOn(_("The two passwords differ."))
    if not people.PASSWORD_CHARACTERS_MIN <= len(password) <= people.PASSWORD_CHARACTERS_MAX:
        raise CannotGoOn(_("A password has at least {count} characters.", count=people.PASSWORD_CHARACTERS_MIN))
    settings = read_settings(arguments.config)
    seal = None
    if arguments.totp_secret is not None:
        try:
            pyotp.TOTP(arguments.totp_secret).now()
        except ValueError:
            raise CannotGoOn(_("The secret of a second factor is base32.")) from None
        seal = Seal(key_secret(settings))
    full_name = tidy_line(arguments.full_name or arguments.name)

    async def add(database: Database, tenant: Tenant) -> None:
        password_hash = await people.hash_password(password)
        async with database.transaction() as connection:
            if await people.find(connection, name) is not None:
                raise CannotGoOn(_("There is somebody called {name} already.", name=name))
            await people.add_person(
                connection,
                tenant,
                name,
                full_name,
                password_hash,
                arguments.role,
                totp_secret=arguments.totp_secret,
                seal=seal,
            )

    asyncio.run(_with_database(settings, add))
    print(_("{name} can sign in now.", name=name))
    if is_ours:
        print(_("Password, shown this once: {password}", password=password))


def _agent_package(arguments: argparse.Namespace) -> None:
    settings = read_settings(arguments.config)
    text, _document, fingerprint = read_document(settings, now=int(time.time()))
    content = agent_package.organisation_file(text, fingerprint_text(fingerprint), settings.origins[0])
    agent_package.build(arguments.output, content)
    print(
        _("The agent is in {path}. Unpacked, it is a folder that is started with: python FOLDER", path=arguments.output)
    )


def _serve(arguments: argparse.Namespace) -> None:
    settings = read_settings(arguments.config)
    load_organisation(settings, key_secret(settings), now=int(time.time()))
    log_to_stderr()
    asyncio.run(
        serve(
            settings,
            arguments.config.resolve(),
            on_ready=lambda port: print(f"ready {settings.origins[0]} {port}", flush=True),
        )
    )


def _desk(arguments: argparse.Namespace) -> None:
    log_to_stderr()
    asyncio.run(run_desk(read_settings(arguments.config), arguments.socket, is_first=arguments.first))


def _doctor(arguments: argparse.Namespace) -> int:
    findings = list(doctor.examine(read_settings(arguments.config)))
    for finding in findings:
        print(("✓ " if finding.is_well else "✗ ") + _(finding.text, **finding.values))
    return 0 if all(finding.is_well for finding in findings) else Exit.FAILED


def _check_log(arguments: argparse.Namespace) -> int:
    return evidence.tell_what_it_proves(arguments.file, arguments.root)


def _demo_data(arguments: argparse.Namespace) -> None:
    settings = read_settings(arguments.config)

    async def add(database: Database, tenant: Tenant) -> list[int]:
        async with database.transaction() as connection:
            somebody = await people.anybody(connection)
        if somebody is None:
            raise CannotGoOn(_("Add somebody first: mainforte-relay user add NAME --role technician"))
        return await demo_data.add(database, tenant, somebody)

    added = asyncio.run(_with_database(settings, add))
    print(_("Tickets added: {numbers}", numbers=", ".join(map(str, added)) or "-"))


async def _with_database(settings: Settings, work: Callable[[Database, Tenant], Awaitable[T]]) -> T:
    """Run `work` on the database, brought up to date first."""
    _text, document, fingerprint = read_document(settings, now=int(time.time()))
    await asyncio.to_thread(migrate, settings.database)
    database = open_database(settings.database)
    try:
        tenant = await tenant_of(database, document.name, fingerprint_text(fingerprint))
        return await work(database, tenant)
    finally:
        await database.close()


if __name__ == "__main__":
    main()
