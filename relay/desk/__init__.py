"""The desk: people, tickets, sessions; the only process that writes the database."""
