"""Closing partners' days at six in the morning, and noting that a batch was paid (bill-partner contract §10)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, func, select

from core.audit.log import record
from core.partners import days, ledger
from core.partners.tables import partner_days, partners
from core.platform.clock import local_day
from core.platform.errors import Conflict, NotFound
from core.platform.uow import UnitOfWork, WriteTx
from core.settings import Settings

log = structlog.get_logger(__name__)

_LONGEST_REFERENCE = 64


async def close_days(uow: UnitOfWork, settings: Settings, now: datetime) -> int:
    """Write the files of all days that are over and have none; returns how many. Repeating it changes nothing."""
    last = local_day(now, settings.zone) - timedelta(days=1)
    if now < days.closes_at(last, settings.zone):
        last -= timedelta(days=1)
    async with uow.read() as tx:
        rows = await tx.all(
            select(partners.c.id, partners.c.created_at, func.max(partner_days.c.date).label("closed_until"))
            .outerjoin(partner_days, partner_days.c.partner_id == partners.c.id)
            .group_by(partners.c.id, partners.c.created_at)
            .order_by(partners.c.id)
        )
    closed = 0
    for row in rows:
        day = local_day(row.created_at, settings.zone)
        if row.closed_until is not None:
            day = row.closed_until + timedelta(days=1)
        while day <= last:
            closed += await _close(uow, settings, row.id, day)
            day += timedelta(days=1)
    return closed


async def _close(uow: UnitOfWork, settings: Settings, partner_id: int, day: date) -> bool:
    made = await days.written(uow, partner_id, day, settings.zone)
    async with uow.write() as tx:
        is_new = await tx.insert_new(
            partner_days,
            partner_id=partner_id,
            date=day,
            content=made.content,
            sha256=made.sha256,
            count=made.sums.real_count,
            amount=made.sums.real_amount,
            partner_fee=made.sums.partner_fee,
            reversals=made.sums.reversals,
            closed_at=tx.now,
        )
    if is_new:
        log.info("partner_day_closed", partner_id=partner_id, day=str(day), count=made.sums.real_count)
    return is_new


async def pay_out(tx: WriteTx, partner_id: int, day: date, reference: str, *, actor: str) -> bool:
    """Note that a closed day's batch was paid, by the transfer of this reference; False when it was noted before.

    Raises `NotFound("day")` while the day is not closed, `Conflict("reference_reused")` when another transfer paid it.
    """
    is_this = (partner_days.c.partner_id == partner_id, partner_days.c.date == day)
    row = await tx.first(select(*_without_content).where(*is_this).with_for_update())
    if row is None:
        raise NotFound("day")
    if row.paid_at is not None:
        if row.paid_reference != reference:
            raise Conflict("reference_reused")
        return False
    paid = {"paid_at": tx.now, "paid_reference": reference[:_LONGEST_REFERENCE]}
    await tx.execute(partner_days.update().where(partner_days.c.id == row.id).values(**paid))
    await _book(tx, partner_id, row)
    facts = {"amount": row.amount, "partner_fee": row.partner_fee, "reversals": row.reversals}
    await record(tx, actor=actor, action="partner_day_paid", subject=f"partner:{partner_id}", details=facts)
    return True


async def _book(tx: WriteTx, partner_id: int, row: Row[Any]) -> None:
    """A deposit partner gets its share; one that pays afterwards has paid what it owed for the day, less its share."""
    credit = await tx.scalar(select(partners.c.credit_limit).where(partners.c.id == partner_id))
    owed = row.amount - row.reversals if credit else 0
    await ledger.pay_out(tx, partner_id, row.id, share=row.partner_fee, owed=owed)


_without_content = [column for column in partner_days.c if column.name != "content"]
