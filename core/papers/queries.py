"""Reads of what papers show."""

from __future__ import annotations

from sqlalchemy import select

from core.billing import queries
from core.billing.tables import invoices, payments
from core.billing.types import InvoiceStatus
from core.customers.tables import customers
from core.papers.types import PaidBill, Place, Receipt, Sheet
from core.platform.errors import NotFound
from core.platform.uow import ReadTx


async def sheet(tx: ReadTx, invoice_id: int) -> Sheet:
    """A bill with where to pay it; raises `NotFound("invoice")`."""
    channels = await queries.channels(tx)
    bills = queries.assembled(await tx.rows(queries.of_id, invoice_id=invoice_id), channels)
    if not bills:
        raise NotFound("invoice")
    (bill,) = bills
    titles = {channel.code: channel.title for channel in channels}
    return Sheet(
        bill,
        await tx.scalar(select(invoices.c.created_at).where(invoices.c.id == invoice_id)),
        tuple(Place(code, titles[code], typed) for code, typed in bill.invoice.payment_codes.items()),
        await _last_payment(tx, invoice_id) if bill.invoice.status is InvoiceStatus.PAID else None,
    )


async def invoice_named(tx: ReadTx, number: str, service_number: str) -> int:
    """The id of an invoice by its number and its owner's; raises `NotFound("invoice")` for a pair that does not belong together."""
    pair = (invoices.c.number == number, customers.c.service_number == service_number)
    found: int | None = await tx.scalar(
        select(invoices.c.id).join(customers, customers.c.id == invoices.c.customer_id).where(*pair)
    )
    if found is None:
        raise NotFound("invoice")
    return found


async def invoice_owner(tx: ReadTx, number: str) -> tuple[int, int]:
    """The ids of an invoice and of its customer; raises `NotFound("invoice")`."""
    row = await tx.first(select(invoices.c.id, invoices.c.customer_id).where(invoices.c.number == number))
    if row is None:
        raise NotFound("invoice")
    return row.id, row.customer_id


async def receipt(tx: ReadTx, payment_id: int) -> Receipt:
    """What a payment's receipt states; raises `NotFound("payment")`."""
    row = await tx.first(_RECEIPTS.where(payments.c.id == payment_id))
    if row is None:
        raise NotFound("payment")
    rest = row.invoice_amount - row.settled if row.invoice_id else 0
    bill = PaidBill(row.invoice_id, row.number, row.year, row.month, rest) if row.invoice_id else None
    return Receipt(
        row.id,
        row.customer_id,
        row.name,
        row.service_number or "",
        row.amount,
        row.paid_at,
        row.source,
        bill,
        is_reversed=row.is_reversed,
    )


_RECEIPTS = (
    select(
        payments,
        customers.c.name,
        customers.c.service_number,
        invoices.c.number,
        invoices.c.year,
        invoices.c.month,
        invoices.c.settled,
        invoices.c.amount.label("invoice_amount"),
        queries.taken_back.label("is_reversed"),
    )
    .join(customers, customers.c.id == payments.c.customer_id)
    .outerjoin(invoices, invoices.c.id == payments.c.invoice_id)
)


async def _last_payment(tx: ReadTx, invoice_id: int) -> int | None:
    standing = (payments.c.invoice_id == invoice_id, ~queries.taken_back)
    newest = select(payments.c.id).where(*standing).order_by(payments.c.id.desc())
    found: int | None = await tx.scalar(newest.limit(1))
    return found
