"""`mainforte-witness`: cosigns other organisations' logs of sessions, as long as they only grow.

mainforte-witness init --folder witness --name witness.example.org/mainforte     makes a key, and says what the organisation needs
mainforte-witness follow --folder witness ORIGIN+ID+KEY                          the log's key, as `mainforte-relay evidence key` prints it
mainforte-witness serve --folder witness --port 8444
"""

import argparse
import logging
import os
import ssl
import sys
from pathlib import Path

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import signed_note
from protocol.errors import RemoteProtocolError
from protocol.identity import public_bytes
from relay.commands.terminal import CannotGoOn, Exit, _, say
from relay.keys import KeyUnusable, load_key, new_secret, save_key
from relay.storage.files import replace_file, write_new
from relay.witness.server import Seen, WitnessServer

SECRET_VARIABLE = "MAINFORTE_WITNESS_SECRET"  # noqa: S105 - the variable's name
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def main() -> None:
    """Carry out one command."""
    arguments = _parser().parse_args()
    try:
        arguments.run(arguments)
    except CannotGoOn as error:
        print(f"mainforte-witness: {error}", file=sys.stderr)
        sys.exit(error.code)
    except (KeyUnusable, RemoteProtocolError, OSError) as error:
        print(f"mainforte-witness: {error}", file=sys.stderr)
        sys.exit(Exit.FAILED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mainforte-witness", description=_("Cosigns logs of sessions that only grow.")
    )
    commands = parser.add_subparsers(required=True, metavar=_("COMMAND"))
    init = commands.add_parser("init", help=_("make the witness's key"))
    init.add_argument("--name", required=True, help=_("a name such as witness.example.org/mainforte"))
    init.set_defaults(run=_init)
    follow = commands.add_parser("follow", help=_("cosign one more log from now on"))
    follow.add_argument("key", help=_("the log's key, as `mainforte-relay evidence key` prints it"))
    follow.set_defaults(run=_follow)
    serve = commands.add_parser("serve", help=_("answer the logs"))
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8444)
    serve.add_argument("--tls-certificate", type=Path)
    serve.add_argument("--tls-key", type=Path)
    serve.add_argument("--behind-proxy", action="store_true", help=_("a proxy before us speaks TLS"))
    serve.set_defaults(run=_serve)
    for command in (init, follow, serve):
        command.add_argument("--folder", type=Path, required=True, help=_("where everything is kept"))
    return parser


def _init(arguments: argparse.Namespace) -> None:
    folder: Path = arguments.folder
    key = Ed25519PrivateKey.generate()
    verifier = signed_note.verifier_text(arguments.name, public_bytes(key), signed_note.COSIGNATURE)
    signed_note.parse_verifier(verifier, signed_note.COSIGNATURE)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = os.environ.get(SECRET_VARIABLE) or new_secret()
    save_key(folder / "key.pem", key, secret)
    write_new(folder / "name", arguments.name.encode())
    write_new(folder / "logs", b"")
    say(
        _(
            "The witness “{name}” is made. Its key, for the organisation's document: {key}",
            name=arguments.name,
            key=verifier,
        )
    )
    if SECRET_VARIABLE not in os.environ:
        say(_("Secret of the witness's key, shown this once: {secret}", secret=secret))
        say(_("Give it at start as {variable}.", variable=SECRET_VARIABLE))


def _follow(arguments: argparse.Namespace) -> None:
    origin, _key = signed_note.parse_verifier(arguments.key, signed_note.ED25519)
    file: Path = arguments.folder / "logs"
    kept = [line for line in file.read_text(encoding="utf-8").splitlines() if line.partition("+")[0] != origin]
    replace_file(file, "".join(f"{line}\n" for line in [*kept, arguments.key.strip()]).encode())
    say(_("The log {origin} is followed once the witness is started again.", origin=origin))


def _serve(arguments: argparse.Namespace) -> None:
    folder: Path = arguments.folder
    if (
        arguments.host not in LOOPBACK
        and not (arguments.tls_certificate and arguments.tls_key)
        and not arguments.behind_proxy
    ):
        raise CannotGoOn(
            _("Off this machine a witness needs --tls-certificate and --tls-key, or --behind-proxy."), Exit.USAGE
        )
    secret = os.environ.get(SECRET_VARIABLE, "")
    if not secret:
        raise CannotGoOn(_("The secret of the witness's key is missing: set {variable}.", variable=SECRET_VARIABLE))
    key, name = load_key(folder / "key.pem", secret), (folder / "name").read_text(encoding="utf-8")
    lines = (folder / "logs").read_text(encoding="utf-8").splitlines()
    logs = dict(signed_note.parse_verifier(line, signed_note.ED25519) for line in lines)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    context = None
    if arguments.tls_certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(arguments.tls_certificate, arguments.tls_key)
    server = WitnessServer(name, key, logs, Seen(folder / "seen"))
    web.run_app(
        server.application(),
        host=arguments.host,
        port=arguments.port,
        ssl_context=context,
        access_log=None,
        print=lambda *_said: print(f"ready {arguments.port}", flush=True),
    )


if __name__ == "__main__":
    main()
