"""The monthly invoice run: every customer with an active plan gets one bill a month, however often it is run.

A unique index on (customer, month) decides: runs that are repeated, cut short or run twice at once leave every bill
written exactly once. Work goes in short transactions of a batch of customers each, so memory stays constant and nobody
waits long.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import structlog
from msgspec import Struct
from sqlalchemy import ColumnElement, Row, Select, bindparam, exists, func, or_, select, text, true

from core.audit.log import SYSTEM, record
from core.billing import ledger
from core.billing.commands import Payment, booking
from core.billing.drafts import Charge, Draft, Period, draft, due_on, periods
from core.billing.rules import isolation_day
from core.billing.settling import numbered, settle_and_follow_up
from core.billing.tables import (
    billing_progress,
    billing_terms,
    extra_charges,
    invoice_lines,
    invoices,
    ledger_entries,
)
from core.billing.types import InvoiceStatus
from core.catalog.tables import plan_categories, plans, regions
from core.customers.tables import customers
from core.platform.clock import day_start, local_day
from core.platform.numbering import next_numbers
from core.platform.uow import ReadTx, UnitOfWork, WriteTx
from core.settings import Settings
from core.subscriptions.tables import plan_orders, subscriptions
from core.subscriptions.types import OrderKind, OrderStatus, ServiceStatus

log = structlog.get_logger(__name__)

BATCH = 200
_BEGUN, _MONTHLY = "begun", "monthly"
_charge = extra_charges.c


class _Job(Struct, frozen=True):
    """One month's bills, written on one day."""

    period: Period
    today: date
    begun_on: date  # the day of the first run: what fell due before it was billed elsewhere
    settings: Settings

    @property
    def horizon(self) -> date:
        """Bills due until this day are written today."""
        return self.today + timedelta(days=self.settings.invoice_lead_days)


async def run_monthly(uow: UnitOfWork, settings: Settings, *, batch: int = BATCH) -> int:
    """Write the bills whose day has come, also those of days that were missed; returns how many."""
    async with uow.write() as tx:
        today = local_day(tx.now, settings.zone)
        await tx.insert_new(billing_progress, name=_BEGUN, done_through=today)
        begun_on, done = [await tx.scalar(_progress, {"of": name}) for name in (_BEGUN, _MONTHLY)]
    horizon = today + timedelta(days=settings.invoice_lead_days)
    written = 0
    for period in periods(min(done or today, today), horizon):
        written += await _bill_everybody(uow, _Job(period, today, begun_on, settings), batch)
    async with uow.write() as tx:
        await _note_done(tx, today)
    log.info("monthly_run_done", day=today.isoformat(), written=written)
    return written


_progress = select(billing_progress.c.done_through).where(billing_progress.c.name == bindparam("of"))


async def _note_done(tx: WriteTx, today: date) -> None:
    await tx.insert_new(billing_progress, name=_MONTHLY, done_through=today)
    behind = (billing_progress.c.name == _MONTHLY, billing_progress.c.done_through < today)
    await tx.execute(billing_progress.update().where(*behind).values(done_through=today))


async def _bill_everybody(uow: UnitOfWork, job: _Job, batch: int) -> int:
    """To find whom to bill everybody is looked at, which is done away from the event loop; to bill them is not."""
    written = 0
    async for who in uow.scan(_customers_to_bill(job), batch=batch):
        async with uow.write() as tx:
            found = await tx.all(_plans_to_bill(job, [row.id for row in who]))
            written += await _write(tx, job, found) if found else 0
    return written


def _customers_to_bill(job: _Job) -> Select[Any]:
    """Customers with an active plan whose bill of the month is to be written."""
    return (
        select(customers.c.id)
        .outerjoin(billing_terms, billing_terms.c.customer_id == customers.c.id)
        .where(_is_time(job), ~_is_billed(job.period))
        .where(exists().where(subscriptions.c.customer_id == customers.c.id, *_counts(job)), _is_ours(job))
        .order_by(customers.c.id)
    )


