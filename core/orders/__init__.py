"""Orders of customers: a first line, another plan; what staff decide about them, and what follows on the line."""
