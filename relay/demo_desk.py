"""What an invented French internet provider has written for its desk: what is said, what is asked, who takes over, what helps."""

from typing import Literal

from relay.desk.procedures import Escalation, Procedure, Script, Step
from relay.desk.publishing import Article
from relay.desk.question_trees import Choice, Complexity, Question, Tree
from relay.desk.rules import Both, BothTexts

Weight = Complexity | Literal[""]

AUTHOR, READER = "claire.demo", "paul.demo"


def _yes_no(
    name: str, fr: str, en: str, yes: str = "", no: str = "", no_weighs: Weight = "", yes_weighs: Weight = ""
) -> Question:
    return Question(
        name,
        Both(fr, en),
        "choice",
        (
            Choice("yes", Both("Oui", "Yes"), yes, yes_weighs),
            Choice("no", Both("Non", "No"), no, no_weighs),
        ),
    )


SERIAL = Question("serial", Both("Numéro de série de l’équipement", "Serial number of the device"), "text")
REACHABLE = Question(
    "reachable",
    Both("Numéro où joindre le client aujourd’hui", "Number where the customer can be reached today"),
    "text",
)
RESTARTED = _yes_no("restarted", "L’équipement a-t-il été redémarré ?", "Was the device restarted?")

CALL_BACK = BothTexts(
    "Un technicien de niveau 2 vous rappelle et regarde votre écran avec vous, si vous le voulez bien.",
    "A level 2 technician calls you back and looks at your screen with you, if you agree.",
)
APPOINTMENT = BothTexts(
    "Un expert prend rendez-vous avec vous.",
    "An expert makes an appointment with you.",
)

IDENTIFY = (
    Both("Votre numéro de client, en haut de chaque facture", "Your customer number, at the top of every bill"),
    Both("Le numéro de série, sous l’équipement", "The serial number, under the device"),
)


def _ladder(group: str, *needs: Question) -> tuple[Escalation, ...]:
    return (
        Escalation(1, 2, group, (*needs, RESTARTED, REACHABLE), True, True, False, 4, CALL_BACK),
        Escalation(2, 3, "experts", (REACHABLE,), True, False, True, 48, APPOINTMENT),
    )


SCRIPTS: dict[str, Script] = {
    "greeting": Script(
        Both("Accueil", "Greeting"),
        "greeting",
        BothTexts(
            "{organisation} bonjour, {name} à votre écoute. Que puis-je faire pour vous ?",
            "Welcome to {organisation}, this is {name}. What can I do for you?",
        ),
    ),
    "empathy": Script(
        Both("Compréhension", "Understanding"),
        "empathy",
        BothTexts(
            "Je comprends que ce soit gênant. Nous allons regarder cela ensemble.",
            "I understand that this is a nuisance. Let us look at it together.",
        ),
    ),
    "expectation": Script(
        Both("Ce qui vous attend", "What happens now"),
        "expectation",
        BothTexts(
            "Nous prenons dix minutes ensemble. Si cela ne suffit pas, un technicien vous rappelle sous quatre heures.",
            "We take ten minutes together. If that is not enough, a technician calls you back within four hours.",
        ),
    ),
    "closing": Script(
        Both("Prise de congé", "Closing"),
        "closing",
        BothTexts(
            "Y a-t-il autre chose que je puisse faire pour vous ? Merci de votre appel, {customer}, et bonne journée.",
            "Is there anything else that I can do for you? Thank you for calling, {customer}, and goodbye.",
        ),
    ),
}

TREES: dict[str, Tree] = {
    "no-picture": Tree(
        Both("Pas d’image sur la télévision", "No picture on the television"),
        "television",
        (
            Question(
                "link",
                Both("Comment le décodeur est-il relié à la box ?", "How is the decoder connected to the box?"),
                "choice",
                (
                    Choice("cable", Both("Par un câble", "By cable"), "light"),
                    Choice("wifi", Both("Par le wifi", "By wifi"), "distance"),
                    Choice("unknown", Both("Le client ne sait pas", "The customer does not know"), "light", "complex"),
                ),
            ),
            Question(
                "distance",
                Both("À combien de mètres de la box ?", "How many metres from the box?"),
                "number",
                (),
                0,
                200,
                "light",
            ),
            _yes_no("light", "Le voyant de la box est-il vert ?", "Is the box's light green?", "sound", "", "complex"),
            _yes_no("sound", "Y a-t-il du son ?", "Is there sound?", "source", "source"),
            Question(
                "source",
                Both("Que montre la télévision ?", "What does the television show?"),
                "choice",
                (
                    Choice("black", Both("Un écran noir", "A black screen"), "", "complex"),
                    Choice("no-signal", Both("« Aucun signal »", "“No signal”"), "", "low"),
                    Choice("message", Both("Un message d’erreur", "An error message"), "", "complex"),
                ),
            ),
        ),
    ),
    "slow-wifi": Tree(
        Both("Wifi lent ou coupé", "Slow or broken wifi"),
        "box",
        (
            _yes_no("cable", "Par câble, est-ce rapide ?", "Is it quick by cable?", "where", "", "complex"),
            Question(
                "where",
                Both("Où cela arrive-t-il ?", "Where does it happen?"),
                "choice",
                (
                    Choice("one-room", Both("Dans une seule pièce", "In one room only"), "walls", "low"),
                    Choice("everywhere", Both("Partout", "Everywhere"), "walls", "complex"),
                ),
            ),
            Question(
                "walls", Both("Combien de murs jusqu’à la box ?", "How many walls to the box?"), "number", (), 0, 20
            ),
        ),
    ),
    "mailbox": Tree(
        Both("Messagerie", "E-mail"),
        "computer",
        (
            Question(
                "program",
                Both("Avec quel programme ?", "With which program?"),
                "choice",
                (
                    Choice("web", Both("Dans le navigateur", "In the browser"), "changed"),
                    Choice("program", Both("Avec un logiciel", "With a program"), "changed", "complex"),
                    Choice("phone", Both("Sur le téléphone", "On the telephone"), "changed"),
                ),
            ),
            _yes_no(
                "changed",
                "Le mot de passe a-t-il été changé récemment ?",
                "Was the password changed recently?",
                yes_weighs="low",
            ),
        ),
    ),
}

