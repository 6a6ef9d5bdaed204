"""Customers as an office works with them: found, listed, opened as a whole, made, changed, removed."""
