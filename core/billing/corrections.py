"""Taking money matters back: a payment reversed, a bill waived or reduced, credit handed back. Each adds entries of its own, none changes one.

All of them run in their caller's transaction, are harmless when repeated with the same `key`, are recorded in the audit
log with who did them, and let the lines follow.
"""

from __future__ import annotations

import enum
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, func, select

from core.audit.log import record
from core.billing import commands, ledger
from core.billing.counter import SOURCE as COUNTER
from core.billing.lines import close_if_late, open_if_clear
from core.billing.rules import share_of
from core.billing.settling import numbered
from core.billing.tables import LONGEST_REFERENCE, corrections, invoice_lines, payments
from core.billing.types import InvoiceStatus
from core.customers.tables import customers
from core.platform.errors import Conflict, Invalid, NotFound
from core.platform.uow import WriteTx
from core.settings import Settings

LONGEST_REASON = 255


class Kind(enum.StrEnum):
    REVERSAL = "reversal"
    WAIVER = "waiver"
    CREDIT_NOTE = "credit_note"
    REFUND = "refund"


class Correction(Struct, frozen=True):
    """What was corrected; `is_new` is False for the repeat of an earlier one, which changed nothing."""

    id: int
    kind: Kind
    amount: int
    is_new: bool


class _Wanted(Struct, frozen=True):
    kind: Kind
    key: str
    reason: str
    actor: str
    customer_id: int
    amount: int
    invoice_id: int | None = None
    payment_id: int | None = None


async def reverse_payment(
    tx: WriteTx, settings: Settings, payment_id: int, *, reason: str, actor: str
) -> Correction:
    """Take a payment back, such as a cheque that bounced; its bill is open again, and its line may be closed.

    Repeats by payment. Raises `NotFound("payment")`, `Invalid("reason")`, and `Conflict("credit_spent")` when money paid
    in advance has paid a bill already: that payment is to be reversed first.
    """
    paid = await tx.first(select(payments).where(payments.c.id == payment_id))
    if paid is None:
        raise NotFound("payment")
    key, who = f"reversal:{payment_id}", paid.customer_id
    wanted = _Wanted(Kind.REVERSAL, key, reason, actor, who, paid.amount, paid.invoice_id, payment_id)
    invoice = None if paid.invoice_id is None else await _locked(tx, paid.invoice_id)
    if invoice is None:
        await _lock_customer(tx, who)
    if (earlier := await _earlier(tx, wanted)) is not None:
        return earlier
    other = ledger.CREDIT if invoice is None else ledger.RECEIVABLE
    if invoice is not None:
        await commands.move_settled(tx, invoice, -paid.amount)
    elif await ledger.credit_of(tx, who) < paid.amount:
        raise Conflict("credit_spent")
    entries = {other: paid.amount, ledger.received_from(paid.source): -paid.amount}
    made = await _made(tx, wanted, entries)
    await close_if_late(tx, settings, who)
    return made


async def waive(
    tx: WriteTx, settings: Settings, invoice_id: int, *, reason: str, actor: str, key: str
) -> Correction:
    """Give up asking for what a bill still asks for: it is closed, and the line may open.

    Raises `NotFound("invoice")`, `Invalid("reason")`, `Conflict("already_paid")`, `Conflict("key_reused")`.
    """
    invoice = await _locked(tx, invoice_id)
    owed = invoice.amount - invoice.settled
    wanted = _Wanted(Kind.WAIVER, key, reason, actor, invoice.customer_id, owed, invoice_id)
    if (earlier := await _earlier(tx, wanted)) is not None:
        return earlier
    if invoice.status == InvoiceStatus.PAID:
        raise Conflict("already_paid")
    await commands.move_settled(tx, invoice, owed)
    made = await _made(tx, wanted, {ledger.WAIVED: owed, ledger.RECEIVABLE: -owed})
    await open_if_clear(tx, settings, invoice.customer_id, key=f"waiver-{made.id}")
    return made


