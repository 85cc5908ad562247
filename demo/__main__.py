"""`./run demo`: an organisation, a customer's desktop and the technician's page on this machine.

With `--once` the whole story is played unattended and what was seen is checked; the last line is `main job: ok`.
"""

import argparse
import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.by_hand import CannotShow, run_by_hand
from demo.desktop import customers_desktop
from demo.organisation import Relay, made_organisation
from demo.report import Report
from demo.story import play
from translations import best_language


def main() -> int:
    """Run the demo; 0 when the main job was done, or when a person has ended it."""
    parser = argparse.ArgumentParser(prog="./run demo")
    parser.add_argument("--once", action="store_true", help="play everything unattended, check it, and end")
    parser.add_argument("--language", choices=("fr", "en"), default=_language_of_system())
    parser.add_argument("--this-screen", action="store_true", help="share this machine's own screen instead")
    parser.add_argument("--output", type=Path, default=Path("demo-output"), help="where --once writes what it saw")
    arguments = parser.parse_args()
    # Also where a shell that started us in the background has SIGINT ignored.
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _end)
    with (
        tempfile.TemporaryDirectory(prefix="mainforte-demo-", ignore_cleanup_errors=True) as folder,
        _own_port() as port,
    ):
        try:
            if arguments.once:
                return _once(Path(folder), port, arguments.output, arguments.language)
            run_by_hand(Path(folder), port, arguments.language, is_this_screen=arguments.this_screen)
        except CannotShow as reason:
            print(reason, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print()
    return 0


def _end(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _once(folder: Path, port: int, output: Path, language: str) -> int:
    _make_room(output)
    report = Report(output)
    try:
        with customers_desktop(folder) as desktop:
            with report.step("the organisation is made and served"):
                relay = Relay(made_organisation(folder, port, recording="asked"), folder / "relay.log")
                relay.organisation.add_colleague()
                relay.start()
            try:
                report.facts["root_fingerprint"] = relay.organisation.root_fingerprint
                asyncio.run(play(report, relay, desktop, output, language))
            finally:
                relay.stop()
    except KeyboardInterrupt:
        print("main job: interrupted")
        return 1
    except Exception as error:
        traceback.print_exc()
        for name in ("relay.log", "agent.log"):
            if (log := folder / name).exists():
                print(f"--- {name}\n{log.read_text()[-3000:]}", file=sys.stderr)
        print(f"main job: failed: {report.failed_step}: {type(error).__name__}: {error}".splitlines()[0])
        return 1
    print("main job: ok")
    return 0


def _make_room(output: Path) -> None:
    """Leave an empty folder for what will be seen; only what an earlier run left is removed."""
    if output.exists() and any(output.iterdir()) and not (output / "report.json").exists():
        sys.exit(f"{output} holds something else than an earlier run of the demo: choose another --output")
    shutil.rmtree(output, ignore_errors=True)
    (output / "screenshots").mkdir(parents=True)
    # From now on this is ours to remove, whatever happens next.
    (output / "report.json").write_text("{}\n")


@contextmanager
def _own_port() -> Iterator[int]:
    """A port that nobody else is given meanwhile: bound, and not listened to, it stays free for the relay alone."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])


def _language_of_system() -> str:
    wanted = os.environ.get("LANGUAGE", "").split(":")
    wanted += [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    return best_language([tag for tag in wanted if tag])


if __name__ == "__main__":
    sys.exit(main())
