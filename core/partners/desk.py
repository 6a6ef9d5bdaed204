"""What an operator does in a partner's daily work: end what hangs, take back, block, announce, repeat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, func, select

from core.audit.log import record
from core.customers.queries import id_of
from core.partners import callbacks, queries, settlements
from core.partners.availability import Block
from core.partners.codes import Code
from core.partners.queries import partner_id_of
from core.partners.reports import Batch, batches
from core.partners.reversals import reverse
from core.partners.settlement import PartnerSettlement, end, held
from core.partners.statements import Reconciled, reconcile
from core.partners.tables import (
    partner_blocks,
    partner_maintenance,
    partner_products,
    partner_transactions,
    partners,
)
from core.partners.types import State, Transaction
from core.platform.errors import Conflict, Invalid, NotFound
from core.platform.uow import ReadTx, UnitOfWork
from core.settings import Settings


class Standing(Struct, frozen=True):
    """A partner at a glance. `suspect` payments wait for an operator."""

    code: str
    name: str
    is_active: bool
    balance: int
    credit_limit: int
    suspect: int


class Desk:
    """Each method is one use case and one transaction. Payments are named by partner and their refNumber."""

    def __init__(self, uow: UnitOfWork, settings: Settings) -> None:
        self._uow, self._settings = uow, settings

    async def standings(self) -> Sequence[Standing]:
        """Every partner, by code."""
        transaction = partner_transactions.c
        hanging = select(transaction.partner_id, func.count().label("hanging")).where(
            transaction.state == State.SUSPECT
        )
        async with self._uow.read() as tx:
            rows = await tx.all(select(partners).order_by(partners.c.code))
            counts = {
                row.partner_id: row.hanging for row in await tx.all(hanging.group_by(transaction.partner_id))
            }
        return [
            Standing(row.code, row.name, row.is_active, row.balance, row.credit_limit, counts.get(row.id, 0))
            for row in rows
        ]

    async def fail(self, partner: str, ref_number: str, *, actor: str) -> Transaction:
        """End a payment that hangs as failed, RC 198; the deposit is given back and the partner is told.

        Raises `NotFound("transaction")`, `Conflict("already_final")`.
        """
        async with self._uow.write() as tx:
            row = await held(tx, (await _named(tx, partner, ref_number)).id)
            if State(row.state).is_final:
                raise Conflict("already_final")
            await end(tx, row, Code.MANUALLY_FAILED)
            details = {"amount": row.amount}
            await record(
                tx, actor=actor, action="partner_payment_failed", subject=_subject(row), details=details
            )
            return queries.as_transaction(await held(tx, row.id))

    async def reverse(self, partner: str, ref_number: str, *, reason: str, actor: str) -> bool:
        """Take a successful payment back: the deposit is returned, the bills are open again, the day's file tells of it.

        False when that was done before. Raises `NotFound("transaction")` and what `reversals.reverse` raises.
        """
        async with self._uow.write() as tx:
            row = await held(tx, (await _named(tx, partner, ref_number)).id)
            is_new = await reverse(tx, self._settings, row, reason=reason, actor=actor)
            if is_new:
                details = {"amount": row.amount}
                await record(
                    tx, actor=actor, action="partner_payment_reversed", subject=_subject(row), details=details
                )
            return is_new

    async def settle(self, partner: str, ref_number: str) -> Transaction:
        """Try once more to bring a payment that hangs to its end. Raises `NotFound("transaction")`."""
        async with self._uow.read() as tx:
            transaction_id = (await _named(tx, partner, ref_number)).id
        await PartnerSettlement(self._uow, self._settings).settle(transaction_id)
        async with self._uow.read() as tx:
            return queries.as_transaction(await _named(tx, partner, ref_number))

    async def pay_out(self, partner: str, day: date, reference: str, *, actor: str) -> bool:
        """Note that a closed day was settled by this transfer; raises what `settlements.pay_out` raises."""
        async with self._uow.write() as tx:
            return await settlements.pay_out(
                tx, await partner_id_of(tx, partner), day, reference, actor=actor
            )

    async def batches(self, partner: str, first: date, last: date) -> tuple[Batch, ...]:
        """What the days of a period come to. Raises `NotFound("partner")`."""
        async with self._uow.read() as tx:
            return await batches(tx, await partner_id_of(tx, partner), first, last, self._settings.zone)

    async def reconcile(self, partner: str, day: date, content: bytes, *, actor: str) -> Reconciled:
        """A partner's statement of a day against ours; raises `NotFound("partner")`, `Invalid("statement", line=…)`."""
        async with self._uow.read() as tx:
            found = await partner_id_of(tx, partner)
        return await reconcile(self._uow, self._settings, found, day, content, brought_by=actor)

    async def resend(self, partner: str, ref_number: str) -> int:
        """Tell the partner once more how a payment ended; returns how many addresses. Raises `NotFound`, `Conflict`."""
        async with self._uow.write() as tx:
            return await callbacks.resend_final(tx, await _named(tx, partner, ref_number))

    async def settle_at_once(self, partner: str, *, wanted: bool) -> None:
        """Whether payments of this partner are answered with their end where that comes within two seconds (§5.3)."""
        async with self._uow.write() as tx:
            row = partners.update().where(partners.c.code == partner).values(settles_at_once=wanted)
            if not await tx.execute(row):
                raise NotFound("partner")

    async def block(self, service_number: str, kind: Block, reason: str) -> None:
        """Let no partner collect from a customer: inquiries answer 112 or 320, payments 105. Raises `NotFound("customer")`."""
        async with self._uow.write() as tx:
            customer_id = await _customer(tx, service_number)
            await tx.execute(partner_blocks.delete().where(partner_blocks.c.customer_id == customer_id))
            facts = {"customer_id": customer_id, "kind": kind, "reason": reason[:200], "created_at": tx.now}
            await tx.insert(partner_blocks, **facts)

    async def unblock(self, service_number: str) -> bool:
        """False when the customer was not blocked. Raises `NotFound("customer")`."""
        async with self._uow.write() as tx:
            customer_id = await _customer(tx, service_number)
            gone = partner_blocks.delete().where(partner_blocks.c.customer_id == customer_id)
            return await tx.execute(gone) > 0

    async def cut_off(self, partner: str, product: str, starts: time | None, ends: time | None) -> None:
        """When a product is not sold every night, in the business's zone: inquiries answer 310, payments 109.

        Without times it is sold around the clock. Raises `NotFound` with `partner` or `product`.
        """
        async with self._uow.write() as tx:
            sold = partner_products.update().where(
                partner_products.c.partner_id == await partner_id_of(tx, partner),
                partner_products.c.code == product,
            )
            if not await tx.execute(sold.values(cut_off_from=starts, cut_off_until=ends)):
                raise NotFound("product")

    async def announce(
        self, starts_at: datetime, ends_at: datetime, *, note: str, partner: str | None = None
    ) -> int:
        """A time without service, for one partner or for all: inquiries answer 305, payments 109. Raises `Invalid("period")`."""
        if ends_at <= starts_at:
            raise Invalid("period")
        async with self._uow.write() as tx:
            return await tx.insert(
                partner_maintenance,
                partner_id=None if partner is None else await partner_id_of(tx, partner),
                starts_at=starts_at,
                ends_at=ends_at,
                note=note[:200],
            )


async def _named(tx: ReadTx, code: str, ref_number: str) -> Row[Any]:
    row = await queries.by_reference(tx, await partner_id_of(tx, code), ref_number)
    if row is None:
        raise NotFound("transaction")
    return row


def _subject(row: Row[Any]) -> str:
    return f"partner-transaction:{row.id}"


async def _customer(tx: ReadTx, service_number: str) -> int:
    customer_id = await id_of(tx, service_number)
    if customer_id is None:
        raise NotFound("customer")
    return customer_id
