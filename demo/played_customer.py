"""The customer where nobody can click: says yes with the mouse in the real windows, to later questions too."""

import threading
from collections.abc import Callable
from types import TracebackType

from demo.customer import Customer
from tests.waiting import NeverCame

LOOKS_EVERY_S = 0.3

# The buttons of a question appear one by one, and its no last: before that is there, more may be asked for than can be seen. To each
# no its yeses, in the order in which they are looked for: the most that is asked for.
ANSWERS = {
    "Refuse": ("Let them see and control", "Let them control", "Let them see my screen", "Share the clipboard"),
    "Do not record": ("Let it be recorded",),
}
SUMMARY = "Close"


class PlayedCustomer:
    """Answers as long as the `with` block lasts; `tell` hears, in English, which button was pressed."""

    def __init__(self, customer: Customer, tell: Callable[[str], None]) -> None:
        self._customer, self._tell = customer, tell
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._answer, name="customer", daemon=True)

    def __enter__(self) -> "PlayedCustomer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _answer(self) -> None:
        while not self._is_over.wait(LOOKS_EVERY_S):
            asked = next(filter(self._customer.sees, ANSWERS), None)
            looked_for = ANSWERS[asked] if asked else (SUMMARY,)
            if label := next(filter(self._customer.sees, looked_for), None):
                self._press(label)

    def _press(self, label: str) -> None:
        try:
            self._customer.press(label)
        except NeverCame:
            return  # the question was withdrawn, or another one lies over it: look again
        self._tell(label)
