"""How the business stands now, in figures that an operator looks at first: money, lines, what waits, what was checked."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, Select, case, func, select

from core.audit.tables import audit_head
from core.billing.queries import taken_back
from core.billing.second_look import about_to_close
from core.billing.tables import billing_progress, invoices, payments
from core.billing.types import InvoiceStatus
from core.network.tables import reconciliations, routers
from core.network.types import Reading
from core.platform.clock import day_start, local_day
from core.platform.outbox import State, outbox
from core.platform.scheduler import schedules
from core.platform.uow import UnitOfWork
from core.settings import Settings
from core.subscriptions.tables import subscriptions
from core.subscriptions.types import ServiceStatus


class Sum(Struct, frozen=True):
    """So many, of so many rupiah together."""

    count: int
    amount: int


class Overview(Struct, frozen=True):
    """`parked` and `waiting` are jobs of the outbox by topic; `failing` names recurring jobs whose last run failed."""

    paid_today: Sum
    unpaid: Sum
    overdue: Sum
    lines: int
    isolated: int
    to_isolate: int
    waits_for_a_look: bool
    waiting: tuple[tuple[str, int], ...]
    oldest_waiting: datetime | None
    parked: tuple[tuple[str, int], ...]
    routers_seen: int
    unseen: tuple[tuple[str, datetime], ...]
    billed_through: date | None
    failing: tuple[tuple[str, str], ...]
    sealed_rows: int
    chain_end: str


async def overview(uow: UnitOfWork, settings: Settings) -> Overview:
    """Counted away from the event loop: it looks at everything."""
    async with uow.read() as tx:
        now = tx.now
    today = local_day(now, settings.zone)
    paid = await _one(uow, _paid_since(day_start(today, settings.zone)))
    bills = await _one(uow, _unpaid(today))
    lines = await _one(uow, _lines())
    closing = await about_to_close(uow, settings)
    jobs = await _all(uow, _jobs())
    waiting = [row for row in jobs if row.state == State.PENDING]
    sights = await _all(uow, _sights())
    head = await _all(uow, select(audit_head.c.place, audit_head.c.hash))
    progress = select(billing_progress.c.done_through).where(billing_progress.c.name == "monthly")
    billed = await _all(uow, progress)
    failing = select(schedules.c.name, schedules.c.last_error).where(schedules.c.last_error.is_not(None))
    return Overview(
        paid_today=Sum(paid.found, int(paid.amount)),
        unpaid=Sum(bills.found, int(bills.amount)),
        overdue=Sum(int(bills.late), int(bills.late_amount)),
        lines=lines.found,
        isolated=int(lines.isolated),
        to_isolate=closing.lines,
        waits_for_a_look=closing.is_much(settings) and not closing.is_confirmed,
        waiting=_by_topic(waiting),
        oldest_waiting=min((row.oldest for row in waiting), default=None),
        parked=_by_topic([row for row in jobs if row.state == State.PARKED]),
        routers_seen=sum(row.outcome not in {None, Reading.UNSEEN} for row in sights),
        unseen=tuple((row.alias, row.started_at) for row in sights if row.outcome == Reading.UNSEEN),
        billed_through=billed[0].done_through if billed else None,
        failing=tuple((row.name, row.last_error) for row in await _all(uow, failing)),
        sealed_rows=head[0].place if head else 0,
        chain_end=head[0].hash if head else "",
    )


async def _all(uow: UnitOfWork, statement: Select[Any]) -> list[Row[Any]]:
    return [row async for rows in uow.scan(statement) for row in rows]


async def _one(uow: UnitOfWork, statement: Select[Any]) -> Row[Any]:
    (row,) = await _all(uow, statement)
    return row


def _by_topic(rows: list[Row[Any]]) -> tuple[tuple[str, int], ...]:
    return tuple((row.topic, row.jobs) for row in rows)


def _paid_since(moment: datetime) -> Select[Any]:
    total = func.coalesce(func.sum(payments.c.amount), 0)
    return select(func.count().label("found"), total.label("amount")).where(
        payments.c.paid_at >= moment, ~taken_back
    )


def _unpaid(today: date) -> Select[Any]:
    owed, is_late = invoices.c.amount - invoices.c.settled, invoices.c.due_on < today
    return select(
        func.count().label("found"),
        func.coalesce(func.sum(owed), 0).label("amount"),
        func.coalesce(func.sum(case((is_late, 1), else_=0)), 0).label("late"),
        func.coalesce(func.sum(case((is_late, owed), else_=0)), 0).label("late_amount"),
    ).where(invoices.c.status == InvoiceStatus.UNPAID)


def _lines() -> Select[Any]:
    isolated: Any = func.count(subscriptions.c.isolated_at).label("isolated")
    return select(func.count().label("found"), isolated).where(subscriptions.c.status == ServiceStatus.ACTIVE)


def _jobs() -> Select[Any]:
    job = outbox.c
    return (
        select(job.state, job.topic, func.count().label("jobs"), func.min(job.created_at).label("oldest"))
        .where(job.state.in_((State.PENDING, State.PARKED)))
        .group_by(job.state, job.topic)
        .order_by(job.topic)
    )


def _sights() -> Select[Any]:
    """Every router in use, with its last round."""
    rounds = reconciliations.alias("rounds")
    last = select(func.max(rounds.c.id)).where(rounds.c.router_id == routers.c.id).scalar_subquery()
    return (
        select(routers.c.alias, reconciliations.c.outcome, reconciliations.c.started_at)
        .select_from(routers)
        .outerjoin(reconciliations, reconciliations.c.id == last)
        .where(routers.c.is_active)
        .order_by(routers.c.alias)
    )
