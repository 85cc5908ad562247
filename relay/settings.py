"""The relay's settings: one TOML file, environment variables over it, every wrong value refused by name."""

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SECRET_VARIABLE = "MAINFORTE_KEY_SECRET"  # noqa: S105 - the variable's name
SMTP_PASSWORD_VARIABLE = "MAINFORTE_SMTP_PASSWORD"  # noqa: S105 - the variable's name
CONFIG_NAME = "mainforte.toml"

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class WrongSetting(Exception):
    """A setting has a value that cannot be; the text names the key and what was expected."""


@dataclass(frozen=True)
class SmtpServer:
    """Who takes our mail. On another machine never without TLS."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    is_tls: bool = False
    """TLS from the first byte; else STARTTLS, unless the server is on this machine."""

    @property
    def is_here(self) -> bool:
        return self.host in _LOOPBACK


@dataclass(frozen=True)
class Settings:
    """What the operator decides. Paths are absolute once read."""

    folder: Path
    """Where keys, database and recordings lie."""
    origins: tuple[str, ...]
    """The addresses that browsers know this server by, e.g. `https://help.example.org`; with several nodes, those of all of them."""
    node: str = ""
    """Which of `origins` leads to this very node, where several work on one database; empty: there is only this one."""
    host: str = "127.0.0.1"
    port: int = 8443
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    behind_proxy: bool = False
    """A proxy before us speaks TLS: plain HTTP is then allowed off loopback, and cookies are Secure."""
    secret_file: Path | None = None
    """Holds the secret of the issuing and log keys, unless the environment gives it."""
    time_zone: str = "Europe/Paris"
    """How pages write times."""
    sign_in_hours: int = 10
    """How long a sign-in lasts."""
    sign_in_failures_max: int = 10
    """Failed sign-ins per address, and per account, in a quarter of an hour."""
    recording: str = "off"
    """Whether sessions are recorded, from the next organisation document on: `off`, `asked`, or `required` of whoever is to control."""
    recording_days: int = 90
    """How long recordings are kept, as customers are told."""
    log_days: int = 365
    """How long session logs are kept."""
    witnesses: tuple[str, ...] = ()
    """Who cosigns the log of sessions, from the next organisation document on: each `NAME+ID+KEY@ADDRESS`."""
    witness_quorum: int = 0
    """How many of them must have cosigned that a session is in the log before anything is allowed in it."""
    database_url: str = ""
    """A PostgreSQL database, `postgresql://user@host/name`; empty: a file in the folder."""

    recordings_url: str = ""
    """A bucket for recordings, `s3://bucket/prefix`, reached with the usual AWS_… variables; empty: a folder beside the database."""
    smtp: SmtpServer | None = None
    """Where mail to customers goes, `smtp://user@host:587` or `smtps://…`; the password is in MAINFORTE_SMTP_PASSWORD. Without: nowhere."""
    mail_from: str = ""
    """The desk's own address."""
    mail_listen: tuple[str, int] | None = None
    """Where a mail server on this machine hands over, by SMTP, what customers write, e.g. `127.0.0.1:8025`."""

    @property
    def own_origins(self) -> tuple[str, ...]:
        """Those of `origins` that lead here."""
        return (self.node,) if self.node else self.origins

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach us over TLS."""
        return self.tls_certificate is not None or self.behind_proxy

    @property
    def database(self) -> Path | str:
        """A file, or the URL of a database elsewhere."""
        return self.database_url or self.folder / "database.sqlite3"

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    @property
    def auditors(self) -> Path:
        """Where the public keys lie of the auditors whom the next document names."""
        return self.folder / "auditors"

    @property
    def organisation_document(self) -> Path:
        return self.folder / "organisation.signed.json"

    @property
    def issuing_key(self) -> Path:
        return self.folder / "issuing-key.pem"

    @property
    def log_key(self) -> Path:
        return self.folder / "log-key.pem"

    @property
    def log_key_before(self) -> Path:
        """The log's key before the last change, which signs as well until the document names it no more; often there is none."""
        return self.folder / "log-key-before.pem"

    @property
    def log_checkpoint(self) -> Path:
        """The newest published state of the log of sessions: a database that holds less was rewound."""
        return self.folder / "log-of-sessions.checkpoint"

    @property
    def root_key(self) -> Path:
        """Where `init` leaves the root key; `serve` refuses to run while it is still there."""
        return self.folder / "root-key.pem"


