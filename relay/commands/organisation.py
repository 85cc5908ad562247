"""`init`, `sign-document`, `change-log-key`: the organisation is made, its document signed before it runs out, its log given a new key."""

import getpass
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.identity import Auditor, OrganisationDocument, auditor_fingerprint, public_bytes
from protocol.text import tidy_line
from relay import auditors, keys
from relay.commands.terminal import CannotGoOn, Exit, _, ask, say
from relay.keys import key_secret, load_key, make_organisation, new_secret, renew_document
from relay.settings import CONFIG_NAME, SECRET_VARIABLE, Settings, check_origin
from relay.storage.database import migrate
from relay.storage.files import write_new

PASSPHRASE_VARIABLE = "MAINFORTE_ROOT_PASSPHRASE"  # noqa: S105 - the variable's name
PASSPHRASE_CHARACTERS_MIN = 12
DAY_S = 24 * 3600

T = TypeVar("T")


@dataclass(frozen=True)
class Wish:
    """What `init` was told; what is empty is asked for."""

    name: str
    origins: tuple[str, ...]
    folder: Path | None
    port: int
    root_key: Path | None
    passphrase_file: Path | None
    generate_passphrase: bool


def make(wish: Wish) -> None:
    """Make keys, document, database and settings, and tell what to carry away."""
    folder = Path(wish.folder or ask(_("Folder for everything"), "mainforte")).resolve()
    name = tidy_line(wish.name or ask(_("Name of the organisation")))
    origins = wish.origins or (ask(_("Address of this server"), f"http://localhost:{wish.port}"),)
    if not name:
        raise CannotGoOn(_("The organisation needs a name."))
    for origin in origins:
        check_origin("--origin", origin)
    config = folder / CONFIG_NAME
    if config.exists():
        raise CannotGoOn(_("{path} is there already: this organisation has been made.", path=config))
    settings = Settings(folder=folder, origins=origins, port=wish.port)
    passphrase, is_generated = _new_passphrase(wish)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.recordings.mkdir(mode=0o700, exist_ok=True)
    secret, is_ours = os.environ.get(SECRET_VARIABLE, ""), False
    if not secret:
        secret, is_ours = new_secret(), True
    root_key = (wish.root_key or settings.root_key).resolve()
    fingerprint = make_organisation(settings, name, root_key=root_key, root_passphrase=passphrase, secret=secret)
    migrate(settings.database)
    listed = ", ".join(f'"{origin}"' for origin in origins)
    write_new(config, f'folder = "."\norigins = [{listed}]\nhost = "127.0.0.1"\nport = {wish.port}\n'.encode())
    say(_("The organisation “{name}” is made.", name=name))
    say(_("Settings: {path}", path=config))
    say(_("Fingerprint of the root key: {fingerprint}", fingerprint=fingerprint))
    say(_("Root key: {path}", path=root_key))
    if is_generated:
        say(_("Its passphrase: {passphrase}", passphrase=passphrase))
    say(
        _(
            "Carry the root key and its passphrase away, to two safe places; the server does not start while it lies beside the data."
        )
    )
    if is_ours:
        say(_("Secret of the server's keys, shown this once: {secret}", secret=secret))
        say(
            _(
                "Give it at start as {variable}, or in a file that the setting secret_file names.",
                variable=SECRET_VARIABLE,
            )
        )


def sign_document(
    settings: Settings,
    *,
    root_key: Path,
    passphrase_file: Path | None,
    valid_days: int,
    number: int | None,
    retire_log_key: bool,
) -> None:
    """Sign the next document with the root key that was brought back, and put it in its place.

    Args:
        retire_log_key: it no longer names the log's key of before the last change.
    """
    key = _root_key(root_key, passphrase_file)
    named = _auditors(settings)
    log_keys = [public_bytes(load_key(settings.log_key, key_secret(settings)))] if retire_log_key else ()
    document = renew_document(
        settings,
        key,
        auditors=named,
        valid_s=valid_days * DAY_S,
        number=number,
        now=int(time.time()),
        log_keys=log_keys,
    )
    if retire_log_key:
        settings.log_key_before.unlink(missing_ok=True)
    _tell_signed(settings, document)


def change_log_key(settings: Settings, *, root_key: Path, passphrase_file: Path | None, is_stolen: bool) -> None:
    """Give the log of sessions another key, with a document that names it."""
    root = _root_key(root_key, passphrase_file)
    document = keys.change_log_key(
        settings,
        root,
        key_secret(settings),
        auditors=_auditors(settings),
        is_stolen=is_stolen,
        now=int(time.time()),
    )
    say(_("The log of sessions has a new key. Tell witnesses: mainforte-relay evidence key"))
    if is_stolen:
        say(_("The key of before counts no more: agents with an earlier document can begin no session."))
    else:
        say(
            _(
                "The key of before signs as well, so that agents with an earlier document go on working. Once none of these is in"
                " use any more, sign a document with --retire-log-key."
            )
        )
    _tell_signed(settings, document)


