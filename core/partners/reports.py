"""What partners reconcile with us by: the payments of a day, and what is settled for it (bill-partner contract §10)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import Row, Select, case, func, select

from core.partners import days
from core.partners.days import Line, accepted_on
from core.partners.tables import partner_days, partner_inquiries, partner_transactions
from core.partners.types import State
from core.platform.clock import local_day
from core.platform.uow import ReadTx

PAGE = 500
LONGEST_PERIOD = timedelta(days=92)
_transaction, _inquiry = partner_transactions.c, partner_inquiries.c
_HAS_SUCCEEDED = _transaction.state == State.SUCCESS


class Totals(Struct, frozen=True, rename="camel"):
    """The trailer: how many payments the day has, the sums of those that succeeded, and what was taken back on it."""

    count: int
    success_count: int
    bill_amount: int
    total_admin: int
    processing_fee: int
    amount: int
    reversals: int


class Day(Struct, frozen=True, rename="camel"):
    """The payments accepted on a day of the business's calendar as they stand now; `next_cursor` leads to further ones.

    What was taken back on this day follows after the last payment. `file_sha256` is that of the day's file, once it
    is written.
    """

    date: date
    transactions: tuple[Line, ...]
    next_cursor: int | None
    totals: Totals
    file_sha256: str | None = None


class Batch(Struct, frozen=True, rename="camel"):
    """What a day comes to between the partner and us: its own share is paid back out of what was collected."""

    date: date
    state: str  # open until its file is written, then closed, in the end paid
    count: int
    amount: int
    partner_fee: int
    reversals: int
    payable: int
    file_sha256: str | None = None
    paid_at: datetime | None = None
    reference: str | None = None


async def day(tx: ReadTx, partner_id: int, when: date, zone: ZoneInfo, *, after: int, limit: int) -> Day:
    """A day's payments after the one numbered `after`, and the totals of the whole day."""
    accepted = accepted_on(partner_id, when, zone)
    page = days.rows.where(accepted, _transaction.id > after).order_by(_transaction.id)
    rows = await tx.all(page.limit(limit + 1))
    shown = [days.line_of(row, when, zone) for row in rows[:limit]]
    has_more = len(rows) > limit
    taken_back = await tx.all(days.reversals_on(partner_id, when, when, zone))
    if not has_more:
        shown += [days.reversal_line(row, when, zone) for row in taken_back]
    return Day(
        when,
        tuple(shown),
        rows[limit - 1].id if has_more else None,
        await _totals(tx, accepted, sum(row.amount for row in taken_back)),
        await tx.scalar(select(partner_days.c.sha256).where(*_of(partner_id, when, when))),
    )


async def _totals(tx: ReadTx, accepted: Any, reversals: int) -> Totals:
    summed: Select[Any] = (
        select(
            func.count(),
            func.coalesce(func.sum(case((_HAS_SUCCEEDED, 1), else_=0)), 0),
            _sum_of(_inquiry.amount - _inquiry.admin - _inquiry.processing_fee),
            _sum_of(_inquiry.admin),
            _sum_of(_inquiry.processing_fee),
            _sum_of(_inquiry.amount),
        )
        .select_from(partner_transactions)
        .join(partner_inquiries, _inquiry.id == _transaction.inquiry_id)
        .where(accepted)
    )
    row = await tx.first(summed)
    sums = [0] * 6 if row is None else [int(each) for each in row]
    return Totals(sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], reversals)


def _sum_of(column: Any) -> Any:
    return func.coalesce(func.sum(case((_HAS_SUCCEEDED, column), else_=0)), 0)


async def file(tx: ReadTx, partner_id: int, when: date) -> bytes | None:
    """The file of a closed day; None before it is written."""
    content = await tx.scalar(select(partner_days.c.content).where(*_of(partner_id, when, when)))
    return None if content is None else days.unfolded(content)


async def batches(tx: ReadTx, partner_id: int, first: date, last: date, zone: ZoneInfo) -> tuple[Batch, ...]:
    """A batch for every day with something in it, oldest first; the days that are not closed are summed up now."""
    closed = await tx.all(
        select(
            *(column for column in partner_days.c if column.name != "content"),
            partner_days.c.count.label("payments"),
        ).where(*_of(partner_id, first, last))
    )
    found = {row.date: _closed(row, zone) for row in closed if row.payments or row.reversals}
    known = {row.date for row in closed}
    unknown = first
    while unknown in known:
        unknown += timedelta(days=1)
    latest = min(last, local_day(tx.now, zone))
    if unknown <= latest:
        opened = await _open(tx, partner_id, unknown, latest, zone)
        found |= {when: batch for when, batch in opened.items() if when not in known}
    return tuple(found[when] for when in sorted(found))


def _of(partner_id: int, first: date, last: date) -> tuple[Any, ...]:
    return (
        partner_days.c.partner_id == partner_id,
        partner_days.c.date >= first,
        partner_days.c.date <= last,
    )


def _closed(row: Row[Any], zone: ZoneInfo) -> Batch:
    is_paid = row.paid_at is not None
    return Batch(
        row.date,
        "paid" if is_paid else "closed",
        row.payments,
        row.amount,
        row.partner_fee,
        row.reversals,
        row.amount - row.partner_fee - row.reversals,
        row.sha256,
        row.paid_at.astimezone(zone) if is_paid else None,
        row.paid_reference,
    )


async def _open(tx: ReadTx, partner_id: int, first: date, last: date, zone: ZoneInfo) -> dict[date, Batch]:
    sums: dict[date, list[int]] = {}
    for row in await tx.all(days.successes(partner_id, first, last, zone)):
        when = days.book_day(row.accepted_at, row.settled_at, zone)
        if first <= when <= last:
            _add(sums, when, count=1, amount=row.amount, fee=row.partner_fee)
    for row in await tx.all(days.reversals_on(partner_id, first, last, zone)):
        _add(sums, local_day(row.reversed_at, zone), reversals=row.amount)
    return {
        when: Batch(when, "open", count, amount, fee, reversals, amount - fee - reversals)
        for when, (count, amount, fee, reversals) in sums.items()
    }


def _add(
    sums: dict[date, list[int]],
    when: date,
    *,
    count: int = 0,
    amount: int = 0,
    fee: int = 0,
    reversals: int = 0,
) -> None:
    before = sums.setdefault(when, [0, 0, 0, 0])
    sums[when] = [old + new for old, new in zip(before, (count, amount, fee, reversals), strict=True)]
