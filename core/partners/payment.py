"""Taking a partner's payment order: one transaction, one effect for ever (bill-partner contract §7.2 to §7.5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, bindparam, text

from core.partners import ledger, queries
from core.partners.availability import why_closed
from core.partners.callbacks import plan_deliveries
from core.partners.codes import Code
from core.partners.inquiry import unpaid_as_shown
from core.partners.rules import INQUIRY_LIFETIME, fingerprint, may_call, pays_every_bill
from core.partners.scenarios import SETTLES_AFTER, scenario
from core.partners.settlement import SETTLE_TOPIC
from core.partners.tables import partner_inquiries, partner_transactions
from core.partners.types import Declined, PartnerKey, PaymentOrder, State, Taken
from core.platform import outbox
from core.platform.outbox import Priority
from core.platform.uow import ReadTx, WriteTx
from core.settings import Settings

#: A twin waits this long for the other one's commit (§7.5).
_LOCK_TIMEOUT = text("SET LOCAL lock_timeout = '3s'")


async def take(tx: WriteTx, settings: Settings, key: PartnerKey, order: PaymentOrder) -> Taken:
    """Accept a payment, or give back what became of the same order before.

    Raises `Declined`; then nothing was stored, and the reference may be used again.
    """
    if tx.on_postgres:
        await tx.execute(_LOCK_TIMEOUT)
    if taken := await _taken_before(tx, key, order):
        return taken
    await _check_offer(tx, settings, key, order)
    inquiry = await queries.locked_inquiry(tx, key.partner_id, order.inquiry_id)
    if inquiry is None:
        raise Declined(Code.NO_SUCH_INQUIRY)
    if taken := await _taken_before(tx, key, order):  # by a twin, while this one waited for the inquiry
        return taken
    if (problem := await _problem(tx, inquiry, order)) is not None:
        raise Declined(problem)
    return await _accepted(tx, key, order, inquiry)


async def _taken_before(tx: ReadTx, key: PartnerKey, order: PaymentOrder) -> Taken | None:
    row = await queries.by_reference(tx, key.partner_id, order.ref_number)
    if row is None:
        return None
    if row.fingerprint != fingerprint(order):
        raise Declined(Code.DUPLICATE_REFERENCE)
    return Taken(queries.as_transaction(row), is_replay=True)


async def _check_offer(tx: ReadTx, settings: Settings, key: PartnerKey, order: PaymentOrder) -> None:
    """What is wrong with an order whatever its inquiry says."""
    product = await queries.product_of(tx, key, order.product_code)
    if product is None:
        raise Declined(Code.NO_SUCH_PRODUCT)
    if closed := await why_closed(tx, settings, product):
        raise Declined(closed.on_payment)
    if order.amount <= 0:
        raise Declined(Code.INVALID_AMOUNT)
    if product.max_amount is not None and order.amount > product.max_amount:
        raise Declined(Code.OVER_MAXIMUM)
    for url in order.callback_urls:
        if not may_call(
            url,
            hosts=product.callback_hosts,
            ports=product.callback_ports,
            allow_private=settings.callback_allow_private,
        ):
            raise Declined(Code.GENERAL_ERROR, "callbackUrls")


async def _problem(tx: ReadTx, inquiry: Row[Any], order: PaymentOrder) -> Code | None:
    """Why an inquiry, held until commit, cannot be paid by this order."""
    asked = (inquiry.account_number, inquiry.product_code, inquiry.month)
    if asked != (order.account_number, order.product_code, order.month):
        return Code.INQUIRY_MISMATCH
    if inquiry.is_used:
        return Code.DUPLICATE_INQUIRY
    if tx.now >= inquiry.created_at + INQUIRY_LIFETIME:
        return Code.INQUIRY_EXPIRED
    if inquiry.amount != order.amount:
        return Code.AMOUNT_MISMATCH
    if not pays_every_bill(order.bill_ids, queries.as_bills(inquiry.bills)):
        return Code.GENERAL_ERROR
    if inquiry.product_is_sandbox:
        played = scenario(inquiry.account_number).payment
        return None if played is Code.PROCESSING else played
    return await unpaid_as_shown(tx, inquiry)


async def _accepted(tx: WriteTx, key: PartnerKey, order: PaymentOrder, inquiry: Row[Any]) -> Taken:
    is_first = await tx.insert_new(
        partner_transactions,
        partner_id=key.partner_id,
        ref_number=order.ref_number,
        key_id=key.id,
        inquiry_id=order.inquiry_id,
        fingerprint=fingerprint(order),
        state=State.PENDING,
        response=Code.PROCESSING,
        buyer_email=order.buyer_email,
        public_buyer_id=order.public_buyer_id,
        accepted_at=tx.now,
    )
    if not is_first:  # a twin with another inquiry came first
        raise Declined(Code.DUPLICATE_REFERENCE)
    row = await queries.by_reference(tx, key.partner_id, order.ref_number)
    if row is None:
        raise LookupError("a transaction vanished inside its own insert")
    await tx.execute(_USED, {"inquiry_id": order.inquiry_id})
    await plan_deliveries(tx, key.partner_id, row.id, order.callback_urls)
    await _queue_settlement(tx, row)
    if not inquiry.product_is_sandbox and not await ledger.hold(tx, key.partner_id, row.id, order.amount):
        raise Declined(Code.INSUFFICIENT_DEPOSIT)
    return Taken(queries.as_transaction(row), is_replay=False)


_USED = (
    partner_inquiries.update().where(partner_inquiries.c.id == bindparam("inquiry_id")).values(is_used=True)
)


async def _queue_settlement(tx: WriteTx, row: Row[Any]) -> None:
    if row.product_is_sandbox and scenario(row.account_number).ends is None:
        return
    await outbox.post(
        tx,
        SETTLE_TOPIC,
        {"transaction_id": row.id},
        key=f"{SETTLE_TOPIC}-{row.id}",
        priority=Priority.URGENT,
        delay=SETTLES_AFTER if row.product_is_sandbox else timedelta(0),
    )
