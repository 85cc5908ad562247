"""What the technician's page gets from the desk."""

import json

import pytest

from relay.desk import assist
from translations import catalogue


def test_the_page_gets_its_texts_although_the_catalogue_has_plural_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    french = catalogue("fr")
    texts = getattr(french, "_catalog") | {("{count} step", 0): "{count} étape", ("{count} step", 1): "{count} étapes"}  # noqa: B009
    monkeypatch.setattr(french, "_catalog", texts)
    monkeypatch.setattr(assist, "catalogue", lambda _language: french)
    assert json.loads(assist.catalogue_file("fr").body)["You see"] == "Vous voyez"
