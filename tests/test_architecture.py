"""Imports point one way, and what they say about safety stays true.

- `protocol/` is plain state machines: it imports nothing that reaches a socket, a file, a clock, a thread or randomness.
- `relay/` imports only the parts of the protocol that a party may understand which reads no session.
- The three programs never import each other, and nothing that ships imports the demo, the tests or the benchmarks.

`violations_in` reads one file's source; the tests below hold it to every file, and hold the reader itself to small
sources that must fail.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = frozenset({"client_agent", "relay", "technician_viewer"})
SHIPPED = PROGRAMS | {"protocol", "translations"}
NEVER_SHIPPED = frozenset({"benchmarks", "demo", "tests"})

# What the protocol may import, each with all below it. Whatever is not listed is refused.
PROTOCOL_MAY_IMPORT = frozenset(
    {
        "__future__",
        "abc",
        "base64",
        "binascii",
        "bisect",
        "collections",
        "cryptography.exceptions",
        "cryptography.hazmat.primitives",
        "dataclasses",
        "enum",
        "functools",
        "hashlib",
        "heapq",
        "hmac",
        "itertools",
        "json",
        "math",
        "msgspec",
        "operator",
        "protocol",
        "re",
        "string",
        "struct",
        "types",
        "typing",
        "unicodedata",
    }
)
# Reach outside without an import, or make keys that nobody passed in.
PROTOCOL_NEVER_CALLS = frozenset({"open", "print", "input", "exec", "eval", "generate", "generate_key", "urandom"})

# What the relay may understand of the protocol.
RELAY_MAY_IMPORT = frozenset(
    f"protocol.{name}"
    for name in (
        "codec",
        "envelope",
        "errors",
        "handling",
        "identity",
        "limits",
        "log_of_sessions",
        "merkle",
        "organisation",
        "recording",
        "relay_messages",
        "session_log",
        "signed_note",
        "text",
        "vocabulary",
    )
)
# What opens a session: never within the relay's reach, not even through a module that it may import.
OPENS_A_SESSION = frozenset(
    f"protocol.{name}"
    for name in (
        "support_code",
        "cpace",
        "handshake",
        "channel",
        "media",
        "media_codec",
        "media_parts",
        "messages",
        "consent",
        "recording_keys",
    )
)

Import = tuple[int, str]


def imports_of(tree: ast.AST, path: Path) -> Iterator[Import]:
    """Every import of a file as line and full name: `protocol.codec.encode` for `from protocol.codec import encode`.

    A relative import is resolved; `__import__` and `import_module` count with the name they are given, and as `?`
    where that name is computed.
    """
    package = path.with_suffix("").parts[:-1]
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = list(package[: len(package) - level + 1]) if level else []
                base += module.split(".") if module else []
                yield from ((node.lineno, ".".join([*base, alias.name])) for alias in names)
            case ast.Call() if called_name(node) in ("__import__", "import_module"):
                match node.args:
                    case [ast.Constant(value=str(name)), *_]:
                        yield node.lineno, name
                    case _:
                        yield node.lineno, "?"


def called_name(call: ast.Call) -> str:
    """The last part of what is called: `generate` for `X25519PrivateKey.generate()`."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def is_within(name: str, allowed: frozenset[str]) -> bool:
    """Tell whether `name` is one of `allowed` or lies below one."""
    parts = name.split(".")
    return any(".".join(parts[:length]) in allowed for length in range(1, len(parts) + 1))


def violations_in(source: str, path: Path) -> list[str]:
    """Say, one sentence each, which imports and calls of a file do not belong there; `path` is relative to the root."""
    tree = ast.parse(source)
    owner = path.parts[0]
    found = []
    for line, name in imports_of(tree, path):
        top = name.split(".")[0]
        reason = ""
        if name == "?":
            reason = "its name is computed, so nobody can see what it reaches; write it down"
        elif top in NEVER_SHIPPED:
            reason = f"{top}/ is not part of what people install"
        elif owner in PROGRAMS and top in PROGRAMS and top != owner:
            reason = "programs never import each other; what both need belongs to protocol/"
        elif owner == "translations" and top in PROGRAMS:
            reason = "texts know no program"
        elif owner == "protocol" and not is_within(name, PROTOCOL_MAY_IMPORT):
            reason = "protocol/ has no sockets, files, clock, threads or randomness; pass in what it needs"
        elif owner == "relay" and top == "protocol" and not is_within(name, RELAY_MAY_IMPORT):
            reason = "the relay must not be able to read a session"
        if reason:
            found.append(f"{path}:{line} imports {name}: {reason}")
    if owner == "protocol":
        found += [
            f"{path}:{node.lineno} calls {called_name(node)}(): protocol/ neither reaches outside nor makes randomness"
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and called_name(node) in PROTOCOL_NEVER_CALLS
        ]
    return found


