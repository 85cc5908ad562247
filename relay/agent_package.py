"""Builds the agent that carries an organisation's document: a folder that Python runs, or the same as a .zip to hand out."""

import shutil
import tempfile
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
    """Write the agent to `output`: a `.zip` file, or a folder where the name has no such ending.

    The folder, unpacked, is started with `python FOLDER` where the agent's requirements are installed (`pip install mainforte`).
    Its program finds `client_agent/organisation.json` beside itself; a copy at the top is for `mainforte-agent --organisation`.

    Raises:
        FileExistsError: something is there already.
    """
    if output.exists():
        raise FileExistsError(f"{output} is there already")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "mainforte-agent"
        folder.mkdir()
        for package in _PACKAGES:
            with resources.as_file(resources.files(package)) as source:
                ignored = shutil.ignore_patterns("__pycache__", "organisation.json")
                shutil.copytree(source, folder / package, ignore=ignored)
        (folder / "client_agent" / "organisation.json").write_bytes(content)
        (folder / "organisation.json").write_bytes(content)
        module, _, function = _START.partition(":")
        (folder / "__main__.py").write_text(f"from {module} import {function}\n\n{function}()\n", encoding="utf-8")
        if output.suffix == ".zip":
            shutil.make_archive(str(output.with_suffix("")), "zip", temporary, folder.name)
        else:
            shutil.copytree(folder, output)
