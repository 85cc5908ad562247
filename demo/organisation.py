"""An organisation of one's own in a folder: made by the operator's commands, served by the real relay."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyotp

NAME = "Fibre du Lac"
TECHNICIAN = "camille"
FULL_NAME = "Camille Roy"
COLLEAGUE = "julie"
COLLEAGUE_FULL_NAME = "Julie Perrin"
PASSWORD = "demonstration-only"
TICKET = "2041"
AUDITOR = "Odile Fabre"
AUDITOR_ACCOUNT = "odile"
NEW_AUDITOR = "Marc Weil"
NEW_AUDITOR_ACCOUNT = "marc"


@dataclass(frozen=True)
class Organisation:
    """A relay that is running, and how to sign in to it."""

    address: str
    folder: Path
    totp_secret: str
    root_fingerprint: str

    @property
    def package(self) -> Path:
        """The file that tells the agent whom to believe."""
        return self.folder / "agent" / "organisation.json"

    @property
    def auditor_key(self) -> Path:
        """The auditor's file of keys, under PASSWORD; there is one where sessions are recorded."""
        return key_of(self.folder.parent, AUDITOR_ACCOUNT)

    @property
    def new_auditor_key(self) -> Path:
        """That of the second auditor, where there is one."""
        return key_of(self.folder.parent, NEW_AUDITOR_ACCOUNT)

    def code(self) -> str:
        """The second factor of this moment."""
        return pyotp.TOTP(self.totp_secret).now()

    def add_colleague(self) -> None:
        """Add a second technician, with the same password and second factor, who can be invited and handed over to."""
        who = ("user", "add", COLLEAGUE, "--full-name", COLLEAGUE_FULL_NAME, "--role", "technician")
        self.command(*who, "--totp-secret", self.totp_secret)

    def add_auditor(self) -> None:
        """Add a second auditor, whom the organisation's document names from now on: sessions of before are not sealed to them."""
        _add_auditor(self.folder.parent, self.folder, NEW_AUDITOR_ACCOUNT, NEW_AUDITOR, self.totp_secret)

    def command(self, *arguments: str) -> str:
        """Carry out `mainforte-relay …` and give what it printed."""
        return _command(self.folder, *arguments)


def key_of(folder: Path, account: str) -> Path:
    """Where an auditor's file of keys lies."""
    return folder / f"{account}.key.json"


@contextmanager
def running_organisation(folder: Path, port: int, *, recording: str = "off") -> Iterator[Organisation]:
    """Make the organisation and serve it until the end."""
    organisation = made_organisation(folder, port, recording=recording)
    with served(organisation, folder / "relay.log"):
        yield organisation


def made_organisation(
    folder: Path,
    port: int,
    name: str = NAME,
    full_name: str = FULL_NAME,
    *,
    recording: str = "off",
    tls: tuple[Path, Path] | None = None,
    others: Sequence[str] = (),
    settings: str = "",
) -> Organisation:
    """Make keys, database, a technician, tickets and the agent's package below `folder`, as an operator does.

    Where sessions are recorded, an auditor is there who can watch them (`auditor_key`). `tls` are the files of a certificate for
    localhost and of its key; without them the relay speaks plain HTTP. `others` are the addresses of more nodes, and `settings` lines
    of the settings' file.
    """
    address, data = f"{'https' if tls else 'http'}://localhost:{port}", folder / "organisation"
    root_passphrase = folder / "root-passphrase"
    root_passphrase.write_text("carried away with the key")
    origins = [word for origin in (address, *others) for word in ("--origin", origin)]
    made = _run(
        _environment(), "init", "--name", name, *origins, "--folder", str(data), "--port", str(port),
        "--root-key", str(folder / "carried-away.pem"), "--passphrase-file", str(root_passphrase),
    )  # fmt: skip
    fingerprint = next(line.rpartition(" ")[2] for line in made.splitlines() if line.startswith("Fingerprint"))
    if tls:
        settings += 'tls_certificate = "{}"\ntls_key = "{}"\n'.format(*tls)
    with (data / "mainforte.toml").open("a") as file:
        file.write(settings)
    totp_secret = pyotp.random_base32()
    _command(
        data, "user", "add", TECHNICIAN, "--full-name", full_name, "--role", "technician", "--totp-secret", totp_secret
    )
    _command(data, "demo-data")
    if recording != "off":
        _record(folder, data, recording, totp_secret)
    _command(data, "agent-package", "--output", str(data / "agent"))
    return Organisation(address, data, totp_secret, fingerprint)