def _plans_to_bill(job: _Job, who: Collection[int]) -> Select[Any]:
    """The active plans of those of some customers who are still not billed, together per customer."""
    return (
        select(
            subscriptions.c.customer_id,
            subscriptions.c.quantity,
            subscriptions.c.price,
            subscriptions.c.discount,
            subscriptions.c.active_from,
            subscriptions.c.created_at,
            customers.c.activated_on,
            plans.c.name,
            plan_categories.c.name.label("category"),
            regions.c.tax_percent,
            billing_terms.c.due_day,
        )
        .join(customers, customers.c.id == subscriptions.c.customer_id)
        .join(plans, plans.c.id == subscriptions.c.plan_id)
        .join(plan_categories, plan_categories.c.id == plans.c.category_id)
        .outerjoin(regions, regions.c.id == customers.c.region_id)
        .outerjoin(billing_terms, billing_terms.c.customer_id == customers.c.id)
        .where(customers.c.id.in_(who), ~_is_billed(job.period), *_counts(job))
        .order_by(subscriptions.c.customer_id, subscriptions.c.id)
    )


def _is_time(job: _Job) -> ColumnElement[bool]:
    """Whether a customer's due day of the month is near enough."""
    return true() if job.period.last <= job.horizon else _due_day(job) <= job.horizon.day


def _is_ours(job: _Job) -> ColumnElement[bool]:
    """Of the month of the first run, whether the bill fell due after it, or the customer came after it."""
    if job.period != Period.of(job.begun_on):
        return true()
    is_new = customers.c.activated_on >= job.begun_on
    return or_(_due_day(job) >= job.begun_on.day, func.coalesce(is_new, true()))


def _due_day(job: _Job) -> ColumnElement[int]:
    return func.coalesce(billing_terms.c.due_day, job.settings.due_day)


def _is_billed(period: Period) -> ColumnElement[bool]:
    return exists().where(
        invoices.c.customer_id == customers.c.id,
        invoices.c.year == period.year,
        invoices.c.month == period.month,
        invoices.c.is_monthly,
    )


def _counts(job: _Job) -> tuple[ColumnElement[bool], ...]:
    """A plan counts while it is active and once its first day has come; free and prepaid ones are never billed."""
    after = job.period.following.first
    first_day = func.coalesce(subscriptions.c.active_from, customers.c.activated_on)
    is_new = first_day.is_(None) & (subscriptions.c.created_at < day_start(after, job.settings.zone))
    by_the_month = subscriptions.c.expires_at.is_(None)
    return (subscriptions.c.status == ServiceStatus.ACTIVE, by_the_month, is_new | (first_day < after))


class _Bill(Struct, frozen=True):
    customer_id: int
    draft: Draft
    due_on: date
    once: tuple[int, ...]  # charges that are billed with it, and never again


async def _write(tx: WriteTx, job: _Job, found: Sequence[Row[Any]]) -> int:
    first, last = found[0].customer_id, found[-1].customer_id
    extras = await _extras(tx, job.period, first, last)
    changes = await _changes(tx, job.period, first, last)
    bills = list(_drafted(job, found, extras, changes))
    numbers = await next_numbers(tx, "invoice", job.today, len(bills))
    rows = [_row(tx, job, bill, number) for bill, number in zip(bills, numbers, strict=True)]
    new = await tx.insert_all_new(invoices, rows, invoices.c.customer_id, invoices.c.id)
    ids = {row.customer_id: row.id for row in new}  # without those another run has written meanwhile
    written = {ids[bill.customer_id]: bill for bill in bills if bill.customer_id in ids}
    if written:
        await _detail(tx, written)
        await _use_credit(tx, job.settings, ids, first, last)
        span = {"first": min(written), "last": max(written), "count": len(written)}
        await record(tx, actor=SYSTEM, action="bills_written", subject="monthly", details=span)
    return len(written)


async def _extras(tx: ReadTx, period: Period, first: int, last: int) -> Mapping[int, Sequence[Row[Any]]]:
    """What the customers between two ids are billed beside their plans."""
    goes_on = or_(_charge.ends_on.is_(None), _charge.ends_on >= period.first)
    is_due = or_(_charge.is_recurring, _charge.invoice_id.is_(None))
    rows = await tx.all(
        select(extra_charges)
        .where(_charge.customer_id.between(first, last), _charge.starts_on <= period.last, goes_on, is_due)
        .order_by(_charge.customer_id, _charge.id)
    )
    return {who: list(group) for who, group in groupby(rows, key=lambda row: row.customer_id)}


async def _changes(tx: ReadTx, period: Period, first: int, last: int) -> Mapping[int, Row[Any]]:
    """Other plans that were approved and will run by the first of the month, though this bill is written before."""
    order = plan_orders.c
    rows = await tx.all(
        select(order.customer_id, order.price, plans.c.name, plan_categories.c.name.label("category"))
        .join(plans, plans.c.id == order.plan_id)
        .join(plan_categories, plan_categories.c.id == plans.c.category_id)
        .where(order.status == OrderStatus.APPROVED, order.kind == OrderKind.CHANGE)
        .where(order.effective_on <= period.first, order.customer_id.between(first, last))
        .order_by(order.effective_on, order.id)
    )
    return {row.customer_id: row for row in rows}


