"""One session at the agent, from the sealed channel to the last entry of its log. `session.py` is where its parts meet."""
