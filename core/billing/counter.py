"""Money that staff take in: at the counter, or proved by a photo in the chat. It comes in by the one way there is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, select

from core.billing import commands
from core.billing.commands import Payment
from core.billing.settling import numbered, settle_and_follow_up
from core.billing.tables import LONGEST_REFERENCE, payments
from core.billing.types import InvoiceStatus, Settled
from core.platform.errors import Conflict, Invalid, NotFound
from core.platform.uow import WriteTx
from core.settings import Settings

SOURCE = "counter"
_ROOM_FOR_A_NUMBER = 8


class Confirmed(Struct, frozen=True):
    """What became of the money: `paid` holds ids of payments, `credit` what no bill asked for and is kept.

    `rest` is what the last bill still asks for; `is_new` is False for the repeat of an earlier call.
    """

    paid: tuple[int, ...]
    credit: int
    rest: int
    is_new: bool


async def confirm_payment(
    tx: WriteTx,
    settings: Settings,
    invoice_ids: Collection[int],
    amount: int,
    *,
    actor: str,
    reference: str,
) -> Confirmed:
    """Book what a customer paid for some bills, oldest first: the last may be paid in part, what is over is kept as credit.

    Harmless when repeated with the same `reference`. Raises `Invalid` (`reference`, `amount`), `NotFound("invoice")`,
    `Conflict` (`several_customers`, `already_paid`, `reference_reused`).
    """
    if not 0 < len(reference) <= LONGEST_REFERENCE - _ROOM_FOR_A_NUMBER:
        raise Invalid("reference")
    if amount <= 0:
        raise Invalid("amount")
    bills = await _locked(tx, invoice_ids)
    parts = [Payment(SOURCE, part, actor=actor) for part in _references(reference, len(bills) + 1)]
    if earlier := await _booked(tx, parts):
        return _repeated(earlier, bills[0].customer_id, amount)
    if any(bill.status == InvoiceStatus.PAID for bill in bills):
        raise Conflict("already_paid")
    return await _shared_out(tx, settings, bills, parts, amount)


async def take_in_advance(
    tx: WriteTx, customer_id: int, amount: int, *, actor: str, reference: str
) -> Confirmed:
    """Keep money for bills to come; the next monthly bill uses it first. Repeats and raises as above."""
    if not 0 < len(reference) <= LONGEST_REFERENCE - _ROOM_FOR_A_NUMBER:
        raise Invalid("reference")
    if amount <= 0:
        raise Invalid("amount")
    payment = Payment(SOURCE, reference, amount, actor=actor)
    payment_id = await commands.pay_in_advance(tx, customer_id, payment)
    if payment_id is None:
        return _repeated(await _booked(tx, [payment]), customer_id, amount)
    return Confirmed((payment_id,), amount, 0, is_new=True)


async def _locked(tx: WriteTx, invoice_ids: Collection[int]) -> list[Row[Any]]:
    bills = sorted(await tx.all(numbered(invoice_ids)), key=lambda bill: (bill.year, bill.month, bill.id))
    if not bills or len(bills) < len(set(invoice_ids)):
        raise NotFound("invoice")
    if len({bill.customer_id for bill in bills}) > 1:
        raise Conflict("several_customers")
    return bills


def _references(reference: str, count: int) -> list[str]:
    """One reference pays one bill, so further ones get the reference with a number behind it."""
    return [reference, *(f"{reference}/{number}" for number in range(2, count + 1))]


async def _booked(tx: WriteTx, parts: Sequence[Payment]) -> Sequence[Row[Any]]:
    known = (payments.c.source == SOURCE, payments.c.reference.in_([part.reference for part in parts]))
    return await tx.all(select(payments).where(*known).order_by(payments.c.id))


def _repeated(earlier: Sequence[Row[Any]], customer_id: int, amount: int) -> Confirmed:
    same = sum(row.amount for row in earlier) == amount
    if not same or any(row.customer_id != customer_id for row in earlier):
        raise Conflict("reference_reused")
    credit = sum(row.amount for row in earlier if row.invoice_id is None)
    return Confirmed(tuple(row.id for row in earlier), credit, 0, is_new=False)


async def _shared_out(
    tx: WriteTx, settings: Settings, bills: Sequence[Row[Any]], parts: Sequence[Payment], amount: int
) -> Confirmed:
    left, rest = amount, 0
    paid: list[int] = []
    for bill, part in zip(bills, parts, strict=False):
        if not left:
            break
        share = min(left, bill.amount - bill.settled)
        payment = Payment(SOURCE, part.reference, share, may_be_part=True, actor=part.actor)
        outcome = await settle_and_follow_up(tx, settings, bill, payment)
        if not isinstance(outcome, Settled):
            raise Conflict("reference_reused")
        left, rest = left - share, outcome.rest
        paid.append(outcome.payment_id)
    if left:
        over = Payment(SOURCE, parts[len(paid)].reference, left, actor=parts[0].actor)
        kept = await commands.pay_in_advance(tx, bills[0].customer_id, over)
        if kept is None:
            raise Conflict("reference_reused")
        paid.append(kept)
    return Confirmed(tuple(paid), left, rest, is_new=True)
