"""A small French internet provider with a few customers and tickets. Everybody in it is invented."""

from relay.desk import ticket_store
from relay.desk.people import Tenant
from relay.desk.ticket_store import NewTicket
from relay.storage.database import Database

# 555-like numbers of France: the regulator keeps 01 99 00 and 02 61 91 for fiction.
TICKETS: dict[int, NewTicket] = {
    2036: NewTicket(
        "Le wifi coupe dans la chambre",
        "Depuis le changement de box, le wifi s’arrête plusieurs fois par soir à l’étage.",
        "Samuel Roussel", "C-104418", "01 99 00 41 07", "samuel.roussel@example.org",
        "8 rue des Tilleuls, 35000 Rennes", "box", "Box Fibre 6",
    ),
    2038: NewTicket(
        "Messagerie : « mot de passe incorrect »",
        "La messagerie demande le mot de passe à chaque ouverture, depuis hier matin.",
        "Nadia Benali", "C-099127", "01 99 00 17 62", "nadia.benali@example.org",
        "21 avenue Foch, 69006 Lyon", "computer", "Portable, Windows 11",
    ),
    2039: NewTicket(
        "Installer le logiciel de sauvegarde acheté en boutique",
        "Licence reçue par courriel, la cliente ne trouve pas le téléchargement.",
        "Hélène Garnier", "C-110203", "02 61 91 08 35", "helene.garnier@example.org",
        "3 place du Marché, 44190 Clisson", "computer", "Ordinateur de bureau, Linux",
    ),
    2041: NewTicket(
        "Pas d’image sur la télévision",
        "Le son fonctionne, l’écran reste noir depuis ce matin. La box affiche un voyant vert. "
        "Le client a déjà débranché et rebranché le décodeur.",
        "Marc Lefèvre", "C-107855", "01 99 00 23 50", "marc.lefevre@example.org",
        "14 rue de la Gare, 37000 Tours", "computer", "Portable relié à la télévision",
    ),
}  # fmt: skip


async def add(database: Database, tenant: Tenant, person_id: int) -> list[int]:
    """Add the tickets that are not there yet; their numbers."""
    added = []
    async with database.transaction() as connection:
        for number, new in TICKETS.items():
            if await ticket_store.find(connection, number) is None:
                added.append(await ticket_store.open_ticket(connection, tenant, person_id, new, number=number))
    return added
