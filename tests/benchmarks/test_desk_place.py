"""A big desk is made where it is not there yet, from within the benchmark that asks for it, and kept."""

from pathlib import Path

import aiohttp
import pytest

from benchmarks.desk_data import TICKETS_FROM, Size
from benchmarks.desk_place import served_desk

SMALL = Size(tickets=30, people=5, articles=6, customers=8)


@pytest.mark.soak
async def test_a_desk_is_made_once_and_served_again(tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        async with served_desk(tmp_path, "SQLite", SMALL) as served, aiohttp.ClientSession() as http:
            async with http.get(
                f"{served.organisation.address}/tickets/{TICKETS_FROM}", allow_redirects=False
            ) as answer:
                assert answer.status == 303
                assert "sign-in" in answer.headers["Location"]
            found.append((served.organisation, served.filled_s))
    assert found[0] == found[1]
    assert found[0][1]
