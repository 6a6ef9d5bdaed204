"""Writes of billing that run inside a use case's transaction: issue an invoice, settle a payment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Row, bindparam, select

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
from core.platform.prepared import Prepared
from core.platform.uow import WriteTx

#: The category of a line that is tax, and is booked apart.
TAX_LINE = "Tax"


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
    is_monthly: bool = False


async def issue(tx: WriteTx, new: NewInvoice) -> int:
    """Store an invoice with its lines and book what the customer now owes; returns its id."""
    amount = amount_owed((line.total for line in new.lines), tax=new.tax, discount=new.discount)
    invoice_id = await tx.insert(
        invoices,
        number=new.number,
        customer_id=new.customer_id,
        year=new.year,
        month=new.month,
        status=InvoiceStatus.UNPAID if amount else InvoiceStatus.PAID,
        amount=amount,
        tax=new.tax,
        discount=new.discount,
        due_on=new.due_on,
        isolate_on=new.isolate_on,
        is_monthly=new.is_monthly,
        paid_at=None if amount else tx.now,
        created_at=tx.now,
    )
    await _add_lines(tx, invoice_id, new.lines)
    taxes = new.tax + sum(line.total for line in new.lines if line.category == TAX_LINE)
    entries = booking(amount, taxes)
    await ledger.book(tx, f"invoice:{invoice_id}", new.customer_id, entries, invoice_id=invoice_id)
    return invoice_id


def booking(amount: int, taxes: int) -> dict[str, int]:
    """What a new bill means for the books: somebody owes us, part of it for the tax office."""
    return {ledger.RECEIVABLE: amount, ledger.TAX: -taxes, ledger.REVENUE: taxes - amount}


async def _add_lines(tx: WriteTx, invoice_id: int, lines: Sequence[InvoiceLine]) -> None:
    rows = [{"invoice_id": invoice_id} | msgspec.structs.asdict(line) for line in lines]
    await tx.insert_all(invoice_lines, rows)


class Payment(Struct, frozen=True):
    """Money that arrived, as its bringer describes it. `amount` None means whatever is owed.

    A bringer whose amount may be a part of what is owed says so; `actor` is who acted when that is not the source.
    """

    source: str
    reference: str
    amount: int | None = None
    may_be_part: bool = False
    actor: str | None = None


async def settle(tx: WriteTx, invoice: Row[Any], payment: Payment) -> Settlement:
    """The one way in for money (design §3.1): pay a locked invoice row, each payment once.

    Whoever changes the invoice first has won; everybody else is told what happened instead. A reference stays used
    even when its payment was taken back.
    """
    earlier = await tx.rows(_SAME, source=payment.source, reference=payment.reference)
    if earlier:
        is_repeat = earlier[0].invoice_id == invoice.id
        return AlreadyPaid(by_this_reference=True) if is_repeat else ReferenceReused()
    if invoice.status == InvoiceStatus.PAID:
        return AlreadyPaid(by_this_reference=False)
    owed = invoice.amount - invoice.settled
    amount = owed if payment.amount is None else payment.amount
    if amount != owed and not (payment.may_be_part and 0 < amount < owed):
        return AmountDiffers(owed)
    return await _booked(tx, invoice, payment, amount)


async def _booked(tx: WriteTx, invoice: Row[Any], payment: Payment, amount: int) -> Settlement:
    if not await move_settled(tx, invoice, amount):
        return AlreadyPaid(by_this_reference=False)
    payment_id = await _insert(tx, payment, invoice.customer_id, amount, invoice.id)
    if (
        payment_id is None
    ):  # the same reference is paying another invoice in a transaction that committed first
        back = {"settled": invoice.settled, "status": invoice.status, "paid_at": invoice.paid_at}
        await tx.execute(invoices.update().where(invoices.c.id == invoice.id).values(back))
        return ReferenceReused()
    entries = {ledger.received_from(payment.source): amount, ledger.RECEIVABLE: -amount}
    transaction = f"payment:{payment_id}"
    await ledger.book(tx, transaction, invoice.customer_id, entries, invoice_id=invoice.id)
    await _record(tx, "payment_booked", f"invoice:{invoice.id}", payment, of=(payment_id, amount))
    return Settled(payment_id, amount, invoice.amount - invoice.settled - amount)


async def move_settled(tx: WriteTx, invoice: Row[Any], change: int) -> bool:
    """Let more or less of a bill be settled, which pays it or opens it again; False when it is not as it was read."""
    settled = invoice.settled + change
    is_paid = settled == invoice.amount
    as_read = (invoices.c.id == invoice.id, invoices.c.settled == invoice.settled)
    paid_at = (invoice.paid_at or tx.now) if is_paid else None
    status = InvoiceStatus.PAID if is_paid else InvoiceStatus.UNPAID
    moved = invoices.update().where(*as_read, invoices.c.status == invoice.status)
    return await tx.execute(moved.values(settled=settled, status=status, paid_at=paid_at)) == 1


async def pay_in_advance(tx: WriteTx, customer_id: int, payment: Payment) -> int | None:
    """Keep money that no bill asks for as the customer's credit; None when this reference was booked before."""
    amount = payment.amount or 0
    payment_id = await _insert(tx, payment, customer_id, amount, None)
    if payment_id is None:
        return None
    entries = {ledger.received_from(payment.source): amount, ledger.CREDIT: -amount}
    await ledger.book(tx, f"payment:{payment_id}", customer_id, entries)
    await _record(tx, "advance_booked", f"customer:{customer_id}", payment, of=(payment_id, amount))
    return payment_id


async def _record(tx: WriteTx, action: str, subject: str, payment: Payment, *, of: tuple[int, int]) -> None:
    payment_id, amount = of
    await record(
        tx,
        actor=payment.actor or payment.source,
        action=action,
        subject=subject,
        details={"payment": payment_id, "amount": amount, "source": payment.source},
    )


async def _insert(
    tx: WriteTx, payment: Payment, customer_id: int, amount: int, invoice_id: int | None
) -> int | None:
    return await tx.insert_once(
        payments,
        source=payment.source,
        reference=payment.reference,
        invoice_id=invoice_id,
        customer_id=customer_id,
        amount=amount,
        paid_at=tx.now,
    )


_SAME = Prepared(
    select(payments.c.invoice_id).where(
        payments.c.source == bindparam("source"), payments.c.reference == bindparam("reference")
    )
)
