"""On what terms a picture is made: what viewers decode, and what it may cost."""

from dataclasses import dataclass

from client_agent.screen.budget import Budget
from client_agent.screen.encoders.interface import DATA_BYTES_MAX, RECORD_BYTES
from client_agent.screen.pacing import Urgency


@dataclass(frozen=True, slots=True)
class Terms:
    """Forms of pixels that every viewer decodes, by their names in the handshake, what the next picture may cost and may hold."""

    agreed: frozenset[str]
    budget: Budget
    least: Urgency = Urgency.REFINEMENT
    """What is less urgent than this has to wait for the path."""

    @property
    def data_bytes(self) -> int:
        """What one part may hold."""
        return min(self.budget.record_bytes - (RECORD_BYTES - DATA_BYTES_MAX), DATA_BYTES_MAX)
