"""What a bill partner can do: ask what is owed, pay it, follow it, reconcile; and what an operator does for partners."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import date

import structlog
from sqlalchemy import select

from core.partners import access, callbacks, days, inquiry, payment, queries, reports
from core.partners.access import Gate
from core.partners.accounts import Accounts
from core.partners.desk import Desk
from core.partners.settlement import PartnerSettlement
from core.partners.statements import Reconciled, reconcile
from core.partners.tables import partner_products, partners
from core.partners.types import (
    Inquiry,
    PartnerKey,
    PaymentOrder,
    Product,
    Taken,
    Transaction,
)
from core.platform.errors import NotFound, Unavailable
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork
from core.settings import Settings

log = structlog.get_logger(__name__)

_SETTLES_WITHIN_S = 2.0


class Partners:
    """Each method is one use case and one transaction. `gate` says who is calling; `accounts` and `desk` are for operators."""

    def __init__(self, uow: UnitOfWork, settings: Settings, keyring: Keyring) -> None:
        self._uow, self._settings, self._keyring = uow, settings, keyring
        self.gate = Gate(uow, settings, keyring)
        self.desk = Desk(uow, settings)
        self.accounts = Accounts(uow, keyring)

    async def inquire(
        self, key: PartnerKey, *, account_number: str, product_code: str, month: int | None
    ) -> Inquiry:
        """What an account owes; a new inquiry every time, good for thirty minutes. Raises `Declined`."""
        async with self._uow.write() as tx:
            return await inquiry.inquire(
                tx,
                self._settings,
                key,
                account_number=account_number,
                product_code=product_code,
                month=month,
            )

    async def pay(self, key: PartnerKey, order: PaymentOrder) -> Taken:
        """Accept a payment once, for ever, and queue its settlement; raises `Declined`, and then nothing is stored."""
        async with self._uow.write() as tx:
            taken = await payment.take(tx, self._settings, key, order)
        log.info(
            "partner_payment_taken",
            partner_id=key.partner_id,
            transaction_id=taken.transaction.id,
            is_replay=taken.is_replay,
        )
        return taken

    async def finish(self, key: PartnerKey, taken: Taken) -> Taken:
        """For a partner that wants it, settle in the caller's time; what takes longer than 2 s ends in the worker (§5.3)."""
        if not key.settles_at_once or taken.is_replay or taken.transaction.inquiry.product.is_sandbox:
            return taken
        with suppress(TimeoutError, Unavailable):
            async with asyncio.timeout(_SETTLES_WITHIN_S):
                await PartnerSettlement(self._uow, self._settings).settle(taken.transaction.id)
                async with self._uow.read() as tx:
                    row = await queries.by_id(tx, taken.transaction.id)
                if row is not None:
                    return Taken(queries.as_transaction(row), is_replay=False)
        return taken

    async def transaction(self, key: PartnerKey, ref_number: str) -> Transaction | None:
        """What became of a payment; None when this partner has none of that name."""
        async with self._uow.read() as tx:
            row = await queries.by_reference(tx, key.partner_id, ref_number)
        return None if row is None else queries.as_transaction(row)

    async def products(self, key: PartnerKey) -> tuple[Product, ...]:
        """What this key may sell, by code."""
        mine = select(partner_products).where(partner_products.c.partner_id == key.partner_id)
        async with self._uow.read() as tx:
            rows = await tx.all(mine.order_by(partner_products.c.code))
        allowed = key.products
        return tuple(queries.as_product(row) for row in rows if allowed is None or row.code in allowed)

    async def balance(self, key: PartnerKey) -> int:
        """The deposit; below zero for a partner that pays afterwards."""
        async with self._uow.read() as tx:
            return int(await tx.scalar(select(partners.c.balance).where(partners.c.id == key.partner_id)))

    async def day(
        self, key: PartnerKey, when: date, *, after: int = 0, limit: int = reports.PAGE
    ) -> reports.Day:
        """The payments of a day, a page at a time."""
        async with self._uow.read() as tx:
            return await reports.day(tx, key.partner_id, when, self._settings.zone, after=after, limit=limit)

    async def batches(self, key: PartnerKey, first: date, last: date) -> tuple[reports.Batch, ...]:
        """What the days of a period come to."""
        async with self._uow.read() as tx:
            return await reports.batches(tx, key.partner_id, first, last, self._settings.zone)

    async def file(self, key: PartnerKey, when: date) -> bytes:
        """A day's payments as a CSV file: the one that was written at its closing, or how it would be written now."""
        async with self._uow.read() as tx:
            found = await reports.file(tx, key.partner_id, when)
        if found is not None:
            return found
        made = await days.written(self._uow, key.partner_id, when, self._settings.zone)
        return days.unfolded(made.content)

    async def reconcile(self, key: PartnerKey, when: date, content: bytes) -> Reconciled:
        """The partner's own statement of a day against ours; raises `Invalid("statement", line=…)`."""
        who = f"partner-key:{key.id}"
        return await reconcile(self._uow, self._settings, key.partner_id, when, content, brought_by=who)

    async def resend_sandboxed(self, key: PartnerKey, transaction_id: int) -> int:
        """Repeat the callbacks of a sandbox payment that has ended; returns how many. Raises `NotFound`, `Conflict`."""
        async with self._uow.write() as tx:
            row = await queries.by_id(tx, transaction_id)
            is_theirs = row is not None and row.partner_id == key.partner_id and row.product_is_sandbox
            return await callbacks.resend_final(tx, row if is_theirs else None)

    async def resend(self, key: PartnerKey, ref_number: str) -> int:
        """Repeat the callbacks of any of the partner's payments that has ended. Raises `NotFound`, `Conflict`."""
        async with self._uow.write() as tx:
            return await callbacks.resend_final(
                tx, await queries.by_reference(tx, key.partner_id, ref_number)
            )

    async def told(self, key: PartnerKey, ref_number: str) -> tuple[callbacks.Told, ...]:
        """What was tried to tell the partner of a payment, newest first. Raises `NotFound`."""
        async with self._uow.read() as tx:
            row = await queries.by_reference(tx, key.partner_id, ref_number)
            if row is None:
                raise NotFound("transaction")
            return await callbacks.told(tx, row.id, self._settings.zone)

    async def report(self, code: str, when: date) -> reports.Day:
        """A whole day of a partner, for the operator. Raises `NotFound("partner")`."""
        async with self._uow.read() as tx:
            partner_id = await queries.partner_id_of(tx, code)
            return await reports.day(tx, partner_id, when, self._settings.zone, after=0, limit=_WHOLE_DAY)

    async def purge(self) -> int:
        """Forget nonces that may come again and old inquiries that nobody paid; returns how many inquiries."""
        async with self._uow.write() as tx:
            await access.purge_nonces(tx)
            await callbacks.purge_attempts(tx)
        removed = 0
        while gone := await self._purge_inquiries():
            removed += gone
        return removed

    async def _purge_inquiries(self) -> int:
        async with self._uow.write() as tx:
            return await inquiry.purge_unpaid(tx)


_WHOLE_DAY = 100_000
