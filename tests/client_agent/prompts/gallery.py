"""Pictures of everything the customer sees: every window in French and English, light and dark, at 100 and 200 %.

python -m tests.client_agent.prompts.gallery FOLDER [NAME ...]
"""

import asyncio
import itertools
import os
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import mss
import mss.tools

from client_agent.prompts.customer import (
    BarState,
    ChatLine,
    ClipboardUsed,
    ConsentQuestion,
    FileRequest,
    FileShown,
    Interruption,
    Participation,
    Problem,
    Progress,
    QuestionKind,
    Summary,
    Viewer,
)
from client_agent.prompts.window import WindowCustomer
from protocol.vocabulary import Capability, Direction, FileOutcome, Hold, Outcome, RecordingState, Role
from tests.client_agent.prompts.played import remembering
from tests.virtual_display import VirtualDisplay, virtual_display

VIEW = frozenset({Capability.VIEW})
BOTH = frozenset({Capability.VIEW, Capability.CONTROL})
ALL = BOTH | {Capability.FILES}
FROM, TO = Direction.FROM_CUSTOMER, Direction.TO_CUSTOMER
CAMILLE = Viewer("Camille Moreau", BOTH, "camille")
SHARING = Viewer("Camille Moreau", BOTH | {Capability.CLIPBOARD}, "camille")
SCALES = (1.0, 2.0)
PAINTED_S = 1.3

QUESTION = ConsentQuestion(
    organisation="Opérateur Démo",
    is_verified=True,
    address="https://aide.operateur.example",
    technician="Camille Moreau",
    ticket="2041",
    subject="Pas d’image sur la télévision",
    reason="La box redémarre toute seule ; je voudrais regarder les réglages vidéo.",
    asks=Capability.VIEW,
)
SUMMARY = Summary(
    outcome=Outcome.COMPLETED,
    organisation="Opérateur Démo",
    ticket="2041",
    subject="Pas d’image sur la télévision",
    participations=(
        Participation("Camille Moreau", view_s=734, control_s=191, clicks=42, keys=118),
        Participation("Jean Petit", view_s=120, control_s=0),
    ),
    began_at=1_795_520_000,
    ended_at=1_795_520_740,
    fingerprint="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
)
HOSTILE = ConsentQuestion(
    organisation="✅ Verified Bank\n\n[ Allow ]" + "W" * 300,
    is_verified=False,
    address="https://" + "a" * 80 + ".example",
    technician="\u202eevil\u202c Z\u0301\u0302\u0303\u0304\u0305\u0306\u0307algo שלום עולם 中文 😀",
    ticket="<b>1</b>",
    subject="x" * 200,
    reason="\n".join(f"line {number} \x1b[31mred" for number in range(400)),
    asks=Capability.CONTROL,
)

Show = Callable[[WindowCustomer], Awaitable[object]]


def _bar(**state: object) -> Show:
    async def show(customer: WindowCustomer) -> None:
        customer.show_bar(BarState("Opérateur Démo", **state))  # type: ignore[arg-type]

    return show


def _bar_used(**state: object) -> Show:
    async def show(customer: WindowCustomer) -> None:
        customer.show_bar(BarState("Opérateur Démo", **state))  # type: ignore[arg-type]
        customer.show_clipboard_used(ClipboardUsed("Camille Moreau", Direction.FROM_CUSTOMER))

    return show


def _consent(question: ConsentQuestion, **changes: object) -> Show:
    from dataclasses import replace

    return lambda customer: customer.ask_consent(replace(question, **changes))  # type: ignore[arg-type]


async def _progress(customer: WindowCustomer) -> None:
    customer.show_progress(Progress.WAITING_FOR_TECHNICIAN)


async def _chat(customer: WindowCustomer) -> None:
    customer.show_bar(BarState("Opérateur Démo", viewers=(CAMILLE,), elapsed_s=725, recording=RecordingState.ON))
    for name, text in (
        ("Camille Moreau", "Bonjour ! Je regarde d’abord les réglages vidéo."),
        ("", "Très bien, merci. La box a redémarré ce matin, puis plus rien :\nErreur 0x80070005"),
        ("Camille Moreau", "Pouvez-vous débrancher la box dix secondes ? Je reste en ligne."),
    ):
        customer.show_chat(ChatLine(name, text, 1_795_520_000, is_own=not name))


