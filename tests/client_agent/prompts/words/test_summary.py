"""What the summary says of those who took part."""

from dataclasses import replace

import pytest

from client_agent.prompts.words import Words
from tests.client_agent.prompts.questions import SUMMARY


@pytest.mark.parametrize(
    ("language", "clicks", "keys", "said"),
    [
        ("en", 1, 0, "1 click, 0 keys"),
        ("en", 2, 1, "2 clicks, 1 key"),
        ("fr", 0, 1, "0 clic, 1 touche"),
        ("fr", 2, 3, "2 clics, 3 touches"),
    ],
)
def test_clicks_and_keys_are_counted_as_people_would(language: str, clicks: int, keys: int, said: str) -> None:
    one = replace(SUMMARY.participations[0], clicks=clicks, keys=keys)
    [(_, (_, acted))] = Words(language).summary(replace(SUMMARY, participations=(one,))).people
    assert acted.text.endswith(said)
