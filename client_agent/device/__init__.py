"""Which computer this is: what its system tells of make, model, system and size, and nothing that tells it from others alike."""
