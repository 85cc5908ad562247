"""A small procedure, tree and article that tests of the desk share."""

from relay.desk.procedures import Escalation, Procedure, Step
from relay.desk.publishing import Article
from relay.desk.question_trees import Choice, Question, Tree
from relay.desk.rules import Both, BothTexts

NOON = 1_795_176_000


def both(text: str) -> Both:
    return Both(text, text)


LINK = Question(
    "link",
    Both("Câble ou wifi ?", "Cable or wifi?"),
    "choice",
    (Choice("cable", both("Câble"), "light"), Choice("wifi", Both("Wifi", "Wifi"), "distance")),
)
LIGHT = Question(
    "light",
    Both("Le voyant est vert ?", "Is the light green?"),
    "choice",
    (Choice("yes", Both("Oui", "Yes"), "", "low"), Choice("no", Both("Non", "No"), "", "complex")),
)
DISTANCE = Question("distance", Both("À combien de mètres ?", "How many metres away?"), "number", (), 0, 200, "remark")
REMARK = Question("remark", Both("Autre chose ?", "Anything else?"), "text")
TREE = Tree(Both("Pas d’image", "No picture"), "television", (LINK, LIGHT, DISTANCE, REMARK))

SERIAL = Question("serial", Both("Numéro de série", "Serial number"), "text")
REBOOTED = Question(
    "rebooted",
    Both("Box redémarrée ?", "Box restarted?"),
    "choice",
    (Choice("yes", Both("Oui", "Yes")), Choice("no", Both("Non", "No"))),
)
PROCEDURE = Procedure(
    Both("Pas d’image sur la télévision", "No picture on the television"),
    "incident",
    "television",
    3,
    (Both("Votre numéro de client", "Your customer number"),),
    "no-picture",
    (Step("restart", 1, both("Redémarrer")), Step("cables", 1, both("Câbles")), Step("settings", 2, both("Réglages"))),
    (
        Escalation(
            1, 2, "technical", (SERIAL, REBOOTED), True, True, False, 4, BothTexts("Rappel par un technicien", "Call")
        ),
        Escalation(2, 3, "experts", (), True, False, True, 48, BothTexts("Rendez-vous", "Appointment")),
    ),
)
ARTICLE = Article(
    "fr",
    "Image noire après une mise à jour",
    "« Le son marche, mais l’écran est noir. »",
    "Décodeur TV4",
    "Choisir la sortie HDMI 1080p.",
    "La mise à jour choisit 4K.",
    "television",
    "desk",
    False,
)
