"""What bills mean for a customer's lines: open while nothing past its isolation day is unpaid, closed otherwise."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, Select, func, select

from core.billing.rules import may_reopen
from core.billing.tables import billing_terms, invoices
from core.billing.types import InvoiceStatus
from core.network import switching
from core.network.switching import UNPAID
from core.network.tables import line_states
from core.platform.clock import local_day
from core.platform.ids import new_id
from core.platform.quiet import is_waking
from core.platform.uow import ReadTx, WriteTx
from core.settings import Settings
from core.subscriptions.tables import subscriptions
from core.subscriptions.types import ServiceStatus


async def open_if_clear(tx: WriteTx, settings: Settings, customer_id: int, *, key: str) -> bool:
    """Open the customer's lines that bills have closed when nothing past its isolation day is left; the routers follow.

    What staff closed for a reason of their own is theirs to open.

    The customer's row must be locked: of two payments at once each would see the other's bill as still unpaid.
    """
    if not await _is_clear(tx, settings, customer_id):
        return False
    found = await tx.all(_closed(customer_id).where(_is_for_bills()))
    for line in found:
        await switching.restore(tx, line.id, key=key)
    return bool(found)


async def close_if_late(tx: WriteTx, settings: Settings, customer_id: int) -> bool:
    """Close the customer's open lines when a bill past its isolation day is unpaid; True when there were any.

    Needs the same lock. At night it does nothing: the ladder comes by in the morning. What is free stays open whatever is
    owed for the rest, and so do the lines of customers whose terms say so.
    """
    if not is_waking(tx.now, settings.zone) or await _is_clear(tx, settings, customer_id):
        return False
    if not await isolates(tx, customer_id):
        return False
    is_open = (subscriptions.c.isolated_at.is_(None), subscriptions.c.status == ServiceStatus.ACTIVE)
    found = await tx.all(_lines_of(customer_id).where(*is_open))
    for line in found:  # a line may be closed for one bill more than once, so the key names the occasion
        await switching.isolate(tx, line.id, reason=UNPAID, key=new_id(UNPAID))
    return bool(found)


async def are_held(tx: ReadTx, customer_id: int) -> bool:
    """Whether lines of the customer are closed for something that no payment changes."""
    return await tx.scalar(_closed(customer_id).where(~_is_for_bills()).limit(1)) is not None


async def isolates(tx: ReadTx, customer_id: int) -> bool:
    """Whether a customer's unpaid bills close lines at all."""
    agreed = await tx.scalar(
        select(billing_terms.c.isolates).where(billing_terms.c.customer_id == customer_id)
    )
    return agreed is not False


async def _is_clear(tx: ReadTx, settings: Settings, customer_id: int) -> bool:
    unpaid = select(invoices.c.isolate_on).where(
        invoices.c.customer_id == customer_id, invoices.c.status == InvoiceStatus.UNPAID
    )
    days: list[date] = [row.isolate_on for row in await tx.all(unpaid)]
    return may_reopen(days, local_day(tx.now, settings.zone))


def _closed(customer_id: int) -> Select[tuple[int]]:
    return (
        _lines_of(customer_id)
        .outerjoin(line_states, line_states.c.subscription_id == subscriptions.c.id)
        .where(subscriptions.c.isolated_at.is_not(None))
    )


def _is_for_bills() -> ColumnElement[bool]:
    """A line that came to us closed has no reason on record: its bills are all there is."""
    return func.coalesce(line_states.c.reason, UNPAID) == UNPAID


def _lines_of(customer_id: int) -> Select[tuple[int]]:
    return (
        select(subscriptions.c.id)
        .where(subscriptions.c.customer_id == customer_id)
        .order_by(subscriptions.c.id)
    )
