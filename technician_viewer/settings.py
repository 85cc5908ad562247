"""The local program's settings: one TOML file, environment variables and the command line over it, wrong values refused by name."""

import os
import ssl
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from protocol.errors import NotCertified
from protocol.identity import fingerprint_from_text
from technician_viewer import address

PREFIX = "MAINFORTE_VIEWER_"


class WrongSetting(Exception):
    """A setting has a value that cannot be; the text names the key and what was expected."""


@dataclass(frozen=True)
class Settings:
    """What the technician's machine has to know. Paths are absolute once read."""

    relay: str
    """The organisation's server, e.g. `https://help.example.org`."""
    root: str
    """The fingerprint of the organisation's root key, as `mainforte-relay init` printed it: not for the server to say."""
    port: int = 0
    """Where the page is served on this machine; 0 takes any that is free."""
    open_browser: bool = True
    certificate_authorities: Path | None = None
    """A PEM file of the authorities to believe instead of the system's, where the server's certificate is the organisation's own."""

    def tls(self) -> ssl.SSLContext:
        """What the server's certificate is checked with."""
        return ssl.create_default_context(cafile=self.certificate_authorities)


def default_config(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the file lies unless another is named: the person's own configuration folder."""
    folder = environment.get("APPDATA") or environment.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(folder) / "mainforte" / "viewer.toml"


def read_settings(
    config: Path,
    environment: Mapping[str, str] = os.environ,
    given: Mapping[str, Any] | None = None,
    *,
    must_exist: bool = False,
) -> Settings:
    """Read the file if there is one, put `MAINFORTE_VIEWER_…` variables and then what was `given` over it, check every value.

    Raises:
        WrongSetting: something is missing, unknown, or cannot be.
    """
    values = _read_file(config, must_exist=must_exist)
    known = {field.name for field in fields(Settings)}
    for key in values:
        if key not in known:
            raise WrongSetting(f"{key}: unknown; known are {', '.join(sorted(known))}")
    for key in known:
        if (text := environment.get(PREFIX + key.upper())) is not None:
            values[key] = _from_text(key, text)
    values |= given or {}
    for key, example in (
        ("relay", "https://help.example.org"),
        ("root", "the fingerprint that the operator was shown"),
    ):
        if key not in values:
            raise WrongSetting(f"{key}: missing; expected {example}, in {config}, {PREFIX}{key.upper()} or --{key}")
    return Settings(**{key: _CHECKS[key](key, value, config.parent.resolve()) for key, value in values.items()})


def _read_file(config: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(config.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if must_exist:
            raise WrongSetting(f"{config}: no such file") from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongSetting(f"{config}: expected a TOML file: {error}") from None


def _from_text(key: str, text: str) -> Any:
    """An environment variable as TOML would have given it."""
    if key == "port":
        return int(text) if text.isascii() and text.isdigit() else text
    if key == "open_browser":
        return {"true": True, "false": False}.get(text.lower(), text)
    return text


def _origin(key: str, value: Any, _base: Path) -> str:
    try:
        return address.check_origin(value if isinstance(value, str) else "")
    except ValueError:
        raise WrongSetting(f"{key}: {address.EXPECTED}") from None


def _fingerprint(key: str, value: Any, _base: Path) -> str:
    try:
        fingerprint_from_text(value if isinstance(value, str) else "")
    except (NotCertified, ValueError):
        raise WrongSetting(
            f"{key}: expected the fingerprint of the organisation's root key, 43 letters, digits, - and _"
        ) from None
    return str(value)


def _port(key: str, value: Any, _base: Path) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not (value == 0 or 1024 <= value <= 65535):
        raise WrongSetting(f"{key}: expected 0 for any free one, or a whole number from 1024 to 65535")
    return value


def _flag(key: str, value: Any, _base: Path) -> bool:
    if not isinstance(value, bool):
        raise WrongSetting(f"{key}: expected true or false")
    return value


def _authorities(key: str, value: Any, base: Path) -> Path:
    path = (base / Path(value).expanduser()).resolve() if isinstance(value, str) and value else None
    try:
        ssl.create_default_context(cafile=path or "/nowhere")
    except (OSError, ValueError):
        raise WrongSetting(f"{key}: expected a file of certificates in PEM form") from None
    return Path(str(path))


_CHECKS: dict[str, Callable[[str, Any, Path], Any]] = {
    "relay": _origin,
    "root": _fingerprint,
    "port": _port,
    "open_browser": _flag,
    "certificate_authorities": _authorities,
}
