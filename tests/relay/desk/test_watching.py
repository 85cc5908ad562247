"""relay/desk/watching.py: evidence is given to whoever has said why, for that session and for some hours."""

from relay.desk.watching import WATCH_S, Watching


def test_a_watch_is_one_persons_of_one_session_and_ends() -> None:
    now = 0.0
    watching = Watching(lambda: now)
    assert not watching.is_open(1, 7)
    watching.begin(1, 7)
    assert watching.is_open(1, 7)
    assert not watching.is_open(2, 7)
    assert not watching.is_open(1, 8)
    now = WATCH_S
    assert not watching.is_open(1, 7)
