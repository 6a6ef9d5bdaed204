"""The line itself: routers and what they say of a customer's connection."""