def _root_key(file: Path, passphrase_file: Path | None) -> Ed25519PrivateKey:
    """The root key that was brought back, opened with a passphrase that was given or is typed."""
    passphrase = _given_passphrase(passphrase_file)
    if not passphrase:
        if not sys.stdin.isatty():
            raise CannotGoOn(_no_passphrase(), Exit.USAGE)
        passphrase = getpass.getpass(_("Passphrase of the root key: "))
    return load_key(file, passphrase)


def _auditors(settings: Settings) -> list[Auditor]:
    """Whom the next document names."""
    named = auditors.of(settings)
    if settings.recording != "off" and not named:
        raise CannotGoOn(
            _("The settings say that sessions are recorded, and nobody could watch: add an auditor first.")
        )
    return named


def _tell_signed(settings: Settings, document: OrganisationDocument) -> None:
    say(
        _(
            "Document {number} is signed, valid for {days} days, and in its place: {path}",
            number=document.number,
            days=(document.valid_until - document.valid_from) // DAY_S,
            path=settings.organisation_document,
        )
    )
    say(_("Recording: {policy}; auditors: {names}", policy=document.recording, names=_names(document.auditors)))
    say(_("Carry the root key away again, start the server again, and give out new agent packages."))


def _names(named: Sequence[Auditor]) -> str:
    return ", ".join(auditor.name for auditor in named) or "-"


def add_auditor(settings: Settings, file: Path) -> None:
    """Let the next document name an auditor."""
    auditor = _or_tell(lambda: auditors.add(settings, file))
    say(_("{name} will be named as an auditor by the next document.", name=auditor.name))
    say(
        _(
            "Compare this fingerprint with {name}, in person or by telephone: {fingerprint}",
            name=auditor.name,
            fingerprint=auditor_fingerprint(auditor),
        )
    )
    say(_("Then sign the document: mainforte-relay sign-document --root-key FILE"))


def remove_auditor(settings: Settings, name: str) -> None:
    """Let the next document name an auditor no more."""
    _or_tell(lambda: auditors.remove(settings, name))
    say(_("{name} will not be named by the next document; sign it now: mainforte-relay sign-document", name=name))
    say(_("Recordings that were sealed for {name} before stay so, as long as they are kept.", name=name))


def list_auditors(settings: Settings) -> None:
    """Say who is named, and by which keys."""
    for auditor in _or_tell(lambda: auditors.of(settings)):
        say(f"{auditor.name}  {auditor_fingerprint(auditor)}")


def _or_tell(work: Callable[[], T]) -> T:
    try:
        return work()
    except auditors.NotAnAuditor as error:
        raise CannotGoOn(str(error)) from None


def _new_passphrase(wish: Wish) -> tuple[str, bool]:
    """The passphrase for the root key, and whether it was made here and has to be shown."""
    if wish.generate_passphrase:
        return new_secret(), True
    passphrase = _given_passphrase(wish.passphrase_file)
    if not passphrase:
        if not sys.stdin.isatty():
            return new_secret(), True
        passphrase = getpass.getpass(
            _("Passphrase for the root key (at least {count} characters): ", count=PASSPHRASE_CHARACTERS_MIN)
        )
        if passphrase != getpass.getpass(_("The same again: ")):
            raise CannotGoOn(_("The two passphrases differ. Nothing was made."))
    if len(passphrase) < PASSPHRASE_CHARACTERS_MIN:
        raise CannotGoOn(_("A passphrase has at least {count} characters.", count=PASSPHRASE_CHARACTERS_MIN))
    return passphrase, False


def _given_passphrase(file: Path | None) -> str:
    """From the file or the environment; empty where neither has one."""
    if file is None:
        return os.environ.get(PASSPHRASE_VARIABLE, "")
    try:
        passphrase = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotGoOn(_("{file} cannot be read: {why}", file=file, why=error), Exit.NO_INPUT) from None
    if not passphrase:
        raise CannotGoOn(_("{file} is empty: expected a passphrase on its first line.", file=file), Exit.NO_INPUT)
    return passphrase


def _no_passphrase() -> str:
    return _(
        "The root key's passphrase is missing: give --passphrase-file, or {variable}, or start this on a terminal.",
        variable=PASSPHRASE_VARIABLE,
    )
