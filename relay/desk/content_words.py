"""What the choices in a document are called, in the forms that it is written with and where two versions are compared. No I/O."""

from collections.abc import Callable

Gettext = Callable[[str], str]


def moments(gettext: Gettext) -> dict[str, str]:
    """When in a call a text is said."""
    return {
        "greeting": gettext("at the beginning"),
        "expectation": gettext("to say what happens now"),
        "empathy": gettext("to show understanding"),
        "closing": gettext("at the end"),
    }


def records(gettext: Gettext) -> dict[str, str]:
    """What kind of record a procedure makes of a ticket."""
    return {
        "incident": gettext("incident"),
        "request": gettext("request"),
        "how_to": gettext("how-to"),
        "set_up": gettext("set-up"),
        "onboarding": gettext("welcome of a new customer"),
        "return": gettext("return"),
    }


def demands(gettext: Gettext) -> dict[str, str]:
    """What has to be done before a case is handed over, by the fields of an `Escalation`."""
    return {
        "steps_required": gettext("all steps of the level have to be recorded"),
        "search_required": gettext("the knowledge base has to be searched"),
        "approval_required": gettext("somebody has to approve"),
    }
