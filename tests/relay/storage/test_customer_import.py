"""A file of customers: each mistake is named, and nothing is half done, on both databases."""

import asyncio
import csv
import itertools
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from relay.commands import imports
from relay.commands.terminal import CannotGoOn
from relay.desk import customer_store
from relay.desk.customer_file import Mistake, Row, WrongHeader, read
from relay.desk.people import tenant_of
from relay.keys import make_organisation
from relay.settings import Settings
from relay.storage import tables
from relay.storage.database import open_database
from tests.relay.desk.conftest import SECRET

PARIS = ZoneInfo("Europe/Paris")
HEADER = "number,name,phone,email,language,device_type,device_name,contract_began,offer"
RIGHT = "C-1,Zoé Noël,01 99 00 00 01,zoe@example.org,fr,box,Box Fibre 6,2024-02-29,Fibre"


def found(*lines: str, header: str = HEADER) -> list[Row | list[Mistake]]:
    return list(read([f"{header}\r\n", *(f"{line}\r\n" for line in lines)], PARIS))


def test_a_right_line_is_a_customer_with_device_and_contract() -> None:
    (row,) = found(RIGHT)
    assert isinstance(row, Row)
    assert row.line == 2
    assert row.customer["name"] == "Zoé Noël"
    assert row.device == {"type": "box", "name": "Box Fibre 6", "reference": "", "serial": ""}
    assert row.contract is not None
    assert row.contract["offer"] == "Fibre"


def test_semicolons_and_a_byte_order_mark_are_read_as_spreadsheets_write_them() -> None:
    (row,) = found("C-1;Zoé", header="\ufeffNumber;Name")
    assert isinstance(row, Row)


@pytest.mark.parametrize(
    ("line", "column", "problem"),
    [
        (RIGHT.replace("C-1", ""), "number", "empty"),
        (RIGHT.replace("C-1", "C" * 41), "number", "too_long"),
        (RIGHT.replace("Zoé Noël", "Zoé\u202eNoël"), "name", "bad_characters"),
        (RIGHT.replace("Zoé", "Zo\udce9"), "name", "not_utf8"),
        (RIGHT.replace("zoe@", "zoe@@"), "email", "not_an_address"),
        (RIGHT.replace(",fr,", ",de,"), "language", "not_one_of fr en"),
        (RIGHT.replace(",box,", ",boat,"), "device_type", "not_one_of computer television box phone other"),
        (RIGHT.replace("2024-02-29", "2023-02-29"), "contract_began", "not_a_date"),
        (RIGHT + ",more", "", "wrong_number_of_fields"),
    ],
)
def test_a_mistake_is_named_by_line_and_column(line: str, column: str, problem: str) -> None:
    _, wrong = found(RIGHT.replace("C-1", "C-0"), line)
    assert isinstance(wrong, list)
    assert [(mistake.line, mistake.column, mistake.problem) for mistake in wrong] == [(3, column, problem)]


def test_the_same_customer_twice_is_a_mistake_of_the_second_line() -> None:
    _, wrong = found(RIGHT, RIGHT)
    assert isinstance(wrong, list)
    assert wrong[0].problem == "twice_in_the_file"


@pytest.mark.parametrize("header", ["", "number", "number,name,colour", "number,name,name"])
def test_a_file_that_does_not_say_what_its_columns_are_is_refused(header: str) -> None:
    with pytest.raises(WrongHeader):
        found(RIGHT, header=header)


@given(st.lists(st.text(max_size=60), max_size=8))
def test_whatever_is_in_the_lines_each_comes_out_as_a_customer_or_a_mistake(lines: list[str]) -> None:
    for one in read([f"{HEADER}\n", *(f"{line}\n" for line in lines)], PARIS):
        assert isinstance(one, Row) or all(mistake.problem for mistake in one)


@pytest.fixture
def settings(place: Path | str, tmp_path: Path) -> Settings:
    url = place if isinstance(place, str) else ""
    made = Settings(folder=tmp_path, origins=("http://localhost:1",), database_url=url)
    make_organisation(made, "Org", root_key=tmp_path / "away.pem", root_passphrase="p" * 12, secret=SECRET)
    return made


