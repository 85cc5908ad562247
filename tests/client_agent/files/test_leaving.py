"""client_agent/files/leaving.py with real files: as large as was said, and nothing but a plain file."""

import hashlib
import os
from pathlib import Path

import pytest

from client_agent.files.leaving import LeavingFile
from client_agent.files.trouble import FileTrouble
from protocol.limits import FILE_BYTES_MAX
from protocol.vocabulary import FileOutcome


def trouble_of(path: Path) -> FileOutcome:
    with pytest.raises(FileTrouble) as trouble:
        LeavingFile(path).open()
    return trouble.value.outcome


def test_a_file_is_read_once_with_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "box\nlog.txt"
    path.write_bytes(b"0123456789")
    file = LeavingFile(path)
    file.open()
    assert (file.name, file.size) == ("box log.txt", 10)
    assert file.read(4) + file.read(100) == b"0123456789"
    file.check_end()
    assert file.hash == hashlib.sha256(b"0123456789").digest()
    file.close()


def test_what_cannot_be_read_or_is_no_plain_file_is_not_sent(tmp_path: Path) -> None:
    assert trouble_of(tmp_path / "gone") is FileOutcome.UNREADABLE
    assert trouble_of(tmp_path) is FileOutcome.UNREADABLE
    os.mkfifo(tmp_path / "pipe")
    assert trouble_of(tmp_path / "pipe") is FileOutcome.UNREADABLE
    assert trouble_of(Path("/dev/zero")) is FileOutcome.UNREADABLE
    assert trouble_of(tmp_path / "nul\0") is FileOutcome.UNREADABLE


def test_a_file_that_is_too_large_is_not_begun(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.touch()
    os.truncate(path, FILE_BYTES_MAX + 1)
    assert trouble_of(path) is FileOutcome.TOO_LARGE


@pytest.mark.parametrize("size", [5, 15], ids=["shorter", "longer"])
def test_a_file_that_became_another_size_meanwhile_is_told(tmp_path: Path, size: int) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"0123456789")
    file = LeavingFile(path)
    file.open()
    os.truncate(path, size)

    def read_all() -> None:
        while file.size > sum(parts):
            parts.append(len(file.read(4)))
        file.check_end()

    parts: list[int] = []
    with pytest.raises(FileTrouble) as trouble:
        read_all()
    assert trouble.value.outcome is FileOutcome.ALTERED
    file.close()
