"""What a stored session log says, and whether it holds."""