def written(path: Path, count: int, *, wrong: dict[int, str] | None = None) -> Path:
    """A file of so many customers; `wrong` replaces lines, by the number an editor shows."""
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(HEADER + "\n")
        for n in range(count):
            line = f"C-{n},Client Numéro{n % 997},01 99 00 {n % 10000:05},c{n}@example.org,fr,box,Box,2024-01-01,Fibre"
            file.write((wrong or {}).get(n + 2, line) + "\n")
    return path


def counted(settings: Settings) -> dict[str, int]:
    async def count() -> dict[str, int]:
        database = open_database(settings.database)
        async with database.transaction() as connection:
            named = (tables.customer, tables.device, tables.contract, tables.search_entry)
            rows = {t.name: (await connection.execute(select(func.count()).select_from(t))).scalar_one() for t in named}
        await database.close()
        return rows

    return asyncio.run(count())


def test_a_file_with_mistakes_changes_nothing_and_all_of_them_are_listed(settings: Settings, tmp_path: Path) -> None:
    wrong = {17: "C-15,,,,,,,,", 1500: "C-3,Double,,,,,,,", 2400: "=cmd,\udcff,,nobody,,,,,"}
    file = written(tmp_path / "clients.csv", 2500, wrong=wrong)
    with pytest.raises(CannotGoOn, match="nothing was imported"):
        imports.import_customers(settings, file, None, skip_wrong=False)
    assert set(counted(settings).values()) == {0}
    listed = list(csv.DictReader((tmp_path / "clients.mistakes.csv").open(encoding="utf-8")))
    assert [(row["line"], row["column"], row["problem"]) for row in listed] == [
        ("17", "name", "empty"),
        ("1500", "number", "twice_in_the_file"),
        ("2400", "name", "not_utf8"),
        ("2400", "email", "not_an_address"),
    ]


def test_what_is_right_can_be_taken_without_the_rest_and_nothing_is_taken_twice(
    settings: Settings, tmp_path: Path
) -> None:
    file = written(tmp_path / "clients.csv", 2500, wrong={17: "C-15,,,,,,,,"})
    imports.import_customers(settings, file, tmp_path / "report.csv", skip_wrong=True)
    assert counted(settings) == {"customer": 2499, "device": 2499, "contract": 2499, "search_entry": 2499}
    again = written(tmp_path / "again.csv", 3)
    with pytest.raises(CannotGoOn):
        imports.import_customers(settings, again, None, skip_wrong=False)
    assert "known_already" in (tmp_path / "again.mistakes.csv").read_text()
    assert counted(settings)["customer"] == 2499

    async def searched() -> list[str]:
        database = open_database(settings.database)
        async with database.transaction() as connection:
            organisation = (await connection.execute(select(tables.organisation))).one()
        tenant = await tenant_of(database, organisation.name, organisation.root_fingerprint)
        async with database.transaction() as connection:
            rows = await customer_store.identify(connection, tenant, "C-2000")
            rows += await customer_store.identify(connection, tenant, "c42@example.org")
        await database.close()
        return [row.number for row in rows]

    assert asyncio.run(searched())[:1] == ["C-2000"]
    assert "C-42" in asyncio.run(searched())


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_postgresql_knows_how_many_there_are_before_they_are_there_for_others(
    settings: Settings, tmp_path: Path
) -> None:
    """It took the tables for empty to the end, and read them whole for each thousand of a million lines."""
    imports.import_customers(settings, written(tmp_path / "clients.csv", 2500), None, skip_wrong=False)

    async def counted_by_the_planner() -> list[float]:
        database = open_database(settings.database)
        async with database.transaction() as connection:
            named = "SELECT reltuples FROM pg_class WHERE relname IN ('customer', 'search_word')"
            rows = (await connection.execute(text(named))).scalars().all()
        await database.close()
        return list(rows)

    assert min(asyncio.run(counted_by_the_planner())) >= 1000


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_million_lines_with_mistakes_are_judged_to_the_end_and_change_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    wrong = dict.fromkeys(itertools.islice(range(1000, 10**6, 1000), 900), "C-x,,,,,,,,")
    file = written(tmp_path / "million.csv", 10**6, wrong=wrong)
    with pytest.raises(CannotGoOn, match="900"):
        imports.import_customers(settings, file, None, skip_wrong=False)
    assert set(counted(settings).values()) == {0}
    imports.import_customers(settings, file, tmp_path / "report.csv", skip_wrong=True)
    assert counted(settings)["customer"] == 10**6 - 900
