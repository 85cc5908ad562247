"""What is wrong with the set-up, one finding a line. It changes nothing."""

import shutil
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from relay.keys import KeyUnusable, key_secret, load_key, read_document
from relay.settings import Settings
from relay.storage.database import is_migrated

_DAY_S = 24 * 3600
_FREE_BYTES_MIN = 1024**3
_EXPIRES_SOON_DAYS = 14
_EARLIEST_CLOCK = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `text` is an English key of the catalogue, filled with `values`."""

    is_well: bool
    text: str
    values: dict[str, str | int]


def _well(text: str, **values: str | int) -> Finding:
    return Finding(True, text, values)


def _wrong(text: str, **values: str | int) -> Finding:
    return Finding(False, text, values)


def examine(settings: Settings, *, now: float | None = None) -> Iterator[Finding]:
    """Look at everything that `serve` needs."""
    now = time.time() if now is None else now
    yield (
        _wrong("The clock says {date}: that cannot be. Set the machine's clock.", date=_date(now))
        if now < _EARLIEST_CLOCK
        else _well("The clock says {date}.", date=_date(now))
    )
    yield (
        _wrong(
            "The root key lies beside the data ({path}). Carry it away to a safe, offline place.",
            path=str(settings.root_key),
        )
        if settings.root_key.exists()
        else _well("The root key is not on this machine's data folder.")
    )
    yield from _keys(settings)
    yield _document(settings, now)
    yield (
        _well("The database is in its newest form.")
        if is_migrated(settings.database)
        else _wrong("The database is missing or old. `mainforte-relay serve` brings it up to date.")
    )
    yield _node(settings)
    yield _disk(settings.folder)
    yield _port(settings)
    yield _certificate(settings, now)


def _keys(settings: Settings) -> Iterator[Finding]:
    try:
        secret = key_secret(settings)
    except KeyUnusable as error:
        yield _wrong("The keys cannot be opened: {why}", why=str(error))
        return
    for path in (settings.issuing_key, settings.log_key):
        try:
            load_key(path, secret)
            yield _well("{file} opens with the secret.", file=path.name)
        except KeyUnusable as error:
            yield _wrong("The keys cannot be opened: {why}", why=str(error))
    if settings.log_key_before.exists():
        yield _well(
            "The log's key of before its last change signs as well. Once no agent has a document of then any more: "
            "mainforte-relay sign-document --retire-log-key --root-key FILE"
        )


def _document(settings: Settings, now: float) -> Finding:
    try:
        _, document, _ = read_document(settings, now=int(now))
    except KeyUnusable as error:
        return _wrong("Agents will refuse us: {why}", why=str(error))
    days = int((document.valid_until - now) // _DAY_S)
    if set(settings.origins) != set(document.origins):
        return _wrong(
            "The organisation document names other addresses than the settings: {origins}. Sign a new one: "
            "mainforte-relay sign-document --root-key FILE",
            origins=", ".join(document.origins),
        )
    if days < _EXPIRES_SOON_DAYS:
        return _wrong(
            "The organisation document is valid for {days} more days only. Bring the root key back and sign a new one: "
            "mainforte-relay sign-document --root-key FILE",
            days=days,
        )
    return _well("The organisation document is valid for {days} more days.", days=days)


def _node(settings: Settings) -> Finding:
    if not settings.node:
        return _well("This is the organisation's only node.")
    others = ", ".join(origin for origin in settings.origins if origin != settings.node)
    if not others:
        return _wrong("This is the node {node}, and origins names no other.", node=settings.node)
    return _well("This is the node {node}; sessions also go on at {others}.", node=settings.node, others=others)


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free if folder.exists() else 0
    values = {"size": f"{free / 1024**3:.1f}"}
    if free < _FREE_BYTES_MIN:
        return _wrong("Only {size} GiB are free where the data lies. Make room.", **values)
    return _well("{size} GiB are free where the data lies.", **values)


def _port(settings: Settings) -> Finding:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            return _wrong(
                "Port {port} cannot be used: {why} (is the relay already running?)",
                port=settings.port,
                why=error.strerror or "",
            )
    return _well("Port {port} is free.", port=settings.port)


def _certificate(settings: Settings, now: float) -> Finding:
    if settings.tls_certificate is None or settings.tls_key is None:
        if settings.behind_proxy:
            return _well("A proxy before us speaks TLS; we trust it with the addresses of visitors.")
        return _well("No TLS: only this machine can reach us.")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(settings.tls_certificate, settings.tls_key)
        certificate = x509.load_pem_x509_certificate(settings.tls_certificate.read_bytes())
    except (OSError, ValueError) as error:
        return _wrong("The TLS certificate and its key cannot be used: {why}", why=str(error))
    days = int((certificate.not_valid_after_utc.timestamp() - now) // _DAY_S)
    if days < _EXPIRES_SOON_DAYS:
        return _wrong("The TLS certificate is valid for {days} more days only.", days=days)
    return _well("The TLS certificate is valid for {days} more days.", days=days)


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
