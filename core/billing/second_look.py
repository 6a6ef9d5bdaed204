"""A second look before many are cut off at once: a wrong date or a lost import must not close half the lines.

What the ladder is about to close is counted first. Beyond the settings' limits it closes nothing and tells staff, once a day,
until an operator has confirmed that day's closing.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import structlog
from msgspec import Struct
from sqlalchemy import ColumnElement, Row, Select, func, or_, select

from core.audit.log import record
from core.billing.tables import billing_progress, billing_terms, invoices
from core.billing.types import InvoiceStatus
from core.customers.tables import customers
from core.messaging.notices import StaffNotice, tell_staff
from core.platform.clock import local_day
from core.platform.i18n import Rupiah
from core.platform.uow import UnitOfWork
from core.settings import Settings
from core.subscriptions.tables import subscriptions
from core.subscriptions.types import ServiceStatus

log = structlog.get_logger(__name__)

_CONFIRMED = "isolation_confirmed"
#: So few are never too many, whatever part of a small provider they are.
_FEW = 10
_SAMPLES = 10


class Closing(Struct, frozen=True):
    """What the ladder would close today; `samples` are service numbers and names of some of them."""

    lines: int
    active: int
    owed: int
    samples: tuple[tuple[str, str], ...]
    is_confirmed: bool

    def is_much(self, settings: Settings) -> bool:
        if self.lines <= _FEW:
            return False
        return (
            self.lines > settings.isolation_most
            or self.lines * 100 > self.active * settings.isolation_most_percent
        )


def is_late(today: date) -> tuple[ColumnElement[bool], ...]:
    """Of bills joined with lines and terms: the bill is past its day, and the line open."""
    return (
        invoices.c.status == InvoiceStatus.UNPAID,
        invoices.c.isolate_on < today,
        subscriptions.c.isolated_at.is_(None),
        subscriptions.c.status == ServiceStatus.ACTIVE,
        or_(billing_terms.c.isolates.is_(None), billing_terms.c.isolates),
    )


async def about_to_close(uow: UnitOfWork, settings: Settings) -> Closing:
    """Counted away from the event loop: it looks at every line."""
    async with uow.read() as tx:
        today = local_day(tx.now, settings.zone)
        day = await tx.scalar(
            select(billing_progress.c.done_through).where(billing_progress.c.name == _CONFIRMED)
        )
    (late,) = await _scanned(uow, _counted(today))
    samples = await _scanned(uow, _sampled(today))
    named = tuple((row.service_number or "", row.name) for row in samples)
    return Closing(late.lines, late.active, int(late.owed), named, is_confirmed=day == today)


async def _scanned(uow: UnitOfWork, statement: Select[Any]) -> list[Row[Any]]:
    return [row async for rows in uow.scan(statement) for row in rows]


async def is_held(uow: UnitOfWork, settings: Settings) -> bool:
    """Whether the ladder must wait for somebody to look; they are told."""
    closing = await about_to_close(uow, settings)
    if closing.is_confirmed or not closing.is_much(settings):
        return False
    async with uow.write() as tx:
        await tell_staff(
            tx,
            settings,
            kind=StaffNotice.MANY_TO_ISOLATE,
            key=f"many-to-isolate-{local_day(tx.now, settings.zone)}",
            args={"lines": closing.lines, "active": closing.active, "owed": Rupiah(closing.owed)},
        )
    log.warning("isolation_held", lines=closing.lines, active=closing.active)
    return True


async def confirm(uow: UnitOfWork, settings: Settings, *, actor: str) -> None:
    """Let the ladder close today whatever it finds; recorded, and over at midnight."""
    async with uow.write() as tx:
        today = local_day(tx.now, settings.zone)
        if not await tx.insert_new(billing_progress, name=_CONFIRMED, done_through=today):
            row = billing_progress.update().where(billing_progress.c.name == _CONFIRMED)
            await tx.execute(row.values(done_through=today))
        await record(
            tx, actor=actor, action="isolation_confirmed", subject="ladder", details={"day": str(today)}
        )


def _bills(today: date) -> Select[Any]:
    """Each late bill of a customer with an open line."""
    open_line = subscriptions.c.customer_id == invoices.c.customer_id
    return (
        select(invoices.c.id, (invoices.c.amount - invoices.c.settled).label("owed"))
        .distinct()
        .join(subscriptions, open_line)
        .outerjoin(billing_terms, billing_terms.c.customer_id == invoices.c.customer_id)
        .where(*is_late(today))
    )


def _counted(today: date) -> Select[Any]:
    bills = _bills(today).subquery()
    lines = (
        select(func.count(subscriptions.c.id.distinct()))
        .join(invoices, invoices.c.customer_id == subscriptions.c.customer_id)
        .outerjoin(billing_terms, billing_terms.c.customer_id == invoices.c.customer_id)
        .where(*is_late(today))
        .scalar_subquery()
    )
    active = select(func.count()).where(subscriptions.c.status == ServiceStatus.ACTIVE).scalar_subquery()
    owed = func.coalesce(func.sum(bills.c.owed), 0)
    return select(lines.label("lines"), active.label("active"), owed.label("owed"))


def _sampled(today: date) -> Select[Any]:
    late = (
        select(invoices.c.customer_id)
        .join(subscriptions, subscriptions.c.customer_id == invoices.c.customer_id)
        .outerjoin(billing_terms, billing_terms.c.customer_id == invoices.c.customer_id)
        .where(*is_late(today))
    )
    return (
        select(customers.c.service_number, customers.c.name)
        .where(customers.c.id.in_(late))
        .order_by(customers.c.id)
        .limit(_SAMPLES)
    )
