"""Taking a partner's payment order: one transaction, one effect for ever (bill-partner contract §7.2 to §7.5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, literal_column, select

from core.partners import ledger, queries
from core.partners.availability import why_closed
from core.partners.callbacks import plan_deliveries
from core.partners.codes import Code
from core.partners.inquiry import unpaid_as_shown
from core.partners.rules import INQUIRY_LIFETIME, fingerprint, may_call, pays_every_bill
from core.partners.scenarios import SETTLES_AFTER, scenario
from core.partners.settlement import SETTLE_TOPIC
from core.partners.tables import partner_inquiries, partner_transactions
from core.partners.types import Declined, PartnerKey, PaymentOrder, State, Taken, Transaction
from core.platform import outbox
from core.platform.outbox import Priority
from core.platform.prepared import Prepared
from core.platform.uow import ReadTx, WriteTx
from core.settings import Settings

#: A twin waits this long for the other one's commit (§7.5).
_LOCK_TIMEOUT = Prepared(
    select(func.set_config(literal_column("'lock_timeout'"), literal_column("'3s'"), literal_column("true")))
)


async def take(tx: WriteTx, settings: Settings, key: PartnerKey, order: PaymentOrder) -> Taken:
    """Accept a payment, or give back what became of the same order before.

    Raises `Declined`; then nothing was stored, and the reference may be used again.
    """
    if tx.on_postgres:
        await tx.rows(_LOCK_TIMEOUT)
    inquiry = await queries.locked_inquiry(tx, key.partner_id, order.inquiry_id)
    if taken := await _taken_before(
        tx, key, order
    ):  # long ago, or by a twin while this one waited for the inquiry
        return taken
    await _check_offer(tx, settings, key, order)
    if inquiry is None:
        raise Declined(Code.NO_SUCH_INQUIRY)
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
    if closed := why_closed(settings, product, tx.now):
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
    transaction_id = await tx.insert_once(
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
    if transaction_id is None:  # a twin with another inquiry came first
        raise Declined(Code.DUPLICATE_REFERENCE)
    await tx.change(_USED, inquiry_id=order.inquiry_id)
    await plan_deliveries(tx, key.partner_id, transaction_id, order.callback_urls)
    await _queue_settlement(tx, transaction_id, inquiry)
    if not inquiry.product_is_sandbox and not await ledger.hold(
        tx, key.partner_id, transaction_id, order.amount
    ):
        raise Declined(Code.INSUFFICIENT_DEPOSIT)
    transaction = Transaction(
        transaction_id,
        order.ref_number,
        State.PENDING,
        Code.PROCESSING,
        "",
        queries.as_inquiry(inquiry),
        tx.now,
        settled_at=None,
    )
    return Taken(transaction, is_replay=False)


_USED = Prepared(
    partner_inquiries.update().where(partner_inquiries.c.id == bindparam("inquiry_id")).values(is_used=True)
)


async def _queue_settlement(tx: WriteTx, transaction_id: int, inquiry: Row[Any]) -> None:
    if inquiry.product_is_sandbox and scenario(inquiry.account_number).ends is None:
        return
    await outbox.post(
        tx,
        SETTLE_TOPIC,
        {"transaction_id": transaction_id},
        key=f"{SETTLE_TOPIC}-{transaction_id}",
        priority=Priority.URGENT,
        delay=SETTLES_AFTER if inquiry.product_is_sandbox else timedelta(0),
    )
