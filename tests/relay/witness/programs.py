"""A witness as another organisation runs it: the real program, on a free port."""

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from protocol import signed_note
from protocol.identity import Witness

SECRET = "secret of the witness"


@dataclass
class WitnessProgram:
    """One witness: its folder, and the process while it runs."""

    folder: Path
    name: str
    port: int
    key: bytes = b""
    process: "subprocess.Popen[str] | None" = None

    @property
    def entry(self) -> Witness:
        """As the organisation's document names it."""
        return Witness(self.name, self.key, f"http://127.0.0.1:{self.port}")

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            self._command(*arguments), env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def init(self) -> None:
        verifier = self.run("init", "--name", self.name).split()[-1]
        _, self.key = signed_note.parse_verifier(verifier, signed_note.COSIGNATURE)

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._command("serve", "--port", str(self.port)), env=self._environment, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        assert self.process.stdout.readline().startswith("ready")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "relay.witness", *arguments, "--folder", str(self.folder)]

    @property
    def _environment(self) -> dict[str, str]:
        return os.environ | {"MAINFORTE_WITNESS_SECRET": SECRET, "MAINFORTE_LANGUAGE": "en"}


def new_witness(folder: Path, number: int = 1) -> WitnessProgram:
    """Made, and not started yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    program = WitnessProgram(folder / f"witness{number}", f"witness{number}.example/mainforte", port)
    program.init()
    return program
