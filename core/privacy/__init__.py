"""A customer's right to their own data: a copy of it, and its end."""
