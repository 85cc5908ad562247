"""The titles that people of the desk hold."""

ROLES = ("adviser", "technician", "expert", "supervisor", "auditor", "administrator")