async def credit_note(
    tx: WriteTx, settings: Settings, invoice_id: int, amount: int, *, reason: str, actor: str, key: str
) -> Correction:
    """Ask for less than a bill said, tax in proportion. What was paid already becomes the customer's credit.

    Raises `NotFound("invoice")`, `Invalid("reason")`, `Invalid("amount")` beyond what the bill said less what was credited
    or waived of it, `Conflict("key_reused")`.
    """
    invoice = await _locked(tx, invoice_id)
    wanted = _Wanted(Kind.CREDIT_NOTE, key, reason, actor, invoice.customer_id, amount, invoice_id)
    if (earlier := await _earlier(tx, wanted)) is not None:
        return earlier
    if not 0 < amount <= invoice.amount - await _given_up(tx, invoice_id):
        raise Invalid("amount")
    taken_off = min(amount, invoice.amount - invoice.settled)
    await commands.move_settled(tx, invoice, taken_off)
    tax = share_of(amount, await _tax_in(tx, invoice), invoice.amount)
    entries = {
        ledger.REVENUE: amount - tax,
        ledger.TAX: tax,
        ledger.RECEIVABLE: -taken_off,
        ledger.CREDIT: taken_off - amount,
    }
    made = await _made(tx, wanted, entries)
    await open_if_clear(tx, settings, invoice.customer_id, key=f"credit-note-{made.id}")
    return made


async def give_back(
    tx: WriteTx, customer_id: int, amount: int, *, reason: str, actor: str, key: str
) -> Correction:
    """Hand credit back over the counter. Raises `Invalid` (`reason`, `amount`), `Conflict` (`credit_spent`, `key_reused`)."""
    if amount <= 0:
        raise Invalid("amount")
    await _lock_customer(tx, customer_id)
    wanted = _Wanted(Kind.REFUND, key, reason, actor, customer_id, amount)
    if (earlier := await _earlier(tx, wanted)) is not None:
        return earlier
    if await ledger.credit_of(tx, customer_id) < amount:
        raise Conflict("credit_spent")
    return await _made(tx, wanted, {ledger.CREDIT: amount, ledger.received_from(COUNTER): -amount})


async def _locked(tx: WriteTx, invoice_id: int) -> Row[Any]:
    invoice = await tx.first(numbered([invoice_id]))
    if invoice is None:
        raise NotFound("invoice")
    return invoice


async def _lock_customer(tx: WriteTx, customer_id: int) -> None:
    await tx.execute(
        select(customers.c.id).where(customers.c.id == customer_id).with_for_update(key_share=True)
    )


async def _earlier(tx: WriteTx, wanted: _Wanted) -> Correction | None:
    """The correction this one repeats; raises `Invalid("reason")`, `Invalid("reference")`, `Conflict("key_reused")`."""
    if not 0 < len(wanted.reason.strip()) <= LONGEST_REASON:
        raise Invalid("reason")
    if not 0 < len(wanted.key) <= LONGEST_REFERENCE:
        raise Invalid("reference")
    row = await tx.first(select(corrections).where(corrections.c.key == wanted.key))
    if row is None:
        return None
    same_amount = wanted.kind is Kind.WAIVER or row.amount == wanted.amount
    if (row.kind, row.invoice_id, row.payment_id) != (wanted.kind, wanted.invoice_id, wanted.payment_id):
        raise Conflict("key_reused")
    if not same_amount:
        raise Conflict("key_reused")
    return Correction(row.id, Kind(row.kind), row.amount, is_new=False)


async def _made(tx: WriteTx, wanted: _Wanted, entries: dict[str, int]) -> Correction:
    made = await tx.insert(
        corrections,
        key=wanted.key,
        kind=wanted.kind,
        customer_id=wanted.customer_id,
        invoice_id=wanted.invoice_id,
        payment_id=wanted.payment_id,
        amount=wanted.amount,
        reason=wanted.reason.strip(),
        actor=wanted.actor,
        created_at=tx.now,
    )
    transaction = f"correction:{made}"
    await ledger.book(tx, transaction, wanted.customer_id, entries, invoice_id=wanted.invoice_id)
    about = f"customer:{wanted.customer_id}" if wanted.invoice_id is None else f"invoice:{wanted.invoice_id}"
    facts = {"correction": made, "amount": wanted.amount, "payment": wanted.payment_id}
    await record(tx, actor=wanted.actor, action=wanted.kind.value, subject=about, details=facts)
    return Correction(made, wanted.kind, wanted.amount, is_new=True)


async def _given_up(tx: WriteTx, invoice_id: int) -> int:
    """What was credited or waived of a bill: nobody paid that, so it cannot become credit."""
    kinds = corrections.c.kind.in_([Kind.CREDIT_NOTE, Kind.WAIVER])
    total = select(func.coalesce(func.sum(corrections.c.amount), 0))
    return int(await tx.scalar(total.where(corrections.c.invoice_id == invoice_id, kinds)))


async def _tax_in(tx: WriteTx, invoice: Row[Any]) -> int:
    taxed = (invoice_lines.c.invoice_id == invoice.id, invoice_lines.c.category == commands.TAX_LINE)
    total = select(func.coalesce(func.sum(invoice_lines.c.total), 0)).where(*taxed)
    return int(invoice.tax) + int(await tx.scalar(total))
