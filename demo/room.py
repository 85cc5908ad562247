"""The auditors' room as an auditor runs it: a program on their own machine that gives a page."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from demo.organisation import Organisation

_END_S = 10.0


@contextmanager
def auditors_room(organisation: Organisation) -> Iterator[str]:
    """`mainforte-viewer audit`, running; gives the address that it printed."""
    command = [sys.executable, "-m", "technician_viewer", "audit", "--no-browser"]
    given = ["--relay", organisation.address, "--root", organisation.root_fingerprint]
    environment = os.environ | {"MAINFORTE_LANGUAGE": "en"}
    with subprocess.Popen([*command, *given], env=environment, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout
            said = re.match(r"Open (http://127\.0\.0\.1:\d+)/", program.stdout.readline())
            assert said, "the auditors' room did not start"
            yield said[1]
        finally:
            program.send_signal(signal.SIGINT)
            try:
                program.wait(_END_S)
            except subprocess.TimeoutExpired:
                program.kill()
