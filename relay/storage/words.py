"""Words as search compares them: without accents and capitals, by their stems in French and English, one typing error forgiven. No I/O.

Both databases are given these words and only look them up, so that both find the same.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import snowballstemmer

WORD_CHARACTERS_MAX = 40
FORGIVEN_FROM = 4
"""Shorter words have too many neighbours to be corrected."""

_WORD = re.compile(r"[^\W_]+")
_GLUED = re.compile(r"\b([^\W\d_]{1,3})(\d{3,})\b")
_NUMERAL = re.compile(r"([^\W\d_]{0,3})(\d{3,})")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "’": "'"})
_french = snowballstemmer.stemmer("french")
_english = snowballstemmer.stemmer("english")


@lru_cache(maxsize=50_000)
def fold(word: str) -> str:
    """Lower case, without accents: `Télévisions` becomes `televisions`."""
    lower = word.casefold().translate(_LIGATURES)
    return "".join(c for c in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(c))


def words_of(text: str) -> list[str]:
    """The words of a text in order, as written but in lower case and composed."""
    composed = unicodedata.normalize("NFC", text.casefold()).translate(_LIGATURES)
    # One letter may be several words once it is taken apart (U+FDFA), and nothing may be left of another.
    plain = ((word, fold(word)) for word in _WORD.findall(composed))
    return [word for word, folded in plain if folded.isalnum() and len(folded) <= WORD_CHARACTERS_MAX]


def apart(text: str) -> str:
    """The text with its numbers parted from the few letters before them: who says `C107855` may mean what is written `C-107855`."""
    return _GLUED.sub(r"\1 \2", text)


def numeral_of(text: str) -> tuple[str, str] | None:
    """Letters and digits of a number that was read out in any way, as `C 107 855` or `c.107-855`; None where it is something else."""
    found = _NUMERAL.fullmatch("".join(words_of(text)))
    return (found[1], found[2]) if found else None


@lru_cache(maxsize=50_000)
def terms_of(word: str) -> frozenset[str]:
    """All forms under which one word is kept and looked for. A text with accents is found without them, and the other way round."""
    plain = fold(word)
    # No stemmer takes anything from the end of a number: customers, telephones and serials are many, and each is new.
    if plain[-1:].isdigit():
        return frozenset((plain,))
    stems = (_french.stemWord(word), _french.stemWord(plain), _english.stemWord(plain))
    return frozenset(term for term in (plain, *map(fold, stems)) if term and len(term) <= WORD_CHARACTERS_MAX)


def index_terms(text: str) -> list[str]:
    """Everything that a text is found by, each word with its forms."""
    return [term for word in words_of(text) for term in sorted(terms_of(word))]


def is_forgiven(word: str) -> bool:
    """Whether a typing error in it is corrected. One in a number is not: another number is another customer, or another device."""
    return len(word) >= FORGIVEN_FROM and word.isalpha()


def shortened(word: str) -> frozenset[str]:
    """The word, and the word with each one letter left out: two words one typing error apart share one of these."""
    return frozenset({word, *(word[:i] + word[i + 1 :] for i in range(len(word)))})


def is_one_error_apart(left: str, right: str) -> bool:
    """Whether one letter is missing, too many, another one, or two neighbours are swapped."""
    if abs(len(left) - len(right)) > 1 or left == right:
        return False
    start = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    a, b = left[start:], right[start:]
    if len(a) == len(b):
        return a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
    return a[1:] == b or a == b[1:]


def nearest(word: str, candidates: Iterable[str]) -> list[str]:
    """Those of the candidates that one typing error makes of `word`, at most ten."""
    return sorted(candidate for candidate in candidates if is_one_error_apart(word, candidate))[:10]