def _drafted(
    job: _Job,
    found: Sequence[Row[Any]],
    extras: Mapping[int, Sequence[Row[Any]]],
    changes: Mapping[int, Row[Any]],
) -> Iterator[_Bill]:
    for customer_id, group in groupby(found, key=lambda row: row.customer_id):
        running = list(group)
        beside = extras.get(customer_id, ())
        charges = [
            _of_plan(running[0], job, changes.get(customer_id)),  # a change is one of the first plan
            *(_of_plan(row, job) for row in running[1:]),
            *(Charge(row.name, row.category, row.price, row.quantity) for row in beside),
        ]
        terms = running[0]
        percent = job.settings.tax_percent if terms.tax_percent is None else terms.tax_percent
        yield _Bill(
            customer_id,
            draft(charges, job.period, tax_percent=percent),
            due_on(job.period, terms.due_day or job.settings.due_day, job.today),
            tuple(row.id for row in beside if not row.is_recurring),
        )


def _of_plan(row: Row[Any], job: _Job, change: Row[Any] | None = None) -> Charge:
    since = row.active_from or row.activated_on or local_day(row.created_at, job.settings.zone)
    will_run = change or row
    return Charge(will_run.name, will_run.category, will_run.price, row.quantity, row.discount, since)


def _row(tx: WriteTx, job: _Job, bill: _Bill, number: str) -> dict[str, Any]:
    amount = bill.draft.amount
    return {
        "number": number,
        "customer_id": bill.customer_id,
        "year": job.period.year,
        "month": job.period.month,
        "status": InvoiceStatus.UNPAID if amount else InvoiceStatus.PAID,
        "amount": amount,
        "tax": 0,  # a line of its own
        "discount": bill.draft.discount,
        "settled": 0,
        "due_on": bill.due_on,
        "isolate_on": isolation_day(bill.due_on, job.settings.isolation_after_days),
        "is_monthly": True,
        "reminder": 0,
        "paid_at": None if amount else tx.now,
        "created_at": tx.now,
    }


async def _detail(tx: WriteTx, written: Mapping[int, _Bill]) -> None:
    """The lines and the bookings of bills, and which charges they have used up."""
    lines = [
        {
            "invoice_id": invoice_id,
            "name": line.name,
            "category": line.category,
            "price": line.price,
            "quantity": line.quantity,
            "discount": line.discount,
            "total": line.total,
            "remark": line.remark,
        }
        for invoice_id, bill in written.items()
        for line in bill.draft.lines
    ]
    await tx.execute(invoice_lines.insert(), lines)
    entries = [
        {
            "transaction": f"invoice:{invoice_id}",
            "account": account,
            "customer_id": bill.customer_id,
            "invoice_id": invoice_id,
            "amount": amount,
            "created_at": tx.now,
        }
        for invoice_id, bill in written.items()
        for account, amount in booking(bill.draft.amount, bill.draft.tax).items()
        if amount
    ]
    if entries:
        await tx.execute(ledger_entries.insert(), entries)
    used = [{"charge": each, "bill": key} for key, bill in written.items() for each in bill.once]
    if used:
        await tx.execute(_use_up, used)


_use_up = extra_charges.update().where(_charge.id == bindparam("charge")).values(invoice_id=bindparam("bill"))

_entry = ledger_entries.c
_with_credit = (
    select(_entry.customer_id)
    .where(
        _entry.account == text(f"'{ledger.CREDIT}'"),
        _entry.customer_id.between(bindparam("first"), bindparam("last")),
    )
    .group_by(_entry.customer_id)
    .having(func.sum(_entry.amount) < 0)
)


async def _use_credit(tx: WriteTx, settings: Settings, ids: Mapping[int, int], first: int, last: int) -> None:
    """What was paid in advance pays the new bills first."""
    rich = await tx.all(_with_credit, {"first": first, "last": last})
    new = [ids[row.customer_id] for row in rich if row.customer_id in ids]
    for bill in await tx.all(numbered(new)) if new else ():
        credit = await ledger.credit_of(tx, bill.customer_id)
        amount = min(credit, bill.amount - bill.settled)
        if amount > 0:
            payment = Payment(ledger.CREDIT, f"invoice-{bill.id}", amount, may_be_part=True, actor=SYSTEM)
            await settle_and_follow_up(tx, settings, bill, payment)
