"""French texts of an invented internet provider's desk, by the dozen thousand: complaints, solutions, articles. The dice decide."""

import random

_THINGS = {
    "television": ("la télévision", "le décodeur", "l’écran du salon", "la télécommande", "le replay", "l’enregistreur"),
    "box": ("le wifi", "la box", "le répéteur", "la connexion", "la fibre", "le réseau de la chambre", "l’adaptateur"),
    "computer": ("la messagerie", "l’ordinateur portable", "l’imprimante", "le navigateur", "la sauvegarde", "l’antivirus"),
}  # fmt: skip
_TROUBLES = (
    "ne s’allume plus", "s’arrête sans cesse", "affiche un message d’erreur", "reste noir", "est très lent",
    "coupe plusieurs fois par soir", "ne répond pas", "redémarre en boucle", "demande un mot de passe", "n’est pas reconnu",
    "clignote en rouge", "perd le signal", "refuse la mise à jour", "se déconnecte", "grésille",
)  # fmt: skip
_SINCE = (
    "depuis l’orage d’hier", "depuis ce matin", "depuis le déménagement", "depuis la dernière mise à jour", "après une coupure",
    "chaque soir après vingt heures", "depuis trois semaines", "dès qu’on ferme la porte", "depuis le changement d’offre",
)  # fmt: skip
_TRIED = (
    "J’ai déjà tout débranché et rebranché.", "Le voyant est vert mais rien ne change.", "Ma voisine a le même problème.",
    "On m’a déjà envoyé un nouveau câble.", "Le technicien devait passer mardi.", "J’ai essayé avec un autre appareil.",
    "Les enfants ont peut-être changé les réglages.", "Cela marchait très bien avant l’été.", "J’ai suivi le guide reçu par courriel.",
    "La facture a pourtant été payée.", "Je travaille à la maison, c’est urgent.", "L’image est belle, il n’y a pas de son.",
)  # fmt: skip
_DONE = (
    "Redémarrer la box, puis l’équipement, dans cet ordre.", "Choisir la bonne source avec la télécommande.",
    "Changer le canal wifi et éloigner le répéteur du mur.", "Supprimer l’ancien mot de passe et saisir le nouveau.",
    "Installer la mise à jour et attendre le voyant vert.", "Remplacer le câble par celui de l’emballage.",
    "Réinitialiser les réglages d’usine, puis refaire l’appairage.", "Corriger le serveur d’envoi et essayer de nouveau.",
    "Vider le cache du navigateur et se reconnecter.", "Faire tester la ligne, puis relancer la synchronisation.",
)  # fmt: skip
_CAUSES = (
    "micrologiciel trop ancien",
    "prise oxydée",
    "interférences du voisinage",
    "licence expirée",
    "câble endommagé",
    "adresse en double",
)
_MODELS = {
    "television": ("TV4", "TV5", "TV5 Mini", "TV6"),
    "box": ("Box Fibre 5", "Box Fibre 6", "Répéteur R2", "Box Duo"),
    "computer": ("Windows 11", "Ubuntu", "macOS", "tablette"),
}
PRODUCTS = tuple(_THINGS)


def subject(dice: random.Random, product: str) -> str:
    """What it is about, in a line."""
    thing = dice.choice(_THINGS[product])
    return f"{thing[0].upper()}{thing[1:]} {dice.choice(_TROUBLES)}"


def complaint(dice: random.Random, product: str) -> str:
    """What a customer says. One in twelve reads out the code that the device shows."""
    shown = f" L’écran affiche le code E{dice.randrange(10**4):04}." if dice.random() < 1 / 12 else ""
    tried = " ".join(dice.sample(_TRIED, 2))
    return (
        f"{dice.choice(_THINGS[product])} {dice.choice(_TROUBLES)} {dice.choice(_SINCE)}. {tried}{shown}".capitalize()
    )


def solution(dice: random.Random) -> str:
    """What helped."""
    return "\n".join(dice.sample(_DONE, 2))


def article(dice: random.Random, product: str) -> dict[str, str]:
    """Title, issue, environment, resolution and cause of a solved problem."""
    model = dice.choice(_MODELS[product])
    return {
        "title": f"{subject(dice, product)} ({model}, cas {dice.randrange(10**5)})",
        "issue": f"« {complaint(dice, product)} »",
        "environment": f"{model}, version {dice.randrange(1, 9)}.{dice.randrange(30)}.",
        "resolution": "\n".join(dice.sample(_DONE, 3)),
        "cause": f"Vient de : {dice.choice(_CAUSES)}.",
    }
