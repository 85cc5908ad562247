"""What each kind of system is asked, and how long it may take to answer."""

from dataclasses import dataclass

COMMAND_S_MAX = 2.0


@dataclass(frozen=True)
class Facts:
    """As the system wrote it, neither bounded nor clean yet; empty, or 0, where it does not tell."""

    make: str = ""
    model: str = ""
    system: str = ""
    processor: str = ""
    memory_bytes: int = 0
    desktop: str = ""
    windowing: str = ""