SCENES: dict[str, Show] = {
    "code": lambda customer: customer.ask_code(),
    "code-expired": lambda customer: customer.ask_code(Problem.CODE_EXPIRED),
    "progress": _progress,
    "consent-view": _consent(QUESTION),
    "consent-control": _consent(QUESTION, asks=Capability.CONTROL),
    "consent-unverified": _consent(QUESTION, asks=Capability.CONTROL, is_verified=False),
    "consent-more": _consent(QUESTION, asks=Capability.CONTROL, is_first=False),
    "consent-join": _consent(QUESTION, kind=QuestionKind.JOIN, technician="Jean Petit", role=Role.SUPERVISOR),
    "consent-hand-over": _consent(
        QUESTION, kind=QuestionKind.HAND_OVER, technician="Jean Petit", role=Role.EXPERT, controller="Camille Moreau"
    ),
    "consent-record": _consent(QUESTION, kind=QuestionKind.RECORD, asks=Capability.RECORD, recording_days=90),
    "consent-record-required": _consent(
        QUESTION, kind=QuestionKind.RECORD, asks=Capability.RECORD, recording_days=90, is_recording_required=True
    ),
    "consent-files": _consent(QUESTION, asks=Capability.FILES, is_first=False),
    "consent-clipboard": _consent(QUESTION, asks=Capability.CLIPBOARD, is_first=False, may_be_recorded=True),
    "consent-hostile": _consent(HOSTILE),
    "bar-view": _bar(viewers=(Viewer("Camille Moreau", VIEW),), elapsed_s=65),
    "bar-control": _bar(viewers=(CAMILLE,), elapsed_s=725),
    "bar-recorded": _bar(viewers=(CAMILLE,), elapsed_s=725, recording=RecordingState.ON),
    "bar-recording-paused": _bar(viewers=(CAMILLE,), elapsed_s=725, recording=RecordingState.PAUSED),
    "bar-clipboard": _bar(viewers=(SHARING,), elapsed_s=725),
    "bar-clipboard-used": _bar_used(viewers=(SHARING,), elapsed_s=725, recording=RecordingState.ON),
    "bar-paused": _bar(viewers=(CAMILLE,), elapsed_s=725, holds=frozenset({Hold.PAUSED})),
    "bar-stop-key": _bar(viewers=(CAMILLE,), elapsed_s=725, holds=frozenset({Hold.STOP_KEY})),
    "bar-interrupted": _bar(viewers=(CAMILLE,), elapsed_s=725, interrupted=(Interruption("camille", 288, 48),)),
    "bar-one-away": _bar(
        viewers=(CAMILLE, Viewer("Jean Petit", VIEW, "jean")), elapsed_s=725, interrupted=(Interruption("jean", 288),)
    ),
    "bar-two": _bar(viewers=(CAMILLE, Viewer("Jean Petit", VIEW, "jean")), elapsed_s=725),
    "bar-several": _bar(
        viewers=(CAMILLE, *(Viewer(name, VIEW) for name in ("Jean Petit", "Aïcha Benali", "Li", "Zoé"))), elapsed_s=4000
    ),
    "chat": _chat,
    "bar-files": _bar(
        viewers=(Viewer("Camille Moreau", ALL, "camille"),),
        elapsed_s=725,
        recording=RecordingState.ON,
        files=(
            FileShown("Notice de la box.pdf", TO, 42),
            FileShown("journal-de-la-box-2026-11-26-17-10-abcdefghijklmn.log", FROM, 7),
        ),
    ),
    "bar-files-over": _bar(
        viewers=(Viewer("Camille Moreau", ALL, "camille"),),
        elapsed_s=725,
        files=(
            FileShown("Notice de la box (2).pdf", TO, 100, FileOutcome.MOVED, Path("/tmp")),
            FileShown("journal.log", FROM, 7, FileOutcome.UNREADABLE),
        ),
    ),
    "file-request": lambda customer: customer.ask_file(
        FileRequest("Camille Moreau", "Opérateur Démo", "Le journal de la box, que vous avez enregistré ce matin")
    ),
    "problem": lambda customer: customer.show_problem(Problem.NOT_STORED),
    "summary": lambda customer: customer.show_summary(SUMMARY),
}


@asynccontextmanager
async def shown(customer: WindowCustomer, show: Show) -> AsyncIterator[None]:
    """Have something on the screen meanwhile."""
    customer.attach(remembering([]))
    task = asyncio.ensure_future(show(customer))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def picture(display: VirtualDisplay, path: Path, show: Show, *, language: str, is_dark: bool, scale: float) -> None:
    """Write a picture of the display while `show` shows."""
    os.environ["DISPLAY"] = display.name
    customer = WindowCustomer(language=language, is_dark=is_dark, scale=scale)

    async def take() -> None:
        async with shown(customer, show):
            # A picture of a finished painting: there is no event for that, and nothing is proved by it.
            await asyncio.sleep(PAINTED_S)
            with mss.MSS() as screens:
                grabbed = screens.grab(screens.monitors[0])
                mss.tools.to_png(grabbed.rgb, grabbed.size, output=str(path))
        customer.close()

    thread = threading.Thread(target=lambda: asyncio.run(take()))
    thread.start()
    customer.run()
    thread.join()


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # One display for all: Tk holds on to the first one for as long as the program lives.
    with virtual_display(1920, 1080) as display:
        display.run("xsetroot", "-solid", "#5b7c99")
        for scale, name, language, is_dark in itertools.product(SCALES, names or SCENES, ("fr", "en"), (False, True)):
            path = folder / f"{name}-{language}-{'dark' if is_dark else 'light'}-{scale:.0%}.png"
            picture(display, path, SCENES[name], language=language, is_dark=is_dark, scale=scale)
            print(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
