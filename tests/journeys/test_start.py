"""Programs that cannot start say why and what to do, with an exit code; none of them shows a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.journeys.stage import Server


def run(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return subprocess.run(
        [sys.executable, "-m", *command],
        env=kept | {"MAINFORTE_LANGUAGE": "en", "MAINFORTE_KEY_SECRET": "x" * 32} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def assert_refused(done: "subprocess.CompletedProcess[str]", *said: str) -> None:
    assert done.returncode in (1, 2), done
    assert "Traceback" not in done.stderr
    for part in said:
        assert part in done.stderr, done.stderr


@pytest.mark.parametrize("display", ["", ":987"])
def test_without_a_display_the_agent_says_where_to_start_it(display: str) -> None:
    refused = run("client_agent", **({"DISPLAY": display} if display else {}))
    assert_refused(refused, "there is no display", "Start it on the desktop that is to be seen")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "24 bits (true colour) and start this program again. Nothing has happened on your computer."),
        ("fr", "24 bits (couleurs vraies), puis relancez ce programme. Rien ne s’est passé sur votre ordinateur."),
    ],
)
def test_a_screen_that_cannot_be_read_is_named_with_what_to_do(server: Server, language: str, said: str) -> None:
    command = ("Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "640x480x16")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as screen:
        assert screen.stdout
        display = f":{screen.stdout.readline().strip()}"
        package = str(server.organisation.package)
        agent = ("client_agent", "--text", "--language", language, "--organisation", package, "41703 000 0000")
        refused = run(*agent, DISPLAY=display)
        screen.kill()
    assert refused.returncode == 1
    assert said in refused.stdout
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        ('origins = ["http://localhost:1"]\nport = "x"', "port: expected a whole number from 1 to 65535"),
    ],
    ids=["missing", "no number"],
)
def test_the_relay_refuses_a_malformed_configuration_by_the_name_of_its_key(
    tmp_path: Path, content: str | None, said: str
) -> None:
    config = tmp_path / "mainforte.toml"
    if content is not None:
        config.write_text(content)
    assert_refused(run("relay", "--config", str(config), "serve"), said)


@pytest.mark.parametrize("content", [None, '{"document": 1}'])
def test_the_agent_refuses_a_package_that_is_none(tmp_path: Path, content: str | None) -> None:
    package = tmp_path / "organisation.json"
    if content is not None:
        package.write_text(content)
    refused = run("client_agent", "--text", "--organisation", str(package), "41703 000 0000")
    assert_refused(refused, "organisation.json", "agent package")


@pytest.mark.parametrize("address", ["http://help.example.org", "::::"])
def test_the_agent_refuses_an_address_that_is_none(address: str) -> None:
    assert_refused(run("client_agent", "--text", "--address", address), "https://")


def test_the_agent_refuses_a_language_it_does_not_speak() -> None:
    assert_refused(run("client_agent", "--language", "xx"), "--language")


def test_what_is_loaded_starts_no_threads_on_the_customers_computer() -> None:
    script = "import os; from client_agent.agent import offer; offer(); print(os.listdir('/proc/self/task') == [str(os.getpid())])"
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_what_pictures_are_made_with_is_not_loaded_before_the_question_for_the_code() -> None:
    script = "import sys, client_agent.__main__; print([name for name in ('numpy', 'av') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


KEPT = """
import atexit, gc, runpy, sys
atexit.register(lambda: print("kept", gc.get_freeze_count()))
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(
    ("command", "code"), [(["client_agent", "--text"], 0), (["relay", "--config", "nowhere.toml", "serve"], 1)]
)
def test_what_sessions_pass_through_looks_through_no_module_for_garbage(
    tmp_path: Path, command: list[str], code: int
) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [sys.executable, "-c", KEPT, *command],
        cwd=tmp_path,
        env=kept | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == code, done
    said, _, count = done.stdout.splitlines()[-1].partition(" ")
    assert said == "kept"
    assert int(count) > 10_000
