"""Bringing an accepted payment to its end, exactly once, in the worker (bill-partner contract §7.6 to §7.8)."""

from __future__ import annotations

import asyncio
import secrets
import string
from typing import Any

import structlog
from sqlalchemy import Row, bindparam, exists, select

from core.billing.commands import Payment
from core.billing.settling import numbered, settle_and_follow_up
from core.billing.types import Settled
from core.messaging.kinds import StaffNotice
from core.messaging.notices import tell_staff
from core.partners import ledger, queries
from core.partners.callbacks import queue_deliveries
from core.partners.codes import Code
from core.partners.rules import SUSPECT_AFTER
from core.partners.scenarios import scenario
from core.partners.tables import partner_inquiries, partner_transactions
from core.partners.types import BillItem, State
from core.platform.outbox import Done, Job, Outcome, RetryPolicy
from core.platform.prepared import Prepared
from core.platform.uow import UnitOfWork, WriteTx
from core.settings import Settings

log = structlog.get_logger(__name__)

SETTLE_TOPIC = "partner.settle"
#: Some share one sync of the disk; more at once would take the connections that requests need.
_AT_ONCE = 6
#: Quick, because partners ask after 150 s, and patient, because only a broken database makes it fail.
RETRIES = RetryPolicy(first_s=1, factor=2, longest_s=60, limit=50)
_TOKEN_ALPHABET = string.ascii_uppercase + string.digits
_TOKEN_LENGTH = 16
#: So many payments that hang are named to staff.
_MOST_NAMED = 5


class _NotPayable(Exception):
    """An invoice was paid or changed since the payment was accepted; everything of this settlement is undone."""


class PartnerSettlement:
    """The consumer of `partner.settle`; repeating a job changes nothing."""

    def __init__(self, uow: UnitOfWork, settings: Settings) -> None:
        self._uow, self._settings = uow, settings
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def __call__(self, job: Job) -> Outcome:
        async with self._turns:
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
        """All or none."""
        bills = references(row)
        invoices = {
            invoice.id: invoice for invoice in await tx.all(numbered([bill.invoice_id for bill, _ in bills]))
        }
        for bill, reference in bills:
            payment = Payment(f"partner:{row.partner_id}", reference, bill.amount)
            invoice = invoices.get(bill.invoice_id)
            if invoice is None or not isinstance(
                await settle_and_follow_up(tx, self._settings, invoice, payment), Settled
            ):
                raise _NotPayable


def references(row: Row[Any]) -> list[tuple[BillItem, str]]:
    """A payment's bills, each with the reference that pays it: one reference pays one bill, so further ones are numbered."""
    bills = queries.as_bills(row.bills)
    return [
        (bill, row.ref_number if number == 1 else f"{row.ref_number}/{number}")
        for number, bill in enumerate(bills, 1)
    ]


async def held(tx: WriteTx, transaction_id: int) -> Row[Any]:
    """The transaction, locked until commit: two workers cannot both end it."""
    row = await queries.held(tx, transaction_id)
    if row is None:
        raise LookupError(f"no transaction {transaction_id}")
    return row


async def end(tx: WriteTx, row: Row[Any], response: Code) -> None:
    """Put a transaction into its final state with everything that belongs to it; one that has ended stays as it is."""
    if State(row.state).is_final:
        return
    has_succeeded = response is Code.SUCCESS
    await tx.change(
        _ENDED,
        transaction_id=row.id,
        ends_as=State.SUCCESS if has_succeeded else State.FAILED,
        says=response,
        receipt=_new_token() if has_succeeded else None,
        at=tx.now,
    )
    if not has_succeeded:  # the inquiry may be paid by another reference now
        await tx.execute(
            partner_inquiries.update().where(partner_inquiries.c.id == row.inquiry).values(is_used=False)
        )
    if not row.product_is_sandbox:
        book = ledger.collect if has_succeeded else ledger.give_back
        await book(tx, row.partner_id, row.id, row.amount)
    await queue_deliveries(tx, row.id)


_ENDED = Prepared(
    partner_transactions.update()
    .where(partner_transactions.c.id == bindparam("transaction_id"))
    .values(
        state=bindparam("ends_as"),
        response=bindparam("says"),
        token=bindparam("receipt"),
        settled_at=bindparam("at"),
    )
)


def _new_token() -> str:
    """The receipt number: unique, and nobody guesses another one (§5.4)."""
    return "".join(secrets.choice(_TOKEN_ALPHABET) for _ in range(_TOKEN_LENGTH))


async def suspect(uow: UnitOfWork, settings: Settings) -> int:
    """Mark payments without an outcome for too long and tell staff, so that somebody looks; returns how many (§7)."""
    is_real = exists(
        select(partner_inquiries.c.id).where(
            partner_inquiries.c.id == partner_transactions.c.inquiry_id,
            partner_inquiries.c.customer_id.is_not(None),
        )
    )
    transaction = partner_transactions.c
    async with uow.read() as glance:
        is_late = (
            transaction.state == State.PENDING,
            transaction.accepted_at <= glance.now - SUSPECT_AFTER,
            is_real,
        )
        if await glance.first(select(transaction.id).where(*is_late).limit(1)) is None:
            return 0
    async with uow.write() as tx:
        hanging = select(transaction.id, transaction.ref_number).where(*is_late).order_by(transaction.id)
        rows = await tx.all(hanging.with_for_update(skip_locked=True))
        marked = partner_transactions.update().where(transaction.id.in_([row.id for row in rows]))
        await tx.execute(marked.values(state=State.SUSPECT))
        if rows:
            shown = ", ".join(row.ref_number for row in rows[:_MOST_NAMED])
            await tell_staff(
                tx,
                settings,
                kind=StaffNotice.PARTNER_PAYMENTS_HANG,
                key=f"partner-hangs-{rows[-1].id}",
                args={"count": len(rows), "payments": shown + (" …" if len(rows) > _MOST_NAMED else "")},
            )
    log.error("partner_transactions_suspect", count=len(rows))
    return len(rows)
