"""client_agent/device/: what a computer tells of itself, whatever its files and its environment hold."""

import os
import platform
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import builds, integers, text

from client_agent.device import describe, linux, macos
from client_agent.device.facts import Facts
from client_agent.screen.source import Screen
from protocol.codec import encode
from protocol.session_log import LogWriter, ScreenSize, parse_entry

SCREENS = (Screen(0, 0, 0, 1920, 1080, "eDP-1"), Screen(1, 1920, 0, 2560, 1440, "DP-2 of Agnès"))
DMI = "sys/class/dmi/id"
DELL = {
    f"{DMI}/sys_vendor": b"Dell Inc.\n",
    f"{DMI}/product_name": b"Latitude 5440\n",
    f"{DMI}/product_version": b"\n",
    f"{DMI}/product_serial": b"7XK2J14\n",
    f"{DMI}/product_uuid": b"4c4c4544-0058\n",
    "proc/cpuinfo": b"processor\t: 0\nmodel name\t: 13th Gen Intel(R) Core(TM) i5-1345U\n\nprocessor\t: 1\nmodel name\t: x\n",
    "proc/meminfo": b"MemTotal:       16064452 kB\nMemFree:          512 kB\n",
}


@pytest.fixture(autouse=True)
def _no_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE", "WAYLAND_DISPLAY", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)


def files(root: Path, contents: dict[str, bytes]) -> Path:
    for name, content in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


@pytest.mark.requirement("A86")
def test_a_computer_says_what_it_is_and_nothing_that_tells_it_from_others_alike(tmp_path: Path) -> None:
    told = linux.facts(files(tmp_path, DELL))
    described = describe.described(told, SCREENS)
    assert (described.make, described.model) == ("Dell Inc.", "Latitude 5440")
    assert described.processor == "13th Gen Intel(R) Core(TM) i5-1345U"
    assert described.memory_bytes == 16_064_452 * 1024
    assert described.cores == os.cpu_count()
    assert described.screens == [ScreenSize(1920, 1080), ScreenSize(2560, 1440)]
    assert 0 < described.disk_free_bytes <= described.disk_bytes
    said = encode(described).decode()
    for private in ("7XK2J14", "4c4c4544", "Agnès", platform.node(), str(Path.home())):
        assert private not in said


@pytest.mark.skipif(sys.platform != "linux", reason="reads this machine's own files: Linux")
def test_this_machine_is_described_as_its_own_files_say() -> None:
    described = describe.described(describe.facts(), SCREENS)
    assert described.system == describe.tidy(platform.freedesktop_os_release()["PRETTY_NAME"])
    assert described.memory_bytes == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@pytest.mark.parametrize(
    ("contents", "make", "model"),
    [
        (
            {f"{DMI}/sys_vendor": b"LENOVO", f"{DMI}/product_name": b"21AH", f"{DMI}/product_version": b"ThinkPad T14"},
            "LENOVO",
            "ThinkPad T14",
        ),
        ({"proc/device-tree/model": b"Raspberry Pi 4 Model B Rev 1.4\0"}, "", "Raspberry Pi 4 Model B Rev 1.4"),
        ({f"{DMI}/sys_vendor": b"To Be Filled By O.E.M.", f"{DMI}/product_name": b"System Product Name"}, "", ""),
        ({}, "", ""),
    ],
)
def test_makers_name_their_models_in_their_own_ways(
    tmp_path: Path, contents: dict[str, bytes], make: str, model: str
) -> None:
    described = describe.described(linux.facts(files(tmp_path, contents)), ())
    assert (described.make, described.model) == (make, model)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\x00\x1b[31m\xe2\x80\xae" * 9,
        b"x" * 2**20,
        b"\n" * 2**17,
        b"MemTotal: 99999999999999999999 kB",
        b"MemTotal: -1 kB\nmodel name: \xe2\x80\x8f",
        "MemTotal: ١٢ kB".encode(),
        b"",
    ],
)
def test_files_that_hold_anything_give_a_description_that_can_be_written_and_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", content.replace(b"\0", b"").decode(errors="surrogateescape"))
    monkeypatch.setenv("XDG_SESSION_TYPE", "\u202e")
    root = files(tmp_path, dict.fromkeys(DELL, content))
    assert_can_be_read(linux.facts(root))


def test_places_that_are_no_files_are_passed_over(tmp_path: Path) -> None:
    for name in DELL:
        (tmp_path / name).mkdir(parents=True)
    assert linux.facts(tmp_path).memory_bytes == 0


def test_a_system_without_a_name_has_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "os-release"
    broken.write_bytes(b"PRETTY_NAME=\xff\xfe")
    for candidates in ((), (str(broken),)):
        monkeypatch.setattr(platform, "_os_release_candidates", candidates)
        monkeypatch.setattr(platform, "_os_release_cache", None)
        assert linux.facts(tmp_path).system == ""


@pytest.mark.parametrize(
    ("environment", "desktop", "windowing"),
    [
        ({"XDG_CURRENT_DESKTOP": "ubuntu:GNOME", "XDG_SESSION_TYPE": "wayland", "DISPLAY": ":0"}, "ubuntu GNOME", "wayland"),
        ({"XDG_SESSION_TYPE": "tty", "DISPLAY": ":0"}, "", "x11"),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "", "wayland"),
        ({}, "", ""),
    ],
)  # fmt: skip
def test_the_desktop_is_what_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], desktop: str, windowing: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    told = linux.facts(tmp_path)
    assert (told.desktop, told.windowing) == (desktop, windowing)


def test_what_sysctl_answers_is_read_by_name_and_may_be_short() -> None:
    answer = "hw.model: Mac14,2\nhw.memsize: 17179869184\nmachdep.cpu.brand_string: Apple M2: so they say\n"
    whole = macos.read(answer, "14.5")
    assert whole == Facts("Apple", "Mac14,2", "macOS 14.5", "Apple M2: so they say", 17_179_869_184)
    assert macos.read("hw.memsize: a lot\nhw.model\n: :\n", "") == Facts()


@given(builds(Facts, text(), text(), text(), text(), memory_bytes=integers(), desktop=text()))
def test_whatever_is_told_can_be_written_and_read(facts: Facts) -> None:
    assert_can_be_read(facts)


def assert_can_be_read(facts: Facts) -> None:
    writer = LogWriter()
    described = describe.described(facts, SCREENS)
    assert parse_entry(writer.append(described, 1)).event == described
    assert max(map(len, (described.make, described.model, described.system, described.desktop))) <= 100
