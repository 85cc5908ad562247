"""The auditors whom the next organisation document will name: their public keys as files beside it, until the root signs them."""

import hashlib
from pathlib import Path

from protocol.codec import Decoder
from protocol.errors import RemoteProtocolError
from protocol.identity import Auditor
from protocol.limits import AUDITORS_MAX
from relay.settings import Settings
from relay.storage.files import write_new

_FILE_BYTES_MAX = 4096
_auditor: Decoder[Auditor] = Decoder(Auditor, bytes_max=_FILE_BYTES_MAX)


class NotAnAuditor(Exception):
    """A file that does not hold an auditor's public keys, or a name that nobody has; the text says which."""


def read(path: Path) -> Auditor:
    """An auditor's public part, as `mainforte-viewer auditor-key` writes it.

    Raises:
        NotAnAuditor: it is something else.
    """
    try:
        auditor = _auditor.decode(path.read_bytes()[: _FILE_BYTES_MAX + 1])
    except OSError as error:
        raise NotAnAuditor(f"{path} cannot be read: {error.strerror}") from None
    except RemoteProtocolError:
        raise NotAnAuditor(f"{path} does not hold an auditor's public keys") from None
    if not auditor.name:
        raise NotAnAuditor(f"{path} names nobody")
    return auditor


def add(settings: Settings, path: Path) -> Auditor:
    """Let the next document name the auditor of this file.

    Raises:
        NotAnAuditor: it is something else, the name is taken, or there are as many as may be.
    """
    auditor, known = read(path), of(settings)
    if any(auditor.name == each.name or auditor.hpke_key == each.hpke_key for each in known):
        raise NotAnAuditor(f"{auditor.name} is there already: remove the old key first")
    if len(known) >= AUDITORS_MAX:
        raise NotAnAuditor(f"there are {AUDITORS_MAX} auditors already")
    settings.auditors.mkdir(mode=0o700, exist_ok=True)
    write_new(_place(settings, auditor), path.read_bytes())
    return auditor


def remove(settings: Settings, name: str) -> Auditor:
    """Let the next document name this auditor no more; what was sealed before, the old key still opens.

    Raises:
        NotAnAuditor: nobody has this name.
    """
    auditor = next((each for each in of(settings) if each.name == name), None)
    if auditor is None:
        raise NotAnAuditor(f"no auditor is called {name}")
    _place(settings, auditor).unlink()
    return auditor


def of(settings: Settings) -> list[Auditor]:
    """All that the next document will name, by name."""
    return sorted((read(path) for path in settings.auditors.glob("*.json")), key=lambda each: each.name)


def _place(settings: Settings, auditor: Auditor) -> Path:
    return settings.auditors / f"{hashlib.sha256(auditor.hpke_key).hexdigest()[:16]}.json"
