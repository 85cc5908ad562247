"""The customer's clipboard: text is put there for them, and what they copy is read."""
