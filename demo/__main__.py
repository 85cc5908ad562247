"""`./run demo`: an organisation, a customer's desktop and the technician's page on this machine.

With `--once` the whole story is played unattended and what was seen is checked; the last line is `main job: ok`.
"""

import argparse
import asyncio
import shutil
import socket
import sys
import tempfile
import traceback
from pathlib import Path

from demo.desktop import customers_desktop
from demo.organisation import FULL_NAME, PASSWORD, TECHNICIAN, running_organisation
from demo.report import Report
from demo.story import play


def main() -> int:
    """Run the demo; 0 when the main job was done."""
    parser = argparse.ArgumentParser(prog="./run demo")
    parser.add_argument("--once", action="store_true", help="play everything unattended, check it, and end")
    parser.add_argument("--language", choices=("fr", "en"), default="fr")
    parser.add_argument("--this-screen", action="store_true", help="share this machine's own screen instead")
    parser.add_argument("--output", type=Path, default=Path("demo-output"), help="where --once writes what it saw")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mainforte-demo-") as folder:
        return _once(Path(folder), arguments) if arguments.once else _by_hand(Path(folder), arguments)


def _once(folder: Path, arguments: argparse.Namespace) -> int:
    output: Path = arguments.output
    shutil.rmtree(output, ignore_errors=True)
    (output / "screenshots").mkdir(parents=True)
    report = Report(output)
    try:
        with customers_desktop(folder) as desktop:
            with report.step("the organisation is made and served"):
                serving = running_organisation(folder, _free_port())
                organisation = serving.__enter__()
            try:
                report.facts["root_fingerprint"] = organisation.root_fingerprint
                asyncio.run(play(report, organisation, desktop, output, arguments.language))
            finally:
                serving.__exit__(None, None, None)
    except Exception as error:
        traceback.print_exc()
        for name in ("relay.log", "agent.log"):
            if (log := folder / name).exists():
                print(f"--- {name}\n{log.read_text()[-3000:]}", file=sys.stderr)
        print(f"main job: failed: {type(error).__name__}: {error}".splitlines()[0])
        return 1
    print("main job: ok")
    return 0


def _by_hand(folder: Path, arguments: argparse.Namespace) -> int:
    with running_organisation(folder, _free_port()) as organisation:
        print(f"Technician's page:  {organisation.address}/")
        print(f"Sign in as:         {TECHNICIAN} ({FULL_NAME}), password {PASSWORD}, code {organisation.code()}")
        print(f"More codes:         any authenticator with the secret {organisation.totp_secret}")
        print(f"Customer's agent:   .venv/bin/mainforte-agent --organisation {organisation.package}")
        try:
            if arguments.this_screen:
                input("Start the agent with the command above. Enter ends the demo. ")
            else:
                with customers_desktop(folder, is_visible=True) as desktop:
                    desktop.start_agent(organisation.package, "", arguments.language)
                    if desktop.is_visible:
                        print(
                            "The customer's desktop is the window that has just opened; the agent waits there for a code."
                        )
                    else:
                        print(
                            "There is no display here, so nobody can click: the customer is played. Type the code here."
                        )
                        desktop.play_customer(organisation.package, arguments.language)
                    input("Enter ends the demo. ")
        except (EOFError, KeyboardInterrupt):
            pass
    return 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
