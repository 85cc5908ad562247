"""A session that does nothing but remember what the customer did, and a real customer's windows driven from outside."""

from dataclasses import dataclass, field
from typing import TypeVar

from client_agent.prompts.customer import CustomerCallbacks

T = TypeVar("T")


@dataclass
class Happened:
    """What the customer did, in order."""

    events: list[str] = field(default_factory=list)


def session_callbacks(happened: Happened | None = None) -> CustomerCallbacks:
    """Callbacks that write down that they were called."""
    events = (happened or Happened()).events

    async def before_question() -> None:
        events.append("before question")

    return CustomerCallbacks(
        on_take_back=lambda: events.append("take back"),
        on_pause=lambda: events.append("pause"),
        on_go_on=lambda: events.append("go on"),
        on_stop=lambda: events.append("stop"),
        before_question=before_question,
        after_question=lambda: events.append("after question"),
        on_more_time=lambda seconds: events.append(f"more time: {seconds}"),
    )
