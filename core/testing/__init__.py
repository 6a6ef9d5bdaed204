"""Shipped helpers for trying Loket out: the demo data, and builders that tests use too."""
