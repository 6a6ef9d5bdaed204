"""Telling customers of their bills: a new one, seven, three and one day before it is due, once when it is overdue.

A bill remembers the last stage it was told of. Stages that were missed are left out: only what matters on the day is
told, so nobody gets a heap of them after downtime.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Row, literal_column, select

from core.billing.links import pay_words
from core.billing.tables import invoices
from core.billing.types import InvoiceStatus
from core.messaging.kinds import Given
from core.messaging.notices import Notice, notify
from core.platform.clock import local_day
from core.platform.i18n import Day, Month, Rupiah
from core.platform.quiet import is_waking
from core.platform.uow import UnitOfWork, WriteTx
from core.settings import Settings

log = structlog.get_logger(__name__)

_BATCH = 50
_bill = invoices.c
#: Spelled out: the index covers nothing else.
_is_unpaid = _bill.status == literal_column(f"'{InvoiceStatus.UNPAID}'")


class Stage(enum.IntEnum):
    """How urgent it has become; each outranks those before it."""

    NEW = 1
    SEVEN = 2
    THREE = 3
    ONE = 4
    OVERDUE = 5


_NOTICES: Mapping[Stage, Notice] = {
    Stage.NEW: Notice.INVOICE_NEW,
    Stage.SEVEN: Notice.REMINDER_7,
    Stage.THREE: Notice.REMINDER_3,
    Stage.ONE: Notice.REMINDER_1,
    Stage.OVERDUE: Notice.OVERDUE,
}


async def remind(uow: UnitOfWork, settings: Settings) -> int:
    """Queue what is to be told today; returns how many notices. Harmless when repeated, silent at night."""
    async with uow.read() as tx:
        now = tx.now
    if not is_waking(now, settings.zone):
        return 0
    today, told = local_day(now, settings.zone), 0
    for stage in reversed(Stage):
        while fresh := await _tell_batch(uow, settings, stage, today):
            told += fresh
    if told:
        log.info("reminders_queued", count=told)
    return told


async def _tell_batch(uow: UnitOfWork, settings: Settings, stage: Stage, today: date) -> int:
    statement = (
        select(invoices)
        .where(_is_unpaid, _bill.reminder.in_(range(stage)), *_is_at(stage, today))
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    async with uow.write() as tx:
        bills = await tx.all(statement)
        if not bills:
            return 0
        for bill in bills:
            await _tell(tx, settings, bill, stage, today)
        told = [bill.id for bill in bills]
        await tx.execute(invoices.update().where(_bill.id.in_(told)).values(reminder=stage))
    return len(bills)


def _is_at(stage: Stage, today: date) -> Sequence[ColumnElement[bool]]:
    """Which days a stage is for. A reminder that could not be sent on its day may still come before the next one's."""
    match stage:
        case Stage.OVERDUE:
            return (_bill.due_on < today, _bill.isolate_on >= today)
        case Stage.ONE:
            return (_bill.due_on == today + timedelta(days=1),)
        case Stage.THREE:
            return (_bill.due_on.between(today + timedelta(days=2), today + timedelta(days=3)),)
        case Stage.SEVEN:
            return (_bill.due_on.between(today + timedelta(days=4), today + timedelta(days=7)),)
        case Stage.NEW:
            return (_bill.due_on >= today,)


async def _tell(tx: WriteTx, settings: Settings, bill: Row[Any], stage: Stage, today: date) -> None:
    args: dict[str, Given] = {
        "period": Month(bill.year, bill.month),
        "amount": Rupiah(bill.amount - bill.settled),
        "due": Day(bill.due_on),
        "invoice": bill.number,
        "link": pay_words(settings, bill.id),
    }
    if stage is Stage.OVERDUE:
        args["isolation"] = Day(bill.isolate_on)
    if stage in {Stage.SEVEN, Stage.THREE}:
        args["days"] = (bill.due_on - today).days
    await notify(
        tx,
        settings,
        customer_id=bill.customer_id,
        kind=_NOTICES[stage],
        key=f"bill-{bill.id}-{stage.name.lower()}",
        args=args,
        expires_after=timedelta(hours=12),  # the day after, what it says would be wrong
    )
