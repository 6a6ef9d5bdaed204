"""A payment with everything that follows from it, inside the transaction of whoever brings the money: receipt, open line."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, Select, select

from core.billing import commands
from core.billing.commands import Payment
from core.billing.lines import open_if_clear
from core.billing.links import pay_words, receipt_words
from core.billing.tables import invoices
from core.billing.types import InvoiceStatus, Settled, Settlement
from core.customers.tables import customers
from core.messaging.notices import Notice, notify
from core.platform.i18n import Month, Rupiah
from core.platform.uow import WriteTx
from core.settings import Settings

#: Invoices with whose they are.
#:
#: The customer is locked with them: of two payments at once, each would see the other's invoice as still unpaid, and
#: neither would open the line.
_LOCKED: Select[Any] = (
    select(invoices, customers.c.service_number)
    .join(customers, customers.c.id == invoices.c.customer_id)
    .with_for_update(of=(invoices, customers), key_share=True)
)


def named(invoice_number: str, service_number: str) -> Select[Any]:
    """An invoice by its number and its owner's, locked until commit."""
    return _LOCKED.where(invoices.c.number == invoice_number, customers.c.service_number == service_number)


def numbered(invoice_ids: Collection[int]) -> Select[Any]:
    """Invoices by their ids, locked until commit in one order for everybody: no deadlock."""
    return _LOCKED.where(invoices.c.id.in_(invoice_ids)).order_by(invoices.c.id)


def unpaid_of(customer_id: int) -> Select[Any]:
    """What a customer owes, locked in the same order."""
    is_unpaid = (invoices.c.customer_id == customer_id, invoices.c.status == InvoiceStatus.UNPAID)
    return _LOCKED.where(*is_unpaid).order_by(invoices.c.id)


async def settle_and_follow_up(
    tx: WriteTx, settings: Settings, invoice: Row[Any], payment: Payment, *, receipt: bool = True
) -> Settlement:
    """Pay an invoice read by `named` or `numbered`; a payment that is booked sends its receipt and may open the line.

    Without `receipt` nothing is sent, because the plan that was paid for wants none.
    """
    outcome = await commands.settle(tx, invoice, payment)
    if isinstance(outcome, Settled):
        if receipt:
            await _send_receipt(tx, settings, invoice, outcome)
        await open_if_clear(tx, settings, invoice.customer_id, key=f"payment-{outcome.payment_id}")
    return outcome


async def _send_receipt(tx: WriteTx, settings: Settings, invoice: Row[Any], paid: Settled) -> None:
    args = {
        "amount": Rupiah(paid.amount),
        "period": Month(invoice.year, invoice.month),
        "invoice": invoice.number,
        "link": pay_words(settings, invoice.id) if paid.rest else receipt_words(settings, invoice.id),
    }
    await notify(
        tx,
        settings,
        customer_id=invoice.customer_id,
        kind=Notice.PAYMENT_IN_PART if paid.rest else Notice.PAYMENT_RECEIVED,
        key=f"receipt-{paid.payment_id}",
        args=args | ({"rest": Rupiah(paid.rest)} if paid.rest else {}),
    )
