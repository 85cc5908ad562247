"""The page's tests use a real relay, a real agent on a display and a real browser, as the journeys do."""

from tests.journeys.conftest import server, shared_server, stage

__all__ = ["server", "shared_server", "stage"]