def files_of(folders: frozenset[str]) -> list[Path]:
    return sorted(path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.py"))


def protocol_modules_behind(start: frozenset[str], sources: dict[str, str]) -> set[str]:
    """The modules of the protocol that come along when those of `start` are imported."""
    seen: set[str] = set()
    waiting = [name for name in start if name in sources]
    while waiting:
        module = waiting.pop()
        seen.add(module)
        path = Path(*module.split(".")).with_suffix(".py")
        for _, name in imports_of(ast.parse(sources[module]), path):
            waiting += [known for known in sources if is_within(name, frozenset({known})) and known not in seen]
    return seen


@pytest.mark.parametrize("path", files_of(SHIPPED), ids=str)
def test_every_import_is_where_it_belongs(path: Path) -> None:
    violations = violations_in((ROOT / path).read_text(encoding="utf-8"), path)
    assert not violations, "\n" + "\n".join(violations)


def test_nothing_the_relay_imports_brings_along_what_opens_a_session() -> None:
    sources = {
        ".".join(path.with_suffix("").parts): (ROOT / path).read_text(encoding="utf-8")
        for path in files_of(frozenset({"protocol"}))
        if path.name != "__init__.py"
    }
    assert not protocol_modules_behind(RELAY_MAY_IMPORT, sources) & OPENS_A_SESSION


# --- the reader itself: what must fail, fails, and says why ----------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "source", "said"),
    [
        ("protocol/a.py", "import socket", "protocol/a.py:1 imports socket: protocol/ has no sockets"),
        ("protocol/a.py", "x = 1\nfrom time import monotonic", "protocol/a.py:2 imports time.monotonic"),
        ("protocol/a.py", "def f():\n    import asyncio", "imports asyncio"),
        ("protocol/a.py", "import secrets", "imports secrets"),
        ("protocol/a.py", "from cryptography.hazmat.backends import default_backend", "imports cryptography.hazmat.b"),
        ("protocol/a.py", "import os.path as path, json", "imports os.path"),
        ("protocol/a.py", "from relay import rooms", "imports relay.rooms"),
        ("protocol/a.py", "from .. import relay", "imports relay: "),
        ("protocol/a.py", "__import__('socket')", "imports socket"),
        ("protocol/a.py", "key = X25519PrivateKey.generate()", "protocol/a.py:1 calls generate()"),
        ("protocol/a.py", "print(1)", "calls print()"),
        ("relay/rooms.py", "from protocol.channel import Channel", "the relay must not be able to read a session"),
        ("relay/rooms.py", "from protocol import cpace", "imports protocol.cpace"),
        ("relay/rooms.py", "import protocol", "imports protocol: "),
        ("relay/rooms.py", "from protocol import *", "imports protocol.*"),
        ("relay/desk/tickets.py", "from client_agent import agent", "programs never import each other"),
        (
            "relay/desk/tickets.py",
            "import importlib\nimportlib.import_module(f'protocol.{x}')",
            ":2 imports ?: its name",
        ),
        ("client_agent/agent.py", "import technician_viewer.client", "programs never import each other"),
        ("client_agent/agent.py", "from tests.waiting import wait_until", "tests/ is not part of what people install"),
        ("technician_viewer/client.py", "from relay.settings import Settings", "programs never import each other"),
        ("translations/check.py", "import relay", "texts know no program"),
    ],
)
def test_an_import_that_does_not_belong_is_named_with_its_reason(path: str, source: str, said: str) -> None:
    (violation,) = violations_in(source, Path(path))
    assert said in violation


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "protocol/a.py",
            "import json, msgspec\nfrom collections.abc import Sequence\nfrom protocol.codec import encode",
        ),
        ("protocol/a.py", "from . import codec\nfrom .codec import encode"),
        ("protocol/a.py", "from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey"),
        ("relay/rooms.py", "from protocol import envelope, session_log\nimport protocol.limits, asyncio"),
        ("relay/desk/tickets.py", "from ..storage import database\nfrom . import levels"),
        ("client_agent/agent.py", "from protocol.channel import Channel\nimport translations, time"),
    ],
)
def test_an_import_that_belongs_passes(path: str, source: str) -> None:
    assert violations_in(source, Path(path)) == []


def test_what_comes_along_behind_an_allowed_module_is_seen() -> None:
    sources = {
        "protocol.envelope": "from protocol.limits import ROOM",
        "protocol.limits": "from . import media",
        "protocol.media": "import struct",
        "protocol.cpace": "",
    }
    behind = protocol_modules_behind(frozenset({"protocol.envelope"}), sources)
    assert behind == {"protocol.envelope", "protocol.limits", "protocol.media"}
