"""relay/storage/search.py and words.py: the same query finds the same on both databases."""

import contextlib

import pytest
import snowballstemmer
from hypothesis import given
from hypothesis.strategies import characters
from hypothesis.strategies import text as texts
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk.people import Tenant
from relay.storage import search
from relay.storage.database import Database
from relay.storage.words import fold, index_terms, is_one_error_apart, shortened, terms_of, words_of

TEXTS = {
    1: ("Pas d’image sur la télévision", "Le son fonctionne, l’écran reste noir depuis ce matin."),
    2: ("Le wifi coupe dans la chambre", "Les connexions s’arrêtent plusieurs fois par soir ; la télévision aussi."),
    3: ("Messagerie : mot de passe", "The mailbox keeps asking for passwords. Cœur de réseau. C-104418"),
}


async def found(database: Database, tenant: Tenant, query: str) -> list[int]:
    async with database.transaction() as connection:
        return await search.find(connection, tenant, query, "ticket")


@pytest.fixture
async def filled(database: Database, tenant: Tenant) -> Database:
    async with database.transaction() as connection:
        for number, (title, body) in TEXTS.items():
            await search.index(connection, tenant, "ticket", number, title, body)
        await search.index(connection, tenant, "article", 1, "Écran noir", "Choisir la sortie.")
    return database


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("televisions", {1, 2}),
        ("TÉLÉVISION noire", {1}),
        ("connexion", {2}),
        ("password", {3}),
        ("coeur", {3}),
        ("cœur", {3}),
        ("télév", {1, 2}),
        ("104418", {3}),
        ("1044", {3}),
        ("10", set()),
        ("C-104418", {3}),
        ("c104418", {3}),
        ("C104419", set()),
        ("image wifi", set()),
        ("réfrigérateur", set()),
        ("", set()),
        ("% _ * \" ' ) ( : & | ! \\", set()),
        ("\ufdfa" * 3 + " image", {1}),  # too long once it is taken apart: not looked for
        ("\ufdfa", set()),
    ],
)
async def test_word_forms_accents_and_beginnings_are_found(
    filled: Database, tenant: Tenant, query: str, expected: set[int]
) -> None:
    assert set(await found(filled, tenant, query)) == expected


@pytest.mark.parametrize(
    ("typed", "expected"), [("telvision", {1, 2}), ("tleevision noir", {1}), ("passwrod", {3}), ("imagge", {1})]
)
async def test_one_typing_error_a_word_is_forgiven(
    filled: Database, tenant: Tenant, typed: str, expected: set[int]
) -> None:
    assert set(await found(filled, tenant, typed)) == expected


@pytest.mark.parametrize("typed", ["RTX4071", "104419", "rtx4o70"])
async def test_a_number_is_never_taken_for_another_one(database: Database, tenant: Tenant, typed: str) -> None:
    async with database.transaction() as connection:
        await search.index(connection, tenant, "customer", 1, "Zoé Noël", "C-104418 RTX4070 zoe@example.org")
        assert await search.find(connection, tenant, typed, "customer") == []
        assert await search.find(connection, tenant, "rtx4070", "customer") == [1]
        assert await search.find(connection, tenant, "examle", "customer") == [1]


async def test_what_has_the_word_in_its_title_comes_first(filled: Database, tenant: Tenant) -> None:
    assert await found(filled, tenant, "télévision") == [1, 2]


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
async def test_a_rare_beginning_is_looked_up_in_the_index_instead_of_in_every_entry(
    database: Database, tenant: Tenant
) -> None:
    """PostgreSQL takes every beginning for a common one; among a million tickets a customer's number took a second."""
    async with database.transaction() as connection:
        for statement in (
            "INSERT INTO search_entry SELECT n, :organisation, :service, 'ticket', n FROM generate_series(1, 20000) n",
            "INSERT INTO search_ticket SELECT n, words, words FROM generate_series(1, 20000) n,"
            " LATERAL array_to_tsvector(ARRAY['c', CAST(3000000 + n AS text)]) words",
            "ANALYZE search_ticket, search_entry",
        ):
            which = {"organisation": tenant.organisation_id, "service": tenant.service_id}
            await connection.execute(text(statement), which if ":service" in statement else {})
        before = await _walked(connection)
        assert await search.find(connection, tenant, "C-3000123", "ticket") == [123]
        assert await _walked(connection) - before < 10_000


async def _walked(connection: AsyncConnection) -> int:
    """How many entries were read one after the other by their primary keys so far, or without any index."""
    told = "SELECT " + " + ".join(
        f"pg_stat_get_xact_tuples_returned('{name}'::regclass)" for name in ("search_ticket_pkey", "search_ticket")
    )
    return int((await connection.execute(text(told))).scalar_one())


