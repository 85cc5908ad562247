"""Where the program's settings come from, and what is refused."""

import re
from pathlib import Path

import pytest

from technician_viewer.settings import Settings, WrongSetting, default_config, read_settings
from tests.technician_viewer.local_pages import ROOT


def test_file_environment_and_command_line_are_read_each_over_the_one_before(tmp_path: Path) -> None:
    config = tmp_path / "viewer.toml"
    config.write_text(f'relay = "https://one.example"\nroot = "{ROOT}"\nport = 2000\nopen_browser = false\n')
    assert read_settings(config, {}) == Settings("https://one.example", ROOT, 2000, open_browser=False)
    environment = {"MAINFORTE_VIEWER_RELAY": "https://two.example", "MAINFORTE_VIEWER_PORT": "3000"}
    read = read_settings(config, environment | {"MAINFORTE_VIEWER_OPEN_BROWSER": "true"}, {"port": 0})
    assert read == Settings("https://two.example", ROOT, 0, open_browser=True)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("colour = 1", "colour: unknown; known are"),
        ('relay = "https://help.example.org/"', "relay: expected"),
        ("relay = 1", "relay: expected"),
        ('relay = "ws://localhost"', "relay: expected"),
        ('root = "é"', "root: expected"),
        ("port = true", "port: expected"),
        ("port = 70000", "port: expected"),
        ('open_browser = "yes"', "open_browser: expected true or false"),
        ('certificate_authorities = "none.pem"', "certificate_authorities: expected a file"),
        ("relay = ", "expected a TOML file"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_name(tmp_path: Path, line: str, said: str) -> None:
    config = tmp_path / "viewer.toml"
    config.write_text(line + "\n")
    with pytest.raises(WrongSetting, match=re.escape(said)):
        read_settings(config, {}, {"root": ROOT} if "relay" in line else {"relay": "https://a.example"} | rooted(line))


def rooted(line: str) -> dict[str, str]:
    return {} if line.startswith("root") else {"root": ROOT}


def test_a_wrong_variable_is_refused_like_a_wrong_line(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="port: expected"):
        read_settings(
            tmp_path / "none.toml",
            {
                "MAINFORTE_VIEWER_PORT": "x",
                "MAINFORTE_VIEWER_RELAY": "https://a.example",
                "MAINFORTE_VIEWER_ROOT": ROOT,
            },
        )


def test_the_file_lies_in_the_persons_own_configuration(tmp_path: Path) -> None:
    assert default_config({"XDG_CONFIG_HOME": "/x"}) == Path("/x/mainforte/viewer.toml")
    assert default_config({"APPDATA": "/a"}) == Path("/a/mainforte/viewer.toml")
    assert default_config({}) == Path.home() / ".config/mainforte/viewer.toml"
