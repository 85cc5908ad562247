"""relay/settings.py: every wrong value is refused with the key's name."""

from pathlib import Path

import pytest

from relay.settings import WrongSetting, read_settings

GOOD = 'origins = ["https://help.example.org"]\n'
NODE = 'node = "https://help.example.org"\ndatabase_url = "postgresql://desk@localhost/desk"\n'


def config(folder: Path, text: str) -> Path:
    path = folder / "mainforte.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "origins"),
        ("origins = []", "origins"),
        ('origins = ["https://help.example.org/"]', "origins"),
        ('origins = ["http://help.example.org"]', "origins"),
        ('origins = ["https://user@help.example.org"]', "origins"),
        (GOOD + "folder = 1", "folder"),
        (GOOD + "tls_certificate = 5", "tls_certificate"),
        (GOOD + 'tls_certificate = "cert.pem"\ntls_key = "nowhere.pem"', "tls_certificate"),
        (GOOD + "port = 0", "port"),
        (GOOD + 'port = "8443"', "port"),
        (GOOD + "port = true", "port"),
        (GOOD + 'host = ""', "host"),
        (GOOD + 'host = "0.0.0.0"', "host"),
        (GOOD + 'behind_proxy = "yes"', "behind_proxy"),
        (GOOD + 'tls_key = "key.pem"', "tls_key"),
        (GOOD + 'secret_file = "nowhere"', "secret_file"),
        (GOOD + 'time_zone = "Mars/Olympus"', "time_zone"),
        (GOOD + "sign_in_hours = 1000", "sign_in_hours"),
        (GOOD + "sign_in_failures_max = 1", "sign_in_failures_max"),
        (GOOD + "prot = 1", "prot"),
        (GOOD + 'node = "help"', "node: expected addresses"),
        (GOOD + 'node = "https://other.example.org"', "node: expected one of origins"),
        (GOOD + 'node = "https://help.example.org"', "node: .* expected database_url"),
        (GOOD + NODE + 'recording = "asked"', "node: .* expected recordings_url"),
        ("not toml", "TOML"),
    ],
)
def test_a_wrong_value_is_refused_with_the_name_of_its_key(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(WrongSetting, match=key):
        read_settings(config(tmp_path, text), {})


def test_the_environment_stands_over_the_file(tmp_path: Path) -> None:
    environment = {"MAINFORTE_PORT": "9000", "MAINFORTE_ORIGINS": "https://a.example, https://b.example"}
    settings = read_settings(config(tmp_path, GOOD + "port = 8000"), environment)
    assert (settings.port, settings.origins) == (9000, ("https://a.example", "https://b.example"))


@pytest.mark.parametrize(("name", "value"), [("PORT", "many"), ("BEHIND_PROXY", "maybe"), ("HOST", "0.0.0.0")])
def test_a_wrong_environment_variable_is_refused_too(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(WrongSetting, match=name.lower()):
        read_settings(config(tmp_path, GOOD), {f"MAINFORTE_{name}": value})


def test_a_node_among_several_is_known_by_its_own_address_alone_and_the_only_one_by_all(tmp_path: Path) -> None:
    origins = 'origins = ["https://help.example.org", "https://aide.example.org"]\n'
    both = ("https://help.example.org", "https://aide.example.org")
    assert read_settings(config(tmp_path, origins), {}).own_origins == both
    among = read_settings(config(tmp_path, origins + NODE), {})
    assert (among.origins, among.own_origins) == (both, both[:1])


def test_plain_http_off_this_machine_needs_a_proxy_that_is_named(tmp_path: Path) -> None:
    assert read_settings(config(tmp_path, GOOD + 'host = "0.0.0.0"\nbehind_proxy = true'), {}).is_secure


def test_paths_are_those_beside_the_file(tmp_path: Path) -> None:
    assert read_settings(config(tmp_path, GOOD), {}).folder == tmp_path.resolve()
