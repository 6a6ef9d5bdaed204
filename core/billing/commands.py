"""Writes of billing that run inside a use case's transaction: issue an invoice, settle a payment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Row, select

from core.audit.log import record
from core.billing import ledger
from core.billing.rules import amount_owed
from core.billing.tables import invoice_lines, invoices, payments
from core.billing.types import (
    AlreadyPaid,
    AmountDiffers,
    InvoiceLine,
    InvoiceStatus,
    ReferenceReused,
    Settled,
    Settlement,
)
from core.platform.uow import WriteTx


class NewInvoice(Struct, frozen=True):
    """What is needed to issue one. Amounts are whole rupiah; a tax shown as a line of its own leaves `tax` 0."""

    number: str
    customer_id: int
    year: int
    month: int
    due_on: date
    isolate_on: date
    lines: tuple[InvoiceLine, ...]
    tax: int = 0
    discount: int = 0


async def issue(tx: WriteTx, new: NewInvoice) -> int:
    """Store an invoice with its lines and book what the customer now owes; returns its id."""
    amount = amount_owed((line.total for line in new.lines), tax=new.tax, discount=new.discount)
    invoice_id = await tx.insert(
        invoices,
        number=new.number,
        customer_id=new.customer_id,
        year=new.year,
        month=new.month,
        status=InvoiceStatus.UNPAID,
        amount=amount,
        tax=new.tax,
        discount=new.discount,
        due_on=new.due_on,
        isolate_on=new.isolate_on,
        created_at=tx.now,
    )
    await _add_lines(tx, invoice_id, new.lines)
    taxes = new.tax + sum(line.total for line in new.lines if line.category == "Tax")
    entries = {ledger.RECEIVABLE: amount, ledger.TAX: -taxes, ledger.REVENUE: taxes - amount}
    await ledger.book(tx, f"invoice:{invoice_id}", new.customer_id, entries)
    return invoice_id


async def _add_lines(tx: WriteTx, invoice_id: int, lines: Sequence[InvoiceLine]) -> None:
    if lines:
        rows = [{"invoice_id": invoice_id} | msgspec.structs.asdict(line) for line in lines]
        await tx.execute(invoice_lines.insert(), rows)


class Payment(Struct, frozen=True):
    """Money that arrived, as its bringer describes it. `amount` None means whatever is owed."""

    source: str
    reference: str
    amount: int | None = None


async def settle(tx: WriteTx, invoice: Row[Any], payment: Payment) -> Settlement:
    """The one way in for money (design §3.1): pay a locked invoice row, in full, once.

    Whoever flips the invoice from unpaid to paid has won; everybody else is told what happened instead.
    """
    earlier = await tx.first(
        select(payments).where(payments.c.source == payment.source, payments.c.reference == payment.reference)
    )
    if earlier is not None and earlier.invoice_id != invoice.id:
        return ReferenceReused()
    if invoice.status == InvoiceStatus.PAID:
        return AlreadyPaid(by_this_reference=earlier is not None)
    if payment.amount is not None and payment.amount != invoice.amount:
        return AmountDiffers(owed=invoice.amount)
    return await _booked(tx, invoice, payment)


async def _booked(tx: WriteTx, invoice: Row[Any], payment: Payment) -> Settlement:
    unpaid = (invoices.c.id == invoice.id, invoices.c.status == InvoiceStatus.UNPAID)
    paid = invoices.update().where(*unpaid).values(status=InvoiceStatus.PAID, paid_at=tx.now)
    if not await tx.execute(paid):
        return AlreadyPaid(by_this_reference=False)
    fresh = await tx.insert_new(
        payments,
        source=payment.source,
        reference=payment.reference,
        invoice_id=invoice.id,
        customer_id=invoice.customer_id,
        amount=invoice.amount,
        paid_at=tx.now,
    )
    if not fresh:  # the same reference is paying another invoice in a transaction that committed first
        await tx.execute(
            invoices.update()
            .where(invoices.c.id == invoice.id)
            .values(status=InvoiceStatus.UNPAID, paid_at=None)
        )
        return ReferenceReused()
    is_this = (payments.c.source == payment.source, payments.c.reference == payment.reference)
    payment_id = int(await tx.scalar(select(payments.c.id).where(*is_this)))
    entries = {ledger.received_from(payment.source): invoice.amount, ledger.RECEIVABLE: -invoice.amount}
    await ledger.book(tx, f"payment:{payment_id}", invoice.customer_id, entries)
    facts = {"payment": payment_id, "amount": invoice.amount}
    who = f"invoice:{invoice.id}"
    await record(tx, actor=payment.source, action="payment_booked", subject=who, details=facts)
    return Settled(payment_id)
