"""The words of support codes, as files of the page: `python -m technician_viewer.word_lists FOLDER`, done by `./run setup`.

They are the BIP-39 lists of the package `mnemonic`: 2048 words a language, distinct in their first four letters. What nobody
wants to read to a worried customer is replaced, never left out, so that 2048 remain.
"""

import json
import sys
import unicodedata
from importlib import metadata, resources
from pathlib import Path

LISTS = {"en": "english", "fr": "french"}
_REPLACED = {
    "en": "abuse:acorn addict:biscuit blood:cedar bomb:cello crime:clover cruel:daisy dumb:fern evil:hazel fatal:tulip gun:kettle "
    "insane:lantern knife:lilac nasty:mitten pig:otter pistol:nutmeg rifle:parsley toilet:pebble ugly:plum virus:poppy "
    "weapon:quilt whip:teapot",
    "fr": "brutal:coquelicot cruel:hamac désastre:jonquille diable:lilas ennemi:marmotte fatal:mésange méchant:muguet "
    "menacer:sapin missile:tisane nocif:hirondelle prison:marguerite vilain:noix virus:sureau",
}


def words(language: str) -> list[str]:
    """The 2048 words of a language, written as its readers write them."""
    text = (resources.files("mnemonic") / "wordlist" / f"{LISTS[language]}.txt").read_text(encoding="utf-8")
    replaced = dict(pair.split(":") for pair in _REPLACED[language].split())
    return [replaced.get(word, word) for word in unicodedata.normalize("NFC", text).split()]


def write(folder: Path) -> None:
    """Write `words.LANGUAGE.json` for each language, and the licence of the lists."""
    folder.mkdir(parents=True, exist_ok=True)
    for language in LISTS:
        (folder / f"words.{language}.json").write_text(
            json.dumps(words(language), ensure_ascii=False), encoding="utf-8"
        )
    licence = metadata.distribution("mnemonic").read_text("LICENSE")
    if not licence:
        raise FileNotFoundError("the package mnemonic no longer carries its licence")
    (folder / "mnemonic.LICENSE.txt").write_text(licence, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
