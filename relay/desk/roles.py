"""The titles that people of the desk hold."""

ROLES = ("adviser", "hotliner", "technician", "expert", "supervisor", "auditor", "router", "administrator")
