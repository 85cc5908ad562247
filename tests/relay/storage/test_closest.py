"""relay/storage/closest.py: a sentence that nothing holds whole finds the same on both databases, what holds most of it first."""

import pytest

from relay.desk.people import Tenant
from relay.storage import closest, search
from relay.storage.database import Database

TEXTS = {
    1: ("Pas d’image sur la télévision", "Le son fonctionne, l’écran reste noir depuis ce matin."),
    2: ("Le wifi coupe dans la chambre", "Les connexions s’arrêtent plusieurs fois par soir ; la télévision aussi."),
    3: ("Messagerie : mot de passe", "The mailbox keeps asking for passwords. Cœur de réseau. C-104418"),
}


@pytest.fixture
async def filled(database: Database, tenant: Tenant) -> Database:
    async with database.transaction() as connection:
        for number, (title, body) in TEXTS.items():
            await search.index(connection, tenant, "article", number, title, body)
        await search.index(
            connection, tenant, "ticket", 9, "L’orage a tué la télévision", "L’écran reste noir, plus de son."
        )
    return database


async def near(database: Database, tenant: Tenant, query: str) -> list[int]:
    async with database.reading() as connection:
        return await closest.closest(connection, tenant, query, "article")


async def test_what_holds_most_of_a_sentence_comes_first(filled: Database, tenant: Tenant) -> None:
    said = "Depuis l’orage ma télévision n’a plus de son et l’écran reste noir"
    assert (await near(filled, tenant, said))[0] == 1
    assert await near(filled, tenant, "ma chambre coupe le wfi") == [2]
    # The last word may be a beginning.
    assert await near(filled, tenant, "depuis la télévi") == [1, 2]


async def test_one_word_in_common_is_not_what_a_sentence_is_about(filled: Database, tenant: Tenant) -> None:
    assert await near(filled, tenant, "Le mot inconnu xyzzy plugh") == []
    assert await near(filled, tenant, "mot xyzzy") == [3]
    assert await near(filled, tenant, "…") == []


async def test_what_nearly_everything_holds_brings_nothing_close(database: Database, tenant: Tenant) -> None:
    async with database.transaction() as connection:
        common = [(number, "Pas de wifi sur la box", "Pas de lumière sur le port.") for number in range(1, 5)]
        await search.index_new(connection, tenant, "article", common)
        await search.index(connection, tenant, "article", 5, "L’image reste noire", "Rien sur la box.")
    assert await near(database, tenant, "pas de son sur la tablette") == []
    assert await near(database, tenant, "pas d’image sur la télévision") == [5]


async def test_nothing_of_another_service_is_close(filled: Database, tenant: Tenant) -> None:
    other = Tenant(tenant.organisation_id, tenant.service_id + 1)
    assert await near(filled, other, "ma chambre coupe le wifi") == []


async def test_what_is_older_than_the_newest_is_found_by_what_it_alone_has(
    filled: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closest, "NEWEST", 5)
    async with filled.transaction() as connection:
        common = [(100 + number, "Le wifi est lent", "La box est neuve.") for number in range(10)]
        await search.index_new(connection, tenant, "article", common)
    # Holds three words that the newest do not; what those hold, they all do.
    assert await near(filled, tenant, "le wifi coupe lent dans la chambre") == [2]
    # All that is held by the newest as well is looked for among them alone.
    assert await near(filled, tenant, "la box wifi lent") == [109, 108, 107, 106, 105]