def read_settings(config: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the file, put `MAINFORTE_…` variables over it and check every value.

    Raises:
        WrongSetting: something is missing, unknown, or cannot be.
    """
    try:
        values: dict[str, Any] = tomllib.loads(config.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WrongSetting(f"{config}: no such file; `mainforte-relay init` makes it") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongSetting(f"{config}: expected a TOML file: {error}") from None
    known = {field.name for field in fields(Settings)}
    for key in values:
        if key not in known:
            raise WrongSetting(f"{key}: unknown; known are {', '.join(sorted(known))}")
    for key in known:
        if (text := environment.get(f"MAINFORTE_{key.upper()}")) is not None:
            values[key] = _from_text(key, text)
    values.setdefault("folder", ".")
    if "origins" not in values:
        raise WrongSetting('origins: missing; expected a list such as ["https://help.example.org"]')
    checked = {key: _CHECKS[key](key, value, config.parent.resolve()) for key, value in values.items()}
    if checked.get("smtp") and (password := environment.get(SMTP_PASSWORD_VARIABLE)):
        checked["smtp"] = replace(checked["smtp"], password=password)
    settings = Settings(**checked)
    _check_together(settings)
    return settings


def _from_text(key: str, text: str) -> Any:
    """An environment variable as TOML would have given it."""
    if key in {"origins", "witnesses"}:
        return [part.strip() for part in text.split(",")]
    if key in {"port", "sign_in_hours", "sign_in_failures_max", "recording_days", "log_days", "witness_quorum"}:
        return int(text) if text.isascii() and text.isdigit() else text
    if key == "behind_proxy":
        return {"true": True, "false": False}.get(text.lower(), text)
    return text


def _line(key: str, value: Any, _base: Path) -> str:
    if not isinstance(value, str) or not value or len(value) > 255 or not value.isprintable():
        raise WrongSetting(f"{key}: expected one line of text")
    return value


def _lines(key: str, value: Any, base: Path) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > 16:
        raise WrongSetting(f"{key}: expected a list of at most 16 texts")
    return tuple(_line(key, each, base) for each in value)


def _path(key: str, value: Any, base: Path) -> Path:
    return (base / Path(_line(key, value, base)).expanduser()).resolve()


def _flag(key: str, value: Any, _base: Path) -> bool:
    if not isinstance(value, bool):
        raise WrongSetting(f"{key}: expected true or false")
    return value


def _count(low: int, high: int) -> Callable[[str, Any, Path], int]:
    def check(key: str, value: Any, _base: Path) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise WrongSetting(f"{key}: expected a whole number from {low} to {high}")
        return value

    return check


def _origins(key: str, value: Any, _base: Path) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or len(value) > 16:
        raise WrongSetting(f"{key}: expected a list of 1 to 16 addresses")
    return tuple(check_origin(key, origin) for origin in value)


def check_origin(key: str, value: Any) -> str:
    """An origin as browsers write it: scheme, host, port where unusual, nothing after.

    Raises:
        WrongSetting: it is not one, or it is plain HTTP to another machine.
    """
    expected = (
        f"{key}: expected addresses such as https://help.example.org, without a path; http:// only on this machine"
    )
    if not isinstance(value, str) or not value.isascii():
        raise WrongSetting(expected)
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise WrongSetting(expected) from None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    written = f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")
    if not parts.hostname or usual is None or written != value:
        raise WrongSetting(expected)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise WrongSetting(expected)
    return value


def _node(key: str, value: Any, _base: Path) -> str:
    return check_origin(key, value) if value else ""


def _recording(key: str, value: Any, _base: Path) -> str:
    if value not in ("off", "asked", "required"):
        raise WrongSetting(f'{key}: expected "off", "asked" or "required"')
    return str(value)


def _time_zone(key: str, value: Any, base: Path) -> str:
    try:
        ZoneInfo(_line(key, value, base))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise WrongSetting(f"{key}: expected a time zone such as Europe/Paris") from None
    return str(value)


def _database_url(key: str, value: Any, base: Path) -> str:
    if not _line(key, value, base).startswith(("postgresql://", "postgres://")):
        raise WrongSetting(f"{key}: expected a URL such as postgresql://user@host/name")
    return str(value).replace("postgres://", "postgresql://", 1)


def _recordings_url(key: str, value: Any, _base: Path) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,62}(/[A-Za-z0-9._-]+)*", value):
        raise WrongSetting(f"{key}: expected a bucket such as s3://bucket/prefix")
    return value


def _smtp(key: str, value: Any, base: Path) -> SmtpServer | None:
    expected = f"{key}: expected an address such as smtp://user@mail.example.org:587; the password is in {SMTP_PASSWORD_VARIABLE}"
    if value == "":
        return None
    try:
        parts = urlsplit(_line(key, value, base))
        port = parts.port
    except ValueError:
        raise WrongSetting(expected) from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.password or parts.path not in ("", "/"):
        raise WrongSetting(expected)
    usual = 465 if parts.scheme == "smtps" else 25
    return SmtpServer(parts.hostname, port or usual, parts.username or "", is_tls=parts.scheme == "smtps")


def _mail_address(key: str, value: Any, base: Path) -> str:
    if value and not re.fullmatch(r"[^\s@<>\"]+@[A-Za-z0-9.-]+", _line(key, value, base)):
        raise WrongSetting(f"{key}: expected an address such as desk@example.org")
    return str(value)


def _place(key: str, value: Any, base: Path) -> tuple[str, int] | None:
    if value == "":
        return None
    host, _, port = _line(key, value, base).rpartition(":")
    if host not in _LOOPBACK or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise WrongSetting(f"{key}: expected an address of this machine and a port, such as 127.0.0.1:8025")
    return host, int(port)


_CHECKS: dict[str, Callable[[str, Any, Path], Any]] = {
    "folder": _path,
    "origins": _origins,
    "node": _node,
    "host": _line,
    "port": _count(1, 65535),
    "tls_certificate": _path,
    "tls_key": _path,
    "behind_proxy": _flag,
    "secret_file": _path,
    "time_zone": _time_zone,
    "sign_in_hours": _count(1, 24),
    "sign_in_failures_max": _count(3, 1000),
    "recording": _recording,
    "recording_days": _count(1, 36500),
    "log_days": _count(1, 36500),
    "witnesses": _lines,
    "witness_quorum": _count(0, 16),
    "database_url": _database_url,
    "recordings_url": _recordings_url,
    "smtp": _smtp,
    "mail_from": _mail_address,
    "mail_listen": _place,
}


def _check_together(settings: Settings) -> None:
    if (settings.smtp or settings.mail_listen) and not settings.mail_from:
        raise WrongSetting("mail_from: expected the desk's address, since mail is sent or taken")
    if settings.node and settings.node not in settings.origins:
        raise WrongSetting(f"node: expected one of origins: {', '.join(settings.origins)}")
    if settings.node and not settings.database_url:
        raise WrongSetting(
            "node: several nodes need one database for all, and a file is for one: expected database_url"
        )
    if settings.node and settings.recording != "off" and not settings.recordings_url:
        raise WrongSetting("node: recordings have to lie where every node reaches them: expected recordings_url")
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise WrongSetting("tls_certificate, tls_key: expected both or neither")
    for key in ("tls_certificate", "tls_key", "secret_file"):
        path = getattr(settings, key)
        if path is not None and not path.is_file():
            raise WrongSetting(f"{key}: expected a file; there is none at {path}")
    if not settings.is_secure and settings.host not in _LOOPBACK:
        raise WrongSetting(
            "host: off this machine expected tls_certificate and tls_key, or behind_proxy = true (never plain HTTP)"
        )
    if settings.is_secure and settings.tls_certificate and any(o.startswith("http://") for o in settings.origins):
        raise WrongSetting("origins: expected https:// addresses where there is a TLS certificate")