def _record(folder: Path, data: Path, recording: str, totp_secret: str) -> None:
    """An auditor makes keys, the operator has the root sign a document that names them, and with it what is recorded."""
    with (data / "mainforte.toml").open("a") as settings:
        settings.write(f'recording = "{recording}"\n')
    _add_auditor(folder, data, AUDITOR_ACCOUNT, AUDITOR, totp_secret)


def _add_auditor(folder: Path, data: Path, account: str, name: str, totp_secret: str) -> None:
    """An auditor makes keys, and the root signs a document that names them as well."""
    passphrase, public = folder / "passphrase", folder / f"{account}.public.json"
    passphrase.write_text(PASSWORD)
    subprocess.run(
        [sys.executable, "-m", "technician_viewer", "auditor-key", "--name", name, "--file", str(key_of(folder, account)),
         "--public", str(public), "--passphrase-file", str(passphrase)],
        check=True, capture_output=True,
    )  # fmt: skip
    _command(data, "auditor", "add", str(public))
    _command(data, "user", "add", account, "--full-name", name, "--role", "auditor", "--totp-secret", totp_secret)
    _command(
        data, "sign-document", "--root-key", str(folder / "carried-away.pem"),
        "--passphrase-file", str(folder / "root-passphrase"),
    )  # fmt: skip


class Relay:
    """The organisation's relay: one process, with the desk as its child, that can be killed and started again."""

    def __init__(self, organisation: Organisation, log: Path) -> None:
        self.organisation, self._log = organisation, log
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> "subprocess.Popen[str]":
        """Start it, and wait until it can be reached.

        Raises:
            RuntimeError: it did not start; the text says why.
        """
        process = self.begin()
        self.wait_until_ready()
        return process

    def begin(self) -> "subprocess.Popen[str]":
        """Start it, without waiting for it."""
        serve = [sys.executable, "-m", "relay", "--config", str(self.organisation.folder / "mainforte.toml"), "serve"]
        with self._log.open("a") as out:
            process = subprocess.Popen(serve, env=_environment(), stdout=subprocess.PIPE, stderr=out, text=True)
        self.process = process
        return process

    def wait_until_ready(self) -> None:
        """Wait until everything of it can be reached.

        Raises:
            RuntimeError: it did not start; the text says why.
        """
        assert self.process
        assert self.process.stdout
        if not self.process.stdout.readline().startswith("ready"):
            raise RuntimeError(f"the relay did not start:\n{self._log.read_text()}")

    def kill(self) -> None:
        """End it without a word, as a power cut does."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """Let it say goodbye."""
        if self.process:
            self.process.terminate()
            self.process.wait(20)


@contextmanager
def served(organisation: Organisation, log: Path) -> Iterator["subprocess.Popen[str]"]:
    """Serve it until the end; gives the process, which has one child, the desk."""
    relay = Relay(organisation, log)
    try:
        yield relay.start()
    finally:
        relay.stop()


def _command(data: Path, *arguments: str) -> str:
    return _run(_environment(), "--config", str(data / "mainforte.toml"), *arguments)


def _run(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "relay", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"mainforte-relay {arguments[0]}: {done.stderr}{done.stdout}")
    return done.stdout


def _environment() -> dict[str, str]:
    return os.environ | {
        "MAINFORTE_KEY_SECRET": "demonstration-only-secret-of-the-keys",
        "MAINFORTE_NEW_PASSWORD": PASSWORD,
        "MAINFORTE_LANGUAGE": "en",
    }
