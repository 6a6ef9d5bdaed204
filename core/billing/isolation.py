"""Closing the lines of customers whose bills are unpaid after their isolation day, the days of grace included."""

from __future__ import annotations

from datetime import date

import structlog
from sqlalchemy import Select, select

from core.billing import second_look
from core.billing.lines import close_if_late
from core.billing.tables import billing_terms, invoices
from core.customers.tables import customers
from core.platform.clock import local_day
from core.platform.quiet import is_waking
from core.platform.uow import UnitOfWork
from core.settings import Settings
from core.subscriptions.tables import subscriptions

log = structlog.get_logger(__name__)

_BATCH = 1000


async def isolate_late(uow: UnitOfWork, settings: Settings) -> int:
    """Close what is to be closed today; returns for how many customers. Harmless when repeated, does nothing at night.

    Nor does it when there are so many that somebody has to look first (`second_look`).
    """
    async with uow.read() as tx:
        by_day = is_waking(tx.now, settings.zone)
    if not by_day or await second_look.is_held(uow, settings):
        return 0
    closed, after = 0, 0
    while True:
        async with uow.read() as tx:
            if not is_waking(tx.now, settings.zone):
                return closed
            late = await tx.all(_late(local_day(tx.now, settings.zone), after))
        if not late:
            return closed
        for row in late:
            closed += await _close(uow, settings, row.customer_id)
        after = late[-1].customer_id


def _late(today: date, after: int) -> Select[tuple[int]]:
    """The next customers with a bill past its day and a line that is open."""
    return (
        select(invoices.c.customer_id)
        .distinct()
        .join(subscriptions, subscriptions.c.customer_id == invoices.c.customer_id)
        .outerjoin(billing_terms, billing_terms.c.customer_id == invoices.c.customer_id)
        .where(*second_look.is_late(today), invoices.c.customer_id > after)
        .order_by(invoices.c.customer_id)
        .limit(_BATCH)
    )


async def _close(uow: UnitOfWork, settings: Settings, customer_id: int) -> bool:
    """One customer a transaction: a payment that comes at the same moment waits for it, or it for the payment."""
    async with uow.write() as tx:
        await tx.execute(
            select(customers.c.id).where(customers.c.id == customer_id).with_for_update(key_share=True)
        )
        is_closed = await close_if_late(tx, settings, customer_id)
    if is_closed:
        log.info("lines_closed", customer_id=customer_id)
    return is_closed
