"""Decisions about subscriptions that need no database."""

from __future__ import annotations

from datetime import date


def monthly(quantity: int, price: int, discount: int) -> int:
    """What a subscription costs a month, in rupiah."""
    return max(quantity * price - discount, 0)


def next_period(today: date) -> date:
    """The first day of the next month: a plan changes with a new bill, never in the middle of one."""
    return date(today.year + today.month // 12, today.month % 12 + 1, 1)