PROCEDURES: dict[str, Procedure] = {
    "no-picture": Procedure(
        Both("Télévision : pas d’image", "Television: no picture"),
        "incident",
        "television",
        4,
        (*IDENTIFY, Both("La télécommande", "The remote control")),
        "no-picture",
        (
            Step("restart", 1, Both("Redémarrer le décodeur", "Restart the decoder")),
            Step("cables", 1, Both("Vérifier le câble HDMI des deux côtés", "Check both ends of the HDMI cable")),
            Step("output", 2, Both("Regarder les réglages de sortie vidéo", "Look at the video output settings")),
            Step("reset", 2, Both("Réinitialiser le décodeur", "Reset the decoder")),
        ),
        _ladder("television", SERIAL),
    ),
    "slow-wifi": Procedure(
        Both("Internet : wifi lent ou coupé", "Internet: slow or broken wifi"),
        "incident",
        "box",
        4,
        IDENTIFY,
        "slow-wifi",
        (
            Step("restart", 1, Both("Redémarrer la box", "Restart the box")),
            Step("place", 1, Both("Placer la box en hauteur et à découvert", "Place the box high and in the open")),
            Step("channel", 2, Both("Changer de canal wifi", "Change the wifi channel")),
            Step("line", 2, Both("Tester la ligne", "Test the line")),
        ),
        _ladder("internet", SERIAL),
    ),
    "mailbox": Procedure(
        Both("Messagerie", "E-mail"),
        "incident",
        "computer",
        2,
        (IDENTIFY[0], Both("Votre adresse de messagerie", "Your e-mail address")),
        "mailbox",
        (
            Step("web", 1, Both("Essayer dans le navigateur", "Try it in the browser")),
            Step("settings", 2, Both("Vérifier les réglages du logiciel", "Check the program's settings")),
        ),
        _ladder("internet"),
    ),
    "set-up": Procedure(
        Both("Installer un logiciel ou un équipement acheté", "Set up a program or a device that was bought"),
        "set_up",
        "computer",
        3,
        (IDENTIFY[0], Both("Le numéro de commande", "The order number")),
        "",
        (
            Step("order", 1, Both("Retrouver la commande et la licence", "Find the order and the licence")),
            Step("install", 2, Both("Installer avec le client", "Install it together with the customer")),
        ),
        _ladder("internet"),
    ),
    "return": Procedure(
        Both("Retour d’un équipement : remboursement ou réparation", "Return of a device: refund or repair"),
        "return",
        "box",
        3,
        IDENTIFY,
        "",
        (
            Step("warranty", 1, Both("Vérifier la garantie", "Check the warranty")),
            Step("label", 1, Both("Envoyer l’étiquette de retour", "Send the return label")),
        ),
        _ladder("internet", SERIAL),
    ),
}


def _article(
    title: str, product: str, issue: str, where: str, resolution: str, cause: str, *, guide: bool = False
) -> Article:
    return Article("fr", title, issue, where, resolution, cause, product, "customers" if guide else "desk", guide)


