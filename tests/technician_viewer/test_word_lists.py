"""The words of support codes."""

import json
import unicodedata
from pathlib import Path

import pytest

from protocol.support_code import parse
from technician_viewer.word_lists import LISTS, words, write


@pytest.mark.parametrize("language", LISTS)
def test_every_word_is_told_from_all_others_by_four_letters_without_accents(language: str) -> None:
    first = {parse(f"41703 {word} {word}").password.split()[1] for word in words(language)}
    assert len(words(language)) == len(first) == 2048


@pytest.mark.parametrize("language", LISTS)
def test_a_word_may_be_typed_without_its_accents_or_only_its_beginning(language: str) -> None:
    for word in words(language):
        plain = "".join(letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter))
        whole = parse(f"41703 {word} {word}")
        assert parse(f"41703 {plain} {plain.upper()}") == parse(f"41703-{plain[:4]}-{plain[:4]}") == whole


def test_the_page_gets_the_lists_and_their_licence(tmp_path: Path) -> None:
    write(tmp_path)
    assert json.loads((tmp_path / "words.fr.json").read_text(encoding="utf-8")) == words("fr")
    assert "Permission is hereby granted" in (tmp_path / "mnemonic.LICENSE.txt").read_text(encoding="utf-8")
