"""translations/check.py finds what is missing, wherever it stands."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from translations.check import keys_of, main, problems


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.py", 'print(_("Hello {name}"))'),
        ("a.js", 'say(_("Hello {name}"));'),
        ("a.html", '<p data-text="Hello {name}"></p>'),
        ("b.html", '<p>{{ _("Hello {name}") }}</p>'),
    ],
)
def test_texts_are_found_in_every_kind_of_source(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    assert list(keys_of(tmp_path / name)) == ["Hello {name}"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.py", 'print(ngettext("{n} key", "{n} keys", count))'),
        ("a.html", '<p>{{ ngettext("{n} key", "{n} keys", count) }}</p>'),
    ],
)
def test_what_counts_something_is_found_with_its_plural(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    assert list(keys_of(tmp_path / name)) == [("{n} key", "{n} keys")]


@pytest.mark.parametrize(
    ("id_", "french", "expected"),
    [
        (("{n} key", "{n} keys"), ("{n} touche", "{n} touches"), 0),
        (("{n} key", "{n} keys"), ("{n} touche", ""), 1),
        (("{n} key", "{n} keys"), ("touche", "{n} touches"), 1),
        (("{n} key", "{n} buttons"), ("{n} touche", "{n} touches"), 1),
        ("{n} key", "{n} touche", 1),
    ],
)
def test_a_plural_needs_both_forms_in_french(
    id_: str | tuple[str, str], french: str | tuple[str, str], expected: int
) -> None:
    catalogue = Catalog("fr")
    catalogue.add(id_, french)
    assert len(problems({("{n} key", "{n} keys"): Path("a.py")}, catalogue)) == expected


@pytest.mark.parametrize(
    ("french", "expected"),
    [("Bonjour {name}", 0), ("", 1), (None, 1), ("Bonjour", 1), ("Bonjour {nom}", 1)],
)
def test_what_is_missing_or_fills_in_something_else_is_named(french: str | None, expected: int) -> None:
    catalogue = Catalog("fr")
    if french is not None:
        catalogue.add("Hello {name}", french)
    assert len(problems({"Hello {name}": Path("a.py")}, catalogue)) == expected


def test_the_catalogue_of_the_product_is_complete() -> None:
    assert main() == 0
