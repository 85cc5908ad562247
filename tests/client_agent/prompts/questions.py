"""Questions to try the windows and the terminal with."""

from client_agent.prompts.customer import (
    BarState,
    ChatLine,
    ClipboardUsed,
    ConsentQuestion,
    Decision,
    FileShown,
    Participation,
    Summary,
    Viewer,
)
from protocol.session_log import DeviceDescribed, ScreenSize
from protocol.vocabulary import Capability, Direction, FileOutcome, Outcome

VIEW = frozenset({Capability.VIEW})
CONTROL = frozenset({Capability.CONTROL})

QUESTION = ConsentQuestion(
    organisation="Opérateur Démo",
    is_verified=True,
    address="https://aide.operateur.example",
    technician="Camille Moreau",
    ticket="2041",
    subject="Pas d’image sur la télévision",
    reason="La box redémarre toute seule ; je voudrais regarder les réglages vidéo.",
    asks=Capability.CONTROL,
)
HOSTILE = ConsentQuestion(
    organisation="✅ Verified Bank\n\n[ Allow ]" + "W" * 300,
    is_verified=False,
    address="https://" + "a" * 80 + ".example",
    technician="\u202eevil\u202c Z\u0301\u0302\u0303\u0304\u0305\u0306\u0307algo שלום עולם 中文 😀\x1b]0;owned\x07",
    ticket="<b>1</b>",
    subject="x" * 200,
    reason="\n".join(f"line {number} \x1b[31mred\x9b2J" for number in range(400)),
    asks=Capability.CONTROL,
)
CLIPBOARD = frozenset({Capability.CLIPBOARD})
CONTROLLED = BarState("Opérateur Démo", (Viewer("Camille Moreau", VIEW | CONTROL),), elapsed_s=725)
WRITTEN = ChatLine("Camille Moreau", "Voyez-vous le voyant rouge ?", 1_795_520_000, is_own=False)
WITH_FILES = BarState(
    "Opérateur Démo",
    (Viewer("Camille Moreau", VIEW | {Capability.FILES}),),
    files=(
        FileShown("Notice.pdf", Direction.TO_CUSTOMER, 42),
        FileShown("journal.log", Direction.FROM_CUSTOMER, 7, FileOutcome.UNREADABLE),
    ),
)
SHARED = BarState("Opérateur Démo", (Viewer("Camille Moreau", VIEW | CLIPBOARD, "camille"),), elapsed_s=725)
PUT = ClipboardUsed("Camille Moreau", Direction.TO_CUSTOMER)
READ = ClipboardUsed("Camille Moreau", Direction.FROM_CUSTOMER)
SUMMARY = Summary(
    outcome=Outcome.COMPLETED,
    organisation="Opérateur Démo",
    ticket="2041",
    subject="Pas d’image sur la télévision",
    participations=(
        Participation("Camille Moreau", view_s=734, control_s=191, clicks=42, keys=118),
        Participation("Jean <b>Petit</b>", view_s=120, control_s=0),
    ),
    began_at=1_795_520_000,
    ended_at=1_795_520_740,
    fingerprint="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    decisions=(
        Decision(1_795_520_010, "Camille Moreau", Capability.CONTROL, frozenset({Capability.VIEW})),
        Decision(1_795_520_020, "", Capability.RECORD, frozenset({Capability.RECORD})),
        Decision(1_795_520_030, "Jean <b>Petit</b>", Capability.VIEW, frozenset()),
    ),
    recorded_s=700,
    recording_days=90,
    position="mainforte/sessions/<script>\n12\n",
    messages=(2, 3),
    device=DeviceDescribed(
        "Dell Inc.",
        "Latitude 5440",
        "Debian GNU/Linux 12",
        "GNOME",
        "wayland",
        "Intel(R) Core(TM) i5 ✅",
        12,
        16_450_000_000,
        502_000_000_000,
        3_900_000_000,
        [ScreenSize(1920, 1080), ScreenSize(2560, 1440)],
    ),
)
