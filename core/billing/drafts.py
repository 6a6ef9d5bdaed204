"""What a month's bill says, worked out without a database: which days, which lines, which tax, due when."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from msgspec import Struct

from core.billing.commands import TAX_LINE
from core.billing.rules import amount_owed, share_of
from core.billing.types import InvoiceLine

#: However late a bill is written, the customer has this long before it is due.
LEAST_NOTICE = timedelta(days=3)

_NO_REMARK = "-"


class Period(Struct, frozen=True, order=True):
    """A billing month."""

    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> Period:
        return cls(day.year, day.month)

    @property
    def days(self) -> int:
        return calendar.monthrange(self.year, self.month)[1]

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        return date(self.year, self.month, self.days)

    @property
    def following(self) -> Period:
        return Period.of(self.last + timedelta(days=1))

    def day(self, number: int) -> date:
        """The day of that number; where the month is shorter, its last."""
        return date(self.year, self.month, min(number, self.days))


def periods(since: date, until: date) -> Iterator[Period]:
    """The months from that of one day to that of another."""
    period, last = Period.of(since), Period.of(until)
    while period <= last:
        yield period
        period = period.following


class Charge(Struct, frozen=True):
    """A subscription, or what is billed beside it. `since` is its first day to be charged, if that may be in the month."""

    name: str
    category: str
    price: int
    quantity: int
    discount: int = 0
    since: date | None = None


class Draft(Struct, frozen=True):
    lines: tuple[InvoiceLine, ...]
    amount: int
    tax: int
    #: Taken off when discounts exceed everything else: a bill never asks for less than nothing.
    discount: int


def due_on(period: Period, due_day: int, today: date) -> date:
    return max(period.day(due_day), today + LEAST_NOTICE)


def draft(charges: Iterable[Charge], period: Period, *, tax_percent: int) -> Draft:
    """The bill for a month: each charge a line, a plan that began in the month by its days, tax as a line of its own."""
    lines = [_line(charge, period) for charge in charges]
    net = sum(line.total for line in lines)
    tax = share_of(max(net, 0), tax_percent, 100)
    if tax:
        lines.append(InvoiceLine(f"PPN {tax_percent}%", TAX_LINE, tax, 1, 0, tax, _NO_REMARK))
    discount = min(net, 0)
    return Draft(tuple(lines), amount_owed(_totals(lines), tax=0, discount=discount), tax, discount)


def _totals(lines: Sequence[InvoiceLine]) -> Iterator[int]:
    return (line.total for line in lines)


def _line(charge: Charge, period: Period) -> InvoiceLine:
    whole = charge.price * charge.quantity - charge.discount
    total, remark = whole, _NO_REMARK
    if charge.since is not None and charge.since > period.first:
        days = (period.last - charge.since).days + 1
        total = share_of(whole, days, period.days)
        remark = f"{charge.since.day}-{period.days}/{period.month:02d}"
    discount = charge.price * charge.quantity - total
    return InvoiceLine(charge.name, charge.category, charge.price, charge.quantity, discount, total, remark)