async def test_of_what_holds_the_words_equally_the_newest_comes_first_and_all_of_it_in_the_end(
    database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However PostgreSQL goes about it: a walk from the newest on that is long enough, one that is not, or none."""
    async with database.transaction() as connection:
        for number in range(1, 151):
            title = "Box en panne" if number % 50 == 0 else "Panne"
            await search.index(connection, tenant, "ticket", number, title, "La box ne répond plus.")
        newest = [number for number in range(150, 0, -1) if number % 50]
        for sample in (2000, 30, 2):
            monkeypatch.setattr(search, "_SAMPLE", sample)
            monkeypatch.setattr(search, "_WALKED_MAX", 2 * sample)
            assert await search.find(connection, tenant, "box", "ticket") == [150, 100, 50, *newest[:97]]
            assert await search.find(connection, tenant, "box", "ticket", limit=2) == [150, 100]


async def test_what_was_written_anew_is_found_by_its_new_words_only(filled: Database, tenant: Tenant) -> None:
    async with filled.transaction() as connection:
        await search.index(connection, tenant, "ticket", 1, "Facture illisible", "")
        await search.forget(connection, tenant, "ticket", 2)
    assert await found(filled, tenant, "télévision") == []
    assert await found(filled, tenant, "factures") == [1]


async def test_another_service_finds_nothing_of_this_one(filled: Database, tenant: Tenant) -> None:
    assert await found(filled, Tenant(tenant.organisation_id, tenant.service_id + 1), "image") == []


async def test_any_text_at_all_can_be_looked_for(filled: Database, tenant: Tenant) -> None:
    for query in (
        "'; DROP TABLE ticket; --",
        "\x00",
        "NEAR(a b)",
        "title:image",
        "😀 ŕ ﬁ ǆ",
        "a" * 5000,
        "l'écran",
        "-noir",
        "⑴ ﷺ ½",
    ):
        await found(filled, tenant, query)


async def test_the_migrations_make_the_same_tables_on_both(database: Database) -> None:
    from relay.storage.tables import metadata

    async with database.transaction() as connection:
        names = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    assert {table.name for table in metadata.sorted_tables} <= names


@given(texts(characters(codec="utf-8"), max_size=60))
def test_a_text_is_found_by_each_of_its_own_words(written: str) -> None:
    terms = set(index_terms(written))
    for word in written.split():
        for term in index_terms(word):
            assert term in terms
            assert terms_of(term)


@given(texts("abcdé", min_size=1, max_size=8), texts("abcdé", min_size=1, max_size=8))
def test_two_words_one_typing_error_apart_share_a_shortened_form(left: str, right: str) -> None:
    assert not (is_one_error_apart(left, right) and shortened(left).isdisjoint(shortened(right)))
    assert is_one_error_apart(left, right) == is_one_error_apart(right, left)


@given(texts(characters(codec="utf-8"), max_size=20))
def test_what_ends_in_a_number_has_no_stem_to_be_looked_for(beginning: str) -> None:
    for word in words_of(f"{beginning}7"):
        if fold(word)[-1].isdigit():
            stems = {fold(snowballstemmer.stemmer(language).stemWord(word)) for language in ("french", "english")}
            assert stems == terms_of(word) == {fold(word)}


async def test_a_word_whose_writing_was_taken_back_is_learnt_the_next_time(database: Database, tenant: Tenant) -> None:
    for _ in range(2):
        with contextlib.suppress(InterruptedError):
            async with database.transaction() as connection:
                for number in (1, 2):
                    await search.index(connection, tenant, "ticket", number, "Grésillement", "")
                raise InterruptedError
        assert await found(database, tenant, "gresill") == []
    async with database.transaction() as connection:
        await search.index(connection, tenant, "ticket", 1, "Grésillement", "")
    for typed in ("gresill", "gréssillement"):
        assert await found(database, tenant, typed) == [1]


async def test_what_is_forgotten_is_found_no_more_and_again_once_it_is_back(filled: Database, tenant: Tenant) -> None:
    async with filled.transaction() as connection:
        await search.forget(connection, tenant, "ticket", 1)
        assert await search.find(connection, tenant, "télévision", "ticket") == [2]
    assert await found(filled, tenant, "image noir") == []
    async with filled.transaction() as connection:
        await search.index(connection, tenant, "ticket", 1, *TEXTS[1])
    assert await found(filled, tenant, "image noir") == [1]


async def test_many_at_once_are_found_like_one_after_the_other(
    filled: Database, database: Database, tenant: Tenant
) -> None:
    texts = [(10 * number, *of) for number, of in TEXTS.items()]
    async with filled.transaction() as connection:
        await search.index_new(connection, tenant, "tutorial", texts)
        for query in ("télévision", "connexion", "password", "imagge"):
            expected = [10 * number for number in await search.find(connection, tenant, query, "ticket")]
            assert await search.find(connection, tenant, query, "tutorial") == expected


async def test_a_text_that_says_the_same_for_ever_is_found(database: Database, tenant: Tenant) -> None:
    async with database.transaction() as connection:
        await search.index(connection, tenant, "ticket", 1, "Télévision", "grésillement " * 100_000)
    assert await found(database, tenant, "télévision grésillement") == [1]
