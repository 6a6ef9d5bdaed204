"""Time to pay: once a bill, a customer may keep the line, or get it back, for up to three days by asking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, select

from core.audit.log import record
from core.billing.lines import are_held, isolates, open_if_clear
from core.billing.settling import unpaid_of
from core.billing.tables import invoices, promises
from core.billing.types import InvoiceStatus
from core.platform.clock import local_day
from core.platform.errors import Conflict, Invalid
from core.platform.uow import ReadTx, WriteTx
from core.settings import Settings

LONGEST_DAYS = 3


class Promise(Struct, frozen=True):
    """The line stays open through `until`; `is_reopened` tells that it was closed before."""

    until: date
    bills: int
    is_reopened: bool


async def offer(tx: ReadTx, settings: Settings, customer_id: int) -> date | None:
    """Until when time could be had now; None when it would not help, or was had already."""
    until = _until(tx, settings, LONGEST_DAYS)
    unpaid = await tx.all(
        select(invoices).where(
            invoices.c.customer_id == customer_id, invoices.c.status == InvoiceStatus.UNPAID
        )
    )
    threatening = _threatening(unpaid, until)
    if not await _helps(tx, customer_id, threatening) or await _are_promised(tx, threatening):
        return None
    return until


async def ask_for_time(
    tx: WriteTx, settings: Settings, customer_id: int, *, actor: str, days: int = LONGEST_DAYS
) -> Promise:
    """Move the isolation day of every bill that would close the line before; a line closed for them opens.

    Raises `Invalid("days")`, `Conflict("promise_not_needed")` when nothing threatens the line so soon, and
    `Conflict("promise_used")` when one of the bills had its time already.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid("days")
    until = _until(tx, settings, days)
    threatening = _threatening(await tx.all(unpaid_of(customer_id)), until)
    if not await _helps(tx, customer_id, threatening):
        raise Conflict("promise_not_needed")
    if await _are_promised(tx, threatening):
        raise Conflict("promise_used")
    for bill in threatening:
        await _promise(tx, bill, until, actor)
    is_reopened = await open_if_clear(tx, settings, customer_id, key=f"promise-{threatening[0].id}")
    return Promise(until, len(threatening), is_reopened)


def _until(tx: ReadTx, settings: Settings, days: int) -> date:
    return local_day(tx.now, settings.zone) + timedelta(days=days)


def _threatening(unpaid: Sequence[Row[Any]], until: date) -> list[Row[Any]]:
    return [bill for bill in unpaid if bill.isolate_on < until]


async def _helps(tx: ReadTx, customer_id: int, threatening: Sequence[Row[Any]]) -> bool:
    """Whether it is bills that the lines depend on."""
    return bool(threatening) and await isolates(tx, customer_id) and not await are_held(tx, customer_id)


async def _are_promised(tx: ReadTx, bills: Sequence[Row[Any]]) -> bool:
    found = select(promises.c.invoice_id).where(promises.c.invoice_id.in_([bill.id for bill in bills]))
    return await tx.scalar(found.limit(1)) is not None


async def _promise(tx: WriteTx, bill: Row[Any], until: date, actor: str) -> None:
    await tx.insert(
        promises,
        invoice_id=bill.id,
        customer_id=bill.customer_id,
        until=until,
        isolate_on_before=bill.isolate_on,
        actor=actor,
        created_at=tx.now,
    )
    await tx.execute(invoices.update().where(invoices.c.id == bill.id).values(isolate_on=until))
    await record(
        tx,
        actor=actor,
        action="time_given",
        subject=f"invoice:{bill.id}",
        details={"until": until.isoformat()},
    )
