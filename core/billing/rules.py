"""Decisions about money that need no database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Protocol

_HOW_TO = {
    "va": "payment_code.how_bank",
    "alfamart": "payment_code.how_shop",
    "indomaret": "payment_code.how_shop",
}


class CodeTemplate(Protocol):
    """How a payment channel spells its code for a service."""

    @property
    def prefix(self) -> str: ...
    @property
    def digits_only(self) -> bool: ...
    @property
    def length(self) -> int | None: ...


def payment_code(channel: CodeTemplate, service_number: str) -> str:
    """What a customer types at a channel: prefix + service number, fitted to what it accepts (mywifi contract §0)."""
    account = "".join(filter(str.isdigit, service_number)) if channel.digits_only else service_number
    if channel.length is not None:
        account = account[-channel.length :].rjust(channel.length, "0")
    return channel.prefix + account


def how_to_pay(channel_code: str) -> str:
    """Key of how to pay at a channel, by the first part of its code."""
    return _HOW_TO.get(channel_code.partition("_")[0], "payment_code.how_anywhere")


def isolation_day(due_on: date, after_days: int) -> date:
    """The day printed as `isolir_date`; the line closes on the day after it (mywifi contract §0)."""
    return due_on + timedelta(days=after_days)


def may_reopen(isolation_days_of_unpaid: Iterable[date], today: date) -> bool:
    """A line opens again when no unpaid invoice is past its isolation day (mywifi contract §0)."""
    return all(day >= today for day in isolation_days_of_unpaid)


def share_of(amount: int, part: int, whole: int) -> int:
    """The `part` of a `whole` that belongs to an `amount`, rounded half up to whole rupiah."""
    return (2 * amount * part + whole) // (2 * whole) if whole else 0


def amount_owed(line_totals: Iterable[int], *, tax: int, discount: int) -> int:
    """What an invoice asks for (mywifi contract §7)."""
    return sum(line_totals) + tax - discount
