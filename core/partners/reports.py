"""What partners reconcile with us by: the payments of a day, and what is settled for it (bill-partner contract §10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import Row, Select, and_, case, func, select

from core.partners import queries
from core.partners.tables import partner_inquiries, partner_products, partner_transactions
from core.partners.types import State
from core.platform.clock import day_start, local_day
from core.platform.uow import ReadTx

PAGE = 500
LONGEST_PERIOD = timedelta(days=92)
_transaction, _inquiry = partner_transactions.c, partner_inquiries.c
_HAS_SUCCEEDED = _transaction.state == State.SUCCESS


class Line(Struct, frozen=True, rename="camel"):
    """One payment of a day; `token` is its receipt number. Money is whole rupiah, times are those of the business."""

    date: date
    transaction_id: int
    ref_number: str
    account_number: str
    product_code: str
    bill_amount: int
    total_admin: int
    processing_fee: int
    amount: int
    status: str
    rc: int
    token: str
    accepted_at: datetime
    settled_at: datetime | None
    reversal_of: int | None = None


class Totals(Struct, frozen=True, rename="camel"):
    """The trailer: how many payments the day has, and the sums of those that succeeded."""

    count: int
    success_count: int
    bill_amount: int
    total_admin: int
    processing_fee: int
    amount: int


class Day(Struct, frozen=True, rename="camel"):
    """The payments accepted on a day of the business's calendar, in order; `next_cursor` leads to the further ones."""

    date: date
    transactions: tuple[Line, ...]
    next_cursor: int | None
    totals: Totals


class Batch(Struct, frozen=True, rename="camel"):
    """What a day comes to between the partner and us: its own share is paid back out of what was collected."""

    date: date
    state: str  # open while the day lasts, then closed
    count: int
    amount: int
    partner_fee: int
    reversals: int
    payable: int


async def day(tx: ReadTx, partner_id: int, when: date, zone: ZoneInfo, *, after: int, limit: int) -> Day:
    """A day's payments after the one numbered `after`, and the totals of the whole day."""
    accepted = _of_days(partner_id, when, when, zone)
    page = queries.transactions.where(accepted, _transaction.id > after).order_by(_transaction.id)
    rows = await tx.all(page.limit(limit + 1))
    shown = rows[:limit]
    return Day(
        when,
        tuple(_line(row, when, zone) for row in shown),
        shown[-1].id if len(rows) > limit else None,
        await _totals(tx, accepted),
    )


def _of_days(partner_id: int, first: date, last: date, zone: ZoneInfo) -> Any:
    return and_(
        _transaction.partner_id == partner_id,
        _transaction.accepted_at >= day_start(first, zone),
        _transaction.accepted_at < day_start(last + timedelta(days=1), zone),
    )


def _line(row: Row[Any], when: date, zone: ZoneInfo) -> Line:
    state = State(row.state)
    return Line(
        when,
        row.id,
        row.ref_number,
        row.account_number,
        row.product_code,
        row.amount - row.admin - row.fee,
        row.admin,
        row.fee,
        row.amount,
        (state if state.is_final else State.PENDING).upper(),
        row.response,
        row.token or "",
        row.accepted_at.astimezone(zone),
        None if row.settled_at is None else row.settled_at.astimezone(zone),
    )


async def _totals(tx: ReadTx, accepted: Any) -> Totals:
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
    return Totals(*(int(each) for each in row or (0,) * 6))


def _sum_of(column: Any) -> Any:
    return func.coalesce(func.sum(case((_HAS_SUCCEEDED, column), else_=0)), 0)


async def batches(tx: ReadTx, partner_id: int, first: date, last: date, zone: ZoneInfo) -> tuple[Batch, ...]:
    """A batch for every day with a payment that succeeded, sandbox left out, oldest first."""
    rows = await tx.all(
        select(_transaction.accepted_at, _inquiry.amount, partner_products.c.partner_fee)
        .join(partner_inquiries, _inquiry.id == _transaction.inquiry_id)
        .join(partner_products, partner_products.c.id == _inquiry.product_id)
        .where(_of_days(partner_id, first, last, zone), _HAS_SUCCEEDED, ~partner_products.c.is_sandbox)
        .order_by(_transaction.accepted_at)
    )
    by_day: dict[date, list[Row[Any]]] = {}
    for row in rows:
        by_day.setdefault(local_day(row.accepted_at, zone), []).append(row)
    return _as_batches(by_day, local_day(tx.now, zone))


def _as_batches(by_day: Mapping[date, Sequence[Row[Any]]], today: date) -> tuple[Batch, ...]:
    found = []
    for when, rows in by_day.items():
        amount, share = sum(row.amount for row in rows), sum(row.partner_fee for row in rows)
        state = "open" if when >= today else "closed"
        found.append(Batch(when, state, len(rows), amount, share, 0, amount - share))
    return tuple(found)
