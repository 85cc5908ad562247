"""The organisation's server: passes sealed records on, keeps the evidence and the desk. It can read no session."""
