"""`mainforte-relay`: makes the organisation, adds people, serves, and says what is wrong.

Each command imports what it alone needs: people wait for a server that starts again.
"""

import argparse
import asyncio
import gc
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from protocol.identity import fingerprint_text, with_fingerprints
from protocol.limits import DOCUMENT_VALID_S_MAX
from relay.commands.terminal import CannotGoOn, Exit, _
from relay.desk.roles import ROLES
from relay.keys import KeyUnusable, key_secret, load_organisation, read_document
from relay.logs import log_to_stderr
from relay.server import READY, DeskDidNotStart, ServesAlready, serve
from relay.settings import CONFIG_NAME, Settings, WrongSetting, read_settings

if TYPE_CHECKING:
    from relay.desk.people import Tenant
    from relay.storage.database import Database

CONFIG_VARIABLE = "MAINFORTE_CONFIG"

DOCUMENT_DAYS_MAX = DOCUMENT_VALID_S_MAX // (24 * 3600)


class _Parser(argparse.ArgumentParser):
    """Leaves the exit codes below 64 to what commands find out."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(Exit.USAGE, f"{self.prog}: {message}\n")


def main() -> None:
    """Carry out one command."""
    arguments = _parser().parse_args(with_fingerprints(sys.argv[1:]))
    try:
        sys.exit(arguments.run(arguments) or 0)
    except CannotGoOn as error:
        print(f"mainforte-relay: {error}", file=sys.stderr)
        sys.exit(error.code)
    except (WrongSetting, KeyUnusable, FileExistsError) as error:
        print(f"mainforte-relay: {error}", file=sys.stderr)
    except DeskDidNotStart:
        print(f"mainforte-relay: {_('The desk process did not start; the reason is above.')}", file=sys.stderr)
    except ServesAlready as error:
        print(f"mainforte-relay: {_('A server runs in {folder} already.', folder=error)}", file=sys.stderr)
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
    init.add_argument("--passphrase-file", type=Path, help=_("a file with the root key's passphrase"))
    init.add_argument(
        "--generate-passphrase", action="store_true", help=_("make the root key's passphrase and print it once")
    )
    init.set_defaults(run=_init)

    sign = commands.add_parser(
        "sign-document", help=_("sign the organisation's document anew, with the root key brought back")
    )
    sign.add_argument("--root-key", type=Path, required=True, help=_("the root key, e.g. on the stick it was kept on"))
    sign.add_argument("--passphrase-file", type=Path, help=_("a file with the root key's passphrase"))
    sign.add_argument(
        "--valid-days",
        type=int,
        choices=range(1, DOCUMENT_DAYS_MAX + 1),
        default=DOCUMENT_DAYS_MAX,
        metavar="DAYS",
        help=_("how long it is valid, at most {days} days", days=DOCUMENT_DAYS_MAX),
    )
    sign.add_argument("--number", type=int, help=_("its number, higher than that of the one in use"))
    sign.add_argument(
        "--retire-log-key", action="store_true", help=_("name the log's key of before the last change no more")
    )
    sign.set_defaults(run=_sign_document)

    change = commands.add_parser(
        "change-log-key", help=_("give the log of sessions another key, with the root key brought back")
    )
    change.add_argument(
        "--root-key", type=Path, required=True, help=_("the root key, e.g. on the stick it was kept on")
    )
    change.add_argument("--passphrase-file", type=Path, help=_("a file with the root key's passphrase"))
    change.add_argument("--stolen", action="store_true", help=_("somebody else has the key of now: it counts no more"))
    change.set_defaults(run=_change_log_key)

    auditor = commands.add_parser("auditor", help=_("who can watch recordings")).add_subparsers(
        required=True, metavar=_("COMMAND")
    )
    add_auditor = auditor.add_parser("add", help=_("have the next document name an auditor"))
    add_auditor.add_argument("file", type=Path, help=_("the public keys that mainforte-viewer auditor-key wrote"))
    add_auditor.set_defaults(run=_auditor_add)
    remove_auditor = auditor.add_parser("remove", help=_("have the next document name an auditor no more"))
    remove_auditor.add_argument("name")
    remove_auditor.set_defaults(run=_auditor_remove)
    list_auditors = auditor.add_parser("list", help=_("say who is named, and by which keys"))
    list_auditors.set_defaults(run=_auditor_list)

    user = commands.add_parser("user", help=_("the people of the desk")).add_subparsers(
        required=True, metavar=_("COMMAND")
    )
    add = user.add_parser("add", help=_("add somebody"))
    add.add_argument("name")
    add.add_argument("--role", action="append", required=True, choices=ROLES)
    add.add_argument("--full-name")
    add.add_argument("--generate-password", action="store_true", help=_("make a password and print it once"))
    add.add_argument("--totp-secret", help=_("set the second factor up already (demonstrations and programs)"))
    add.set_defaults(run=_user_add)
    password = user.add_parser("set-password", help=_("give somebody a new password"))
    password.add_argument("name")
    password.add_argument("--generate-password", action="store_true", help=_("make a password and print it once"))
    password.set_defaults(run=_user_set_password)
    for name, run, text in (
        ("reset-second-factor", _user_reset_second_factor, _("take away a second factor that was lost")),
        ("disable", _user_disable, _("sign somebody out everywhere and let them in no more")),
        ("enable", _user_enable, _("let somebody in again")),
    ):
        command = user.add_parser(name, help=text)
        command.add_argument("name")
        command.set_defaults(run=run)

    package = commands.add_parser("agent-package", help=_("make the agent that carries the organisation's document"))
    package.add_argument("--output", type=Path, required=True, help=_("a new .zip file, or a new folder"))
    package.set_defaults(run=_agent_package)

    commands.add_parser("serve", help=_("run the server")).set_defaults(run=_serve)

    desk = commands.add_parser("desk")
    desk.add_argument("--socket", type=Path, required=True)
    desk.add_argument("--listening", type=int, required=True, metavar="DESCRIPTOR")
    desk.add_argument("--run", dest="run_name", required=True)
    desk.add_argument("--first", action="store_true")
    desk.set_defaults(run=_desk)

    commands.add_parser("doctor", help=_("say what is wrong with the set-up")).set_defaults(run=_doctor)

    check = commands.add_parser("check-log", help=_("check a session log that was downloaded from a ticket"))
    check.add_argument("file", type=Path)
    check.add_argument("--root", help=_("the fingerprint of the organisation's root key"))
    check.set_defaults(run=_check_log)

    kept = commands.add_parser("evidence", help=_("what is kept of sessions")).add_subparsers(
        required=True, metavar=_("COMMAND")
    )
    everything = kept.add_parser("check", help=_("go over everything that is kept, and say what is wrong"))
    everything.add_argument(
        "--checkpoint",
        type=Path,
        action="append",
        default=[],
        help=_("a state of the log of sessions that somebody else holds, to be compared"),
    )
    everything.add_argument("--quick", action="store_true", help=_("do not read the recordings"))
    everything.set_defaults(run=_evidence_check)
    kept.add_parser("key", help=_("print the log's key, for witnesses")).set_defaults(run=_evidence_key)
    for name, run, text in (
        ("hold", _evidence_hold, _("keep everything of a session, whatever its time")),
        ("release", _evidence_release, _("end a hold")),
        ("delete", _evidence_delete, _("delete evidence of a session now, and print the certificate of it")),
    ):
        command = kept.add_parser(name, help=text)
        command.add_argument("session")
        if name == "delete":
            command.add_argument("what", choices=("recording", "log"))
        command.add_argument("--reason", required=True, help=_("why; it stays with the evidence"))
        command.set_defaults(run=run)

    copy = commands.add_parser("backup", help=_("copy everything into a new folder, while the server runs"))
    copy.add_argument("folder", type=Path)
    copy.set_defaults(run=_backup)
    restored = commands.add_parser("restore", help=_("put a backup back, if it does not rewind the log of sessions"))
    restored.add_argument("folder", type=Path)
    restored.add_argument(
        "--checkpoint",
        type=Path,
        action="append",
        default=[],
        help=_("a state of the log of sessions that somebody else holds, to be compared"),
    )
    restored.add_argument(
        "--accept-loss", action="store_true", help=_("restore also what rewinds the log, which then says so for ever")
    )
    restored.set_defaults(run=_restore)

    customers = commands.add_parser("import-customers", help=_("take customers from a CSV file: all of it, or nothing"))
    customers.add_argument("file", type=Path)
    customers.add_argument("--report", type=Path, help=_("where mistakes are written; else beside the file"))
    customers.add_argument("--skip-wrong", action="store_true", help=_("take what is right, and leave out the rest"))
    customers.set_defaults(run=_import_customers)

    demo = commands.add_parser("demo-data", help=_("add a few invented customers and tickets"))
    demo.add_argument("--year-of", type=int, default=0, metavar="TICKETS", help=_("and that many tickets of a year"))
    demo.set_defaults(run=_demo_data)
    return parser


def _init(arguments: argparse.Namespace) -> None:
    from relay.commands import organisation

    organisation.make(
        organisation.Wish(
            name=arguments.name or "",
            origins=tuple(arguments.origin),
            folder=arguments.folder,
            port=arguments.port,
            root_key=arguments.root_key,
            passphrase_file=arguments.passphrase_file,
            generate_passphrase=arguments.generate_passphrase,
        )
    )


def _sign_document(arguments: argparse.Namespace) -> None:
    from relay.commands import organisation

    organisation.sign_document(
        read_settings(arguments.config),
        root_key=arguments.root_key,
        passphrase_file=arguments.passphrase_file,
        valid_days=arguments.valid_days,
        number=arguments.number,
        retire_log_key=arguments.retire_log_key,
    )


def _change_log_key(arguments: argparse.Namespace) -> None:
    from relay.commands import organisation

    organisation.change_log_key(
        read_settings(arguments.config),
        root_key=arguments.root_key,
        passphrase_file=arguments.passphrase_file,
        is_stolen=arguments.stolen,
    )


def _auditor_add(arguments: argparse.Namespace) -> None:
    from relay.commands import organisation

    organisation.add_auditor(read_settings(arguments.config), arguments.file)


def _auditor_remove(arguments: argparse.Namespace) -> None:
    from relay.commands import organisation

    organisation.remove_auditor(read_settings(arguments.config), arguments.name)


def _auditor_list(arguments: argparse.Namespace) -> None:
    from relay.commands import organisation

    organisation.list_auditors(read_settings(arguments.config))


def _user_add(arguments: argparse.Namespace) -> None:
    from relay.commands import staff

    staff.add(
        read_settings(arguments.config),
        arguments.name,
        full_name=arguments.full_name,
        roles=arguments.role,
        generate_password=arguments.generate_password,
        totp_secret=arguments.totp_secret,
    )


def _user_set_password(arguments: argparse.Namespace) -> None:
    from relay.commands import staff

    staff.set_password(read_settings(arguments.config), arguments.name, generate_password=arguments.generate_password)


def _user_reset_second_factor(arguments: argparse.Namespace) -> None:
    from relay.commands import staff

    staff.reset_second_factor(read_settings(arguments.config), arguments.name)


def _user_disable(arguments: argparse.Namespace) -> None:
    from relay.commands import staff

    staff.disable(read_settings(arguments.config), arguments.name)


def _user_enable(arguments: argparse.Namespace) -> None:
    from relay.commands import staff

    staff.enable(read_settings(arguments.config), arguments.name)


def _agent_package(arguments: argparse.Namespace) -> None:
    from relay import agent_package

    settings = read_settings(arguments.config)
    text, _document, fingerprint = read_document(settings, now=int(time.time()))
    content = agent_package.organisation_file(text, fingerprint_text(fingerprint), settings.origins[0])
    agent_package.build(arguments.output, content)
    print(
        _("The agent is in {path}. Unpacked, it is a folder that is started with: python FOLDER", path=arguments.output)
    )


def _serve(arguments: argparse.Namespace) -> None:
    import uvloop

    # What is imported stays: to look through it for garbage would hold up all sessions for 20 ms.
    gc.freeze()
    settings = read_settings(arguments.config)
    load_organisation(settings, key_secret(settings), now=int(time.time()))
    log_to_stderr()
    uvloop.run(
        serve(
            settings,
            arguments.config.resolve(),
            on_ready=lambda port: print(f"ready {settings.own_origins[0]} {port}", flush=True),
        )
    )


def _desk(arguments: argparse.Namespace) -> None:
    import socket

    # After a restart people wait. What is imported stays: looking through it for garbage is a tenth of the time that it takes.
    gc.disable()
    from relay.desk.application import run_desk
    from relay.desk.nodes import Replaced
    from relay.evidence.checkpoints import LogWasRewound

    gc.freeze()
    gc.enable()

    log_to_stderr()
    listening = socket.socket(fileno=arguments.listening)
    settings = read_settings(arguments.config)
    ready = lambda: print(READY.decode(), end="", flush=True)  # noqa: E731
    try:
        asyncio.run(run_desk(settings, listening, run=arguments.run_name, is_first=arguments.first, on_ready=ready))
    except Replaced:
        raise CannotGoOn(_replaced(settings), Exit.REPLACED) from None
    except LogWasRewound as error:
        raise CannotGoOn(
            _(
                "The log of sessions is not the one that was published: {why}. Restore the newest state, with"
                " `mainforte-relay restore` or your own backup of the database.",
                why=error,
            )
        ) from None


def _replaced(settings: Settings) -> str:
    if not settings.node:
        return _(
            "Another server has started on this database, and goes on in the place of this one. Where both are meant to run,"
            " each needs the setting node."
        )
    return _(
        "Another server has started as {node} on this database, and goes on in the place of this one.",
        node=settings.node,
    )


def _doctor(arguments: argparse.Namespace) -> int:
    from relay import doctor

    findings = list(doctor.examine(read_settings(arguments.config)))
    for finding in findings:
        print(("✓ " if finding.is_well else "✗ ") + _(finding.text, **finding.values))
    return 0 if all(finding.is_well for finding in findings) else Exit.FAILED


def _check_log(arguments: argparse.Namespace) -> int:
    from relay.commands import evidence

    return evidence.tell_what_it_proves(arguments.file, arguments.root)


def _evidence_check(arguments: argparse.Namespace) -> int:
    from relay.commands import keeping

    return keeping.check(read_settings(arguments.config), arguments.checkpoint, is_quick=arguments.quick)


def _evidence_key(arguments: argparse.Namespace) -> None:
    from relay.commands import keeping

    keeping.print_key(read_settings(arguments.config))


def _evidence_hold(arguments: argparse.Namespace) -> None:
    from relay.commands import keeping

    keeping.hold(read_settings(arguments.config), arguments.session, arguments.reason)


def _evidence_release(arguments: argparse.Namespace) -> None:
    from relay.commands import keeping

    keeping.release(read_settings(arguments.config), arguments.session, arguments.reason)


def _evidence_delete(arguments: argparse.Namespace) -> None:
    from relay.commands import keeping

    keeping.delete(read_settings(arguments.config), arguments.session, arguments.what, arguments.reason)


def _backup(arguments: argparse.Namespace) -> None:
    from relay.commands import backups

    backups.backup(read_settings(arguments.config), arguments.config.resolve(), arguments.folder)


def _restore(arguments: argparse.Namespace) -> None:
    from relay.commands import backups

    settings = read_settings(arguments.config)
    backups.restore(settings, arguments.folder, checkpoints=arguments.checkpoint, accept_loss=arguments.accept_loss)


def _import_customers(arguments: argparse.Namespace) -> None:
    from relay.commands import imports  # nothing that other commands need

    settings = read_settings(arguments.config)
    imports.import_customers(settings, arguments.file, arguments.report, skip_wrong=arguments.skip_wrong)


def _demo_data(arguments: argparse.Namespace) -> None:
    from relay import demo_data
    from relay.commands import staff
    from relay.desk import people

    settings = read_settings(arguments.config)

    async def add(database: "Database", tenant: "Tenant") -> list[int]:
        async with database.transaction() as connection:
            somebody = await people.anybody(connection)
        if somebody is None:
            raise CannotGoOn(_("Add somebody first: mainforte-relay user add NAME --role technician"))
        return await demo_data.add(database, tenant, somebody, year_of=max(0, arguments.year_of))

    added = asyncio.run(staff.with_database(settings, add))
    print(_("Tickets added: {numbers}", numbers=_runs(added) or "-"))


def _runs(numbers: list[int]) -> str:
    """Numbers as people read them: `2036, 2038–2441` rather than each of a year."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    return ", ".join("–".join(map(str, run)) for run in runs)


if __name__ == "__main__":
    main()
