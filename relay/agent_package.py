"""Builds the agent that carries an organisation's document: one file that Python runs, or a folder."""

import shutil
import tempfile
import zipapp
from importlib import resources
from pathlib import Path

import msgspec

_PACKAGES = ("client_agent", "protocol", "translations")
_START = "client_agent.__main__:main"


def organisation_file(document: str, root_fingerprint: str, address: str) -> bytes:
    """What the agent reads as `organisation.json`: signed document, fingerprint of its root, address of the relay."""
    return msgspec.json.format(
        msgspec.json.encode({"document": document, "root_fingerprint": root_fingerprint, "address": address})
    )


def build(output: Path, content: bytes) -> None:
    """Write the agent to `output`: a `.pyz` file, or a folder where the name has no such ending.

    Both are started with `python OUTPUT` where the agent's requirements are installed (`pip install mainforte`). Beside the
    programs lies `client_agent/organisation.json`; a folder has a copy at its top, for `mainforte-agent --organisation`.

    Raises:
        FileExistsError: something is there already.
    """
    if output.exists():
        raise FileExistsError(f"{output} is there already")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "agent"
        folder.mkdir()
        for package in _PACKAGES:
            with resources.as_file(resources.files(package)) as source:
                shutil.copytree(
                    source, folder / package, ignore=shutil.ignore_patterns("__pycache__", "organisation.json")
                )
        (folder / "client_agent" / "organisation.json").write_bytes(content)
        if output.suffix == ".pyz":
            zipapp.create_archive(folder, output, interpreter="/usr/bin/env python3", main=_START, compressed=True)
        else:
            module, _, function = _START.partition(":")
            (folder / "__main__.py").write_text(f"from {module} import {function}\n\n{function}()\n", encoding="utf-8")
            (folder / "organisation.json").write_bytes(content)
            shutil.copytree(folder, output)
