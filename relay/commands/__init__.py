"""What the operator types: each command's work, apart from its arguments (which `__main__` names)."""
