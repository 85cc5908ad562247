"""Times and lengths of time as they are read."""

from datetime import UTC, datetime

_NO_BREAK = "\u00a0"

# strftime would need the system to have the language's locale.
_FRENCH_MONTHS = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
_ENGLISH_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def duration(seconds: int) -> str:
    """A length of time as both languages write it: `40 s`, `12 min 5 s`, `1 h 05 min`."""
    minutes, rest_s = divmod(max(0, seconds), 60)
    if minutes >= 60:
        text = f"{minutes // 60} h {minutes % 60:02} min"
    elif minutes and rest_s:
        text = f"{minutes} min {rest_s} s"
    else:
        text = f"{minutes} min" if minutes else f"{rest_s} s"
    return text.replace(" ", _NO_BREAK)


def remaining(seconds: int) -> str:
    """A time that runs down, as both languages write it: `4:05`."""
    minutes, rest_s = divmod(max(0, seconds), 60)
    return f"{minutes}:{rest_s:02}"


def time_of_day(at: int, language: str) -> str:
    """When something was, by this computer's clock: `14:05`, in French `14 h 05`."""
    local = datetime.fromtimestamp(at, UTC).astimezone()
    return f"{local.hour} h {local.minute:02}" if language == "fr" else f"{local.hour}:{local.minute:02}"


def moment(at: int, language: str) -> str:
    """A day and its time."""
    local = datetime.fromtimestamp(at, UTC).astimezone()
    months = _FRENCH_MONTHS if language == "fr" else _ENGLISH_MONTHS
    return f"{local.day} {months[local.month - 1]} {local.year}, {time_of_day(at, language)}"
