"""client_agent/files/arriving.py with real folders: whole under its own name or not at all, and nothing of the customer's is lost."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from client_agent.files.arriving import ArrivingFile
from client_agent.files.trouble import FileTrouble
from protocol.vocabulary import FileOutcome

DATA = b"0123456789" * 10


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def arrived(folder: Path, name: str = "a.txt", data: bytes = DATA) -> Path:
    file = ArrivingFile(folder, name, len(data))
    file.begin()
    file.write(0, data)
    file.check(hashlib.sha256(data).digest())
    path = file.keep()
    file.discard()
    return path


def test_a_file_is_there_whole_private_and_not_to_be_run(tmp_path: Path) -> None:
    path = arrived(tmp_path)
    assert path == tmp_path / "a.txt"
    assert path.read_bytes() == DATA
    assert path.stat().st_mode & 0o777 == 0o600
    assert names_in(tmp_path) == ["a.txt"]


def test_what_is_there_is_never_replaced_be_it_a_file_a_folder_or_a_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"mine")
    (tmp_path / "a (2).txt").mkdir()
    (tmp_path / "a (3).txt").symlink_to(tmp_path / "elsewhere")
    assert arrived(tmp_path).name == "a (4).txt"
    assert (tmp_path / "a.txt").read_bytes() == b"mine"
    assert not (tmp_path / "elsewhere").exists()


def test_it_has_no_name_before_all_of_it_is_there_and_leaves_nothing_when_it_is_cut_short(tmp_path: Path) -> None:
    file = ArrivingFile(tmp_path, "a.txt", len(DATA))
    file.begin()
    file.write(0, DATA[:50])
    (part,) = names_in(tmp_path)
    assert part.startswith(".mainforte-")
    file.discard()
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    "wrong",
    [
        lambda file: file.write(1, DATA),
        lambda file: file.write(0, DATA + b"x"),
        lambda file: file.check(hashlib.sha256(b"").digest()),
        lambda file: (file.write(0, DATA), file.check(bytes(32))),
    ],
    ids=["a gap", "more than was said", "less than was said", "something else"],
)
def test_what_is_not_what_was_said_is_not_kept(tmp_path: Path, wrong: Callable[[ArrivingFile], object]) -> None:
    file = ArrivingFile(tmp_path, "a.txt", len(DATA))
    file.begin()
    with pytest.raises(FileTrouble) as trouble:
        wrong(file)
    assert trouble.value.outcome is FileOutcome.ALTERED
    file.discard()
    assert names_in(tmp_path) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("this machine does not let us mount a tmpfs")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_told_before_the_file_begins_and_when_others_fill_it_meanwhile(small_disk: Path) -> None:
    with pytest.raises(FileTrouble) as trouble:
        ArrivingFile(small_disk, "a.bin", 100_000).begin()
    assert trouble.value.outcome is FileOutcome.NO_ROOM
    file = ArrivingFile(small_disk, "a.bin", 40_000)
    file.begin()
    (small_disk / "another").write_bytes(bytes(40_000))
    with pytest.raises(FileTrouble) as trouble:
        file.write(0, bytes(40_000))
    assert trouble.value.outcome is FileOutcome.NO_ROOM
    file.discard()
    assert names_in(small_disk) == ["another"]


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileTrouble) as trouble:
        ArrivingFile(tmp_path / "gone", "a.txt", 1).begin()
    assert trouble.value.outcome is FileOutcome.NOT_WRITABLE


def test_a_kill_in_the_middle_leaves_nothing_under_the_files_name(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from client_agent.files.arriving import ArrivingFile\n"
        "file = ArrivingFile(Path(sys.argv[1]), 'a.txt', 100); file.begin(); file.write(0, b'half of it')\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert killed.returncode == -9
    (left,) = names_in(tmp_path)
    assert left.startswith(".mainforte-")


def test_what_a_killed_agent_left_is_cleared_away_a_day_later_and_nothing_else(tmp_path: Path) -> None:
    old, new, theirs = (tmp_path / name for name in (".mainforte-1.part", ".mainforte-2.part", ".other.part"))
    for path in (old, new, theirs):
        path.write_bytes(b"half")
    for path in (old, theirs):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    arrived(tmp_path)
    assert names_in(tmp_path) == [".mainforte-2.part", ".other.part", "a.txt"]


def test_a_file_system_without_links_does_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    (tmp_path / "a.txt").write_bytes(b"mine")
    assert arrived(tmp_path).name == "a (2).txt"
    assert (tmp_path / "a.txt").read_bytes() == b"mine"
