"""The agent's eyes: what is on the customer's screens, as parts of media records."""
