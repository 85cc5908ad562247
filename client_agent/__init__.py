"""The customer's program: shows the screen, applies input, and alone decides what is allowed."""
