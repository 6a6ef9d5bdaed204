"""Bringing an accepted payment to its end, exactly once, in the worker (bill-partner contract §7.6 to §7.8)."""

from __future__ import annotations

import secrets
import string
from typing import Any

import structlog
from sqlalchemy import Row, exists, select

from core.billing.commands import Payment
from core.billing.settling import numbered, settle_and_follow_up
from core.billing.types import Settled
from core.partners import ledger, queries
from core.partners.callbacks import queue_deliveries
from core.partners.codes import Code
from core.partners.rules import SUSPECT_AFTER
from core.partners.scenarios import scenario
from core.partners.tables import partner_inquiries, partner_transactions
from core.partners.types import State
from core.platform.outbox import Done, Job, Outcome, RetryPolicy
from core.platform.uow import UnitOfWork, WriteTx
from core.settings import Settings

log = structlog.get_logger(__name__)

SETTLE_TOPIC = "partner.settle"
#: Quick, because partners ask after 150 s, and patient, because only a broken database makes it fail.
RETRIES = RetryPolicy(first_s=1, factor=2, longest_s=60, limit=50)
_TOKEN_ALPHABET = string.ascii_uppercase + string.digits
_TOKEN_LENGTH = 16


class _NotPayable(Exception):
    """An invoice was paid or changed since the payment was accepted; everything of this settlement is undone."""


class PartnerSettlement:
    """The consumer of `partner.settle`; repeating a job changes nothing."""

    def __init__(self, uow: UnitOfWork, settings: Settings) -> None:
        self._uow, self._settings = uow, settings

    async def __call__(self, job: Job) -> Outcome:
        await self.settle(int(job.payload["transaction_id"]))
        return Done()

    async def settle(self, transaction_id: int) -> None:
        """Bring it to its end; harmless for one that has ended. Raises `LookupError` when there is none."""
        try:
            async with self._uow.write() as tx:
                await self._settle(tx, transaction_id)
        except _NotPayable:
            async with self._uow.write() as tx:
                await end(tx, await held(tx, transaction_id), Code.GENERAL_ERROR)

    async def _settle(self, tx: WriteTx, transaction_id: int) -> None:
        row = await held(tx, transaction_id)
        if State(row.state).is_final:
            return
        if row.product_is_sandbox:
            ends = scenario(row.account_number).ends
            await end(tx, row, Code.GENERAL_ERROR if ends is None else ends)
            return
        await self._pay_invoices(tx, row)
        await end(tx, row, Code.SUCCESS)

    async def _pay_invoices(self, tx: WriteTx, row: Row[Any]) -> None:
        """All or none. One reference pays one invoice, so further ones get the reference with a number behind it."""
        bills = queries.as_bills(row.bills)
        invoices = {
            invoice.id: invoice for invoice in await tx.all(numbered([bill.invoice_id for bill in bills]))
        }
        for number, bill in enumerate(bills, 1):
            reference = row.ref_number if number == 1 else f"{row.ref_number}/{number}"
            payment = Payment(f"partner:{row.partner_id}", reference, bill.amount)
            invoice = invoices.get(bill.invoice_id)
            if invoice is None or not isinstance(
                await settle_and_follow_up(tx, self._settings, invoice, payment), Settled
            ):
                raise _NotPayable


async def held(tx: WriteTx, transaction_id: int) -> Row[Any]:
    """The transaction, locked until commit: two workers cannot both end it."""
    row = await tx.first(
        queries.transactions.where(partner_transactions.c.id == transaction_id).with_for_update(
            of=partner_transactions
        )
    )
    if row is None:
        raise LookupError(f"no transaction {transaction_id}")
    return row


async def end(tx: WriteTx, row: Row[Any], response: Code) -> None:
    """Put a transaction into its final state with everything that belongs to it; one that has ended stays as it is."""
    if State(row.state).is_final:
        return
    has_succeeded = response is Code.SUCCESS
    await tx.execute(
        partner_transactions.update()
        .where(partner_transactions.c.id == row.id)
        .values(
            state=State.SUCCESS if has_succeeded else State.FAILED,
            response=response,
            token=_new_token() if has_succeeded else None,
            settled_at=tx.now,
        )
    )
    if not has_succeeded:  # the inquiry may be paid by another reference now
        await tx.execute(
            partner_inquiries.update().where(partner_inquiries.c.id == row.inquiry).values(is_used=False)
        )
    if not row.product_is_sandbox:
        book = ledger.collect if has_succeeded else ledger.give_back
        await book(tx, row.partner_id, row.id, row.amount)
    await queue_deliveries(tx, row.id)


def _new_token() -> str:
    """The receipt number: unique, and nobody guesses another one (§5.4)."""
    return "".join(secrets.choice(_TOKEN_ALPHABET) for _ in range(_TOKEN_LENGTH))


async def suspect(uow: UnitOfWork) -> int:
    """Mark payments without an outcome for too long, so that somebody looks; returns how many (§7)."""
    is_real = exists(
        select(partner_inquiries.c.id).where(
            partner_inquiries.c.id == partner_transactions.c.inquiry_id,
            partner_inquiries.c.customer_id.is_not(None),
        )
    )
    async with uow.write() as tx:
        late = partner_transactions.update().where(
            partner_transactions.c.state == State.PENDING,
            partner_transactions.c.accepted_at <= tx.now - SUSPECT_AFTER,
            is_real,
        )
        found = await tx.execute(late.values(state=State.SUSPECT))
    if found:
        log.error("partner_transactions_suspect", count=found)
    return found