ARTICLES: dict[str, Article] = {
    "demo-black-screen": _article(
        "Écran « aucun signal » après un orage",
        "television",
        "« La télé dit qu’il n’y a aucun signal depuis l’orage d’hier. »",
        "Décodeur TV4 et TV5, relié par HDMI.",
        "Débrancher la box, le décodeur et la télévision pendant deux minutes.\nRebrancher la box d’abord, puis le décodeur, "
        "puis la télévision.\nChoisir la source HDMI 1.",
        "La prise HDMI reste bloquée après une coupure de courant.",
    ),
    "demo-wifi-room": _article(
        "Wifi qui coupe dans une seule pièce",
        "box",
        "« Le wifi marche au salon, mais pas dans la chambre. »",
        "Box Fibre 6, murs porteurs.",
        "Placer la box en hauteur, loin des appareils électriques.\nRelier le répéteur à mi-chemin, pas dans la pièce elle-même.",
        "Deux murs porteurs arrêtent la bande des 5 GHz.",
    ),
    "demo-mail-password": _article(
        "La messagerie redemande le mot de passe",
        "computer",
        "« Le courrier demande le mot de passe à chaque ouverture. »",
        "Logiciel de messagerie sur ordinateur, après un changement de mot de passe.",
        "Supprimer l’ancien mot de passe dans le trousseau du système.\nSaisir le nouveau une fois dans le logiciel.",
        "Le système garde l’ancien mot de passe et l’essaie d’abord.",
    ),
    "demo-guide-box": _article(
        "Guide : installer la Box Fibre 6",
        "box",
        "Vous venez de recevoir votre box.",
        "Box Fibre 6, prise optique murale.",
        "1. Reliez la fibre à la prise verte.\n2. Branchez le courant.\n3. Attendez le voyant vert, cinq minutes au plus.",
        "",
        guide=True,
    ),
}

GROUPS = (
    ("advice", "Conseil", "Advice", 1),
    ("television", "Service technique télévision", "Television technicians", 2),
    ("internet", "Service technique internet", "Internet technicians", 2),
    ("experts", "Experts", "Experts", 3),
)

# Sign-in name, full name, role, skills. Nobody can sign in as one of them: they have no password.
COLLEAGUES: tuple[tuple[str, str, str, dict[str, int]], ...] = (
    ("lina.demo", "Lina Moreau", "adviser", {"television": 1}),
    ("theo.demo", "Théo Girard", "adviser", {"internet": 2, "level-2": 1}),
    (AUTHOR, "Claire Dupuis", "supervisor", {}),
    (READER, "Paul Renaud", "expert", {"television": 3, "fibre": 3}),
    ("ines.demo", "Inès Fontaine", "technician", {"internet": 3}),
    ("marius.demo", "Marius Lopez", "expert", {"wifi": 3, "internet": 3}),
)


def _names(*lines: str) -> list[str]:
    return " ".join(lines).split()


FIRST_NAMES = _names(
    "Adèle Agathe Alice Amir Anaïs Baptiste Camille Chloé Clément Élise Émile Enzo Farida Gabriel Hugo",
    "Inès Jeanne Jules Karim Léa Léo Louise Lucas Manon Mathis Nina Noé Océane Paul Rose Salomé Samir",
    "Théo Victor Yasmine Zoé",
)
LAST_NAMES = _names(
    "Aubert Barbier Benoît Blanchard Boucher Brun Carpentier Caron Chevalier Collet Da-Silva David Dubois",
    "Fabre Faure Gauthier Haddad Henry Huet Jacquet Lacroix Lemaire Leroux Marchand Masson Meunier Nguyen",
    "Noël Olivier Perrot Picard Renault Rolland Roy Schmitt Traoré Vidal",
)
STREETS = (
    "rue des Lilas",
    "rue du Moulin",
    "avenue de la République",
    "place de l’Église",
    "chemin des Vignes",
    "quai du Port",
)
TOWNS = (
    "29200 Brest",
    "33000 Bordeaux",
    "34000 Montpellier",
    "59000 Lille",
    "67000 Strasbourg",
    "74000 Annecy",
    "87000 Limoges",
)
OFFERS = (
    ("Fibre Essentielle", "Internet 1 Gbit/s, téléphone ; sans engagement"),
    ("Fibre Famille", "Internet 2 Gbit/s, télévision, téléphone ; engagement 12 mois"),
    ("Fibre Pro", "Internet 5 Gbit/s, rétablissement en 4 heures ouvrées"),
)
DEVICES = (
    ("box", "Box Fibre 6", "BF6"),
    ("television", "Décodeur TV5", "TV5"),
    ("computer", "Portable, Windows 11", "PC"),
)
# Kind of request, what customers say, what helped.
STORIES = (
    ("no-picture", "Plus d’image sur la télévision", "Le son marche, l’écran est noir.", "Source HDMI rétablie."),
    (
        "no-picture",
        "La télé affiche « aucun signal »",
        "Depuis l’orage d’hier soir.",
        "Box et décodeur redémarrés dans l’ordre.",
    ),
    ("slow-wifi", "Wifi lent le soir", "Les films s’arrêtent sans cesse après 20 heures.", "Canal wifi changé."),
    (
        "slow-wifi",
        "Pas de wifi à l’étage",
        "Le téléphone perd la connexion dans l’escalier.",
        "Répéteur placé à mi-chemin.",
    ),
    ("mailbox", "Courriels qui ne partent plus", "Un message d’erreur à chaque envoi.", "Serveur d’envoi corrigé."),
    (
        "mailbox",
        "Mot de passe de messagerie oublié",
        "La cliente ne retrouve plus son mot de passe.",
        "Mot de passe renouvelé.",
    ),
    ("set-up", "Installer la sauvegarde achetée", "Le lien de téléchargement est périmé.", "Installée avec le client."),
    ("return", "Box en panne, à échanger", "Le voyant reste rouge.", "Étiquette de retour envoyée."),
)
