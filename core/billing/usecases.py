"""What can be done about bills: look them up, pay them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import select

from core.billing import (
    account,
    corrections,
    counter,
    ledger,
    listing,
    promises,
    queries,
    second_look,
    terms,
)
from core.billing.account import Account
from core.billing.commands import Payment
from core.billing.corrections import Correction
from core.billing.counter import Confirmed
from core.billing.isolation import isolate_late
from core.billing.listing import BillListed
from core.billing.promises import Promise
from core.billing.second_look import Closing
from core.billing.settling import named, settle_and_follow_up
from core.billing.tables import LONGEST_REFERENCE, payments
from core.billing.terms import ExtraCharge
from core.billing.types import Bill, Invoice, InvoiceStatus, PaymentChannel, PaymentMade, Settlement
from core.platform.errors import Conflict, Invalid, NotFound
from core.platform.prepared import Prepared
from core.platform.uow import UnitOfWork
from core.settings import Settings


class Billing:
    """Each method is one use case and one transaction."""

    def __init__(self, uow: UnitOfWork, settings: Settings) -> None:
        self._uow, self._settings = uow, settings

    async def invoices_of(
        self,
        customer_id: int,
        *,
        status: InvoiceStatus | None = InvoiceStatus.UNPAID,
        month: int | None = None,
        year: int | None = None,
    ) -> tuple[Invoice, ...]:
        """A customer's invoices, newest first; `status` None means all of them."""
        wanted = {"status": status, "month": month, "year": year}
        filters = {name: value for name, value in wanted.items() if value is not None}
        bills = await self._bills(queries.of_customer(frozenset(filters)), customer_id=customer_id, **filters)
        return tuple(bill.invoice for bill in bills)

    async def bills_of(self, service_number: str, *, unpaid_only: bool) -> tuple[Bill, ...]:
        """Bills by service number for callers with a key: all newest first, unpaid oldest first (mywifi contract §8)."""
        return await self._bills(queries.of_service(unpaid_only=unpaid_only), service_number=service_number)

    async def listed(
        self, search: str, status: InvoiceStatus | None, *, limit: int, offset: int
    ) -> tuple[tuple[BillListed, ...], int]:
        """Bills of all customers, newest first, and how many there are in all."""
        async with self._uow.read() as tx:
            return await listing.page_of(tx, search, status, limit=limit, offset=offset)

    async def payments_of(self, customer_id: int, *, limit: int) -> tuple[PaymentMade, ...]:
        """What a customer paid, newest first, at most `limit` of it."""
        async with self._uow.read() as tx:
            rows = await tx.all(queries.latest_payments, {"customer_id": customer_id, "limit": limit})
        return tuple(PaymentMade(*tuple(row)) for row in rows)

    async def channels(self) -> tuple[PaymentChannel, ...]:
        async with self._uow.read() as tx:
            return tuple(PaymentChannel(row.code, row.title) for row in await queries.channels(tx))

    async def settle(
        self,
        *,
        source: str,
        reference: str,
        invoice_number: str,
        service_number: str,
        amount: int | None = None,
    ) -> Settlement:
        """Pay an invoice in full, once; receipt and re-opening of the line are queued in the same transaction.

        Repeating is harmless: (source, reference) is unique for ever. Raises `Invalid("reference")` when there is none
        or it is too long to be kept, `NotFound("invoice")` when number and service do not belong together.
        """
        if not 0 < len(reference) <= LONGEST_REFERENCE:
            raise Invalid("reference")
        async with self._uow.write() as tx:
            invoice = await tx.first(named(invoice_number, service_number))
            if invoice is None:
                raise NotFound("invoice")
            return await settle_and_follow_up(tx, self._settings, invoice, Payment(source, reference, amount))

    async def credit_of(self, customer_id: int) -> int:
        """What a customer has paid in advance and not used yet, in rupiah."""
        async with self._uow.read() as tx:
            return await ledger.credit_of(tx, customer_id)

    async def account_of(self, service_number: str) -> Account:
        """See `account.account_of`."""
        async with self._uow.read() as tx:
            return await account.account_of(tx, self._settings, service_number)

    async def confirm_payment(
        self, invoice_ids: Collection[int], amount: int, *, actor: str, reference: str
    ) -> Confirmed:
        """Book money that staff took in for some bills of one customer; see `counter.confirm_payment`."""
        async with self._uow.write() as tx:
            return await counter.confirm_payment(
                tx, self._settings, invoice_ids, amount, actor=actor, reference=reference
            )

    async def take_in_advance(
        self, customer_id: int, amount: int, *, actor: str, reference: str
    ) -> Confirmed:
        """Keep money for bills to come; see `counter.take_in_advance`."""
        async with self._uow.write() as tx:
            return await counter.take_in_advance(tx, customer_id, amount, actor=actor, reference=reference)

    async def reverse_payment(self, payment_id: int, *, reason: str, actor: str) -> Correction:
        """See `corrections.reverse_payment`.

        Raises `Conflict("partner_payment")` for what a bill partner brought: its deposit and report must follow, so
        it is taken back where both are known (`loket partner reverse`).
        """
        async with self._uow.write() as tx:
            source = await tx.scalar(select(payments.c.source).where(payments.c.id == payment_id))
            if str(source).startswith("partner:"):
                raise Conflict("partner_payment")
            return await corrections.reverse_payment(
                tx, self._settings, payment_id, reason=reason, actor=actor
            )

    async def waive(self, invoice_id: int, *, reason: str, actor: str, key: str) -> Correction:
        """See `corrections.waive`."""
        async with self._uow.write() as tx:
            return await corrections.waive(
                tx, self._settings, invoice_id, reason=reason, actor=actor, key=key
            )

    async def credit_note(
        self, invoice_id: int, amount: int, *, reason: str, actor: str, key: str
    ) -> Correction:
        """See `corrections.credit_note`."""
        async with self._uow.write() as tx:
            return await corrections.credit_note(
                tx, self._settings, invoice_id, amount, reason=reason, actor=actor, key=key
            )

    async def set_terms(self, customer_id: int, *, due_day: int | None, isolates: bool, actor: str) -> None:
        """See `terms.set_terms`."""
        async with self._uow.write() as tx:
            await terms.set_terms(tx, customer_id, due_day=due_day, isolates=isolates, actor=actor)

    async def add_charge(self, customer_id: int, charge: ExtraCharge, *, actor: str) -> int:
        """See `terms.add_charge`."""
        async with self._uow.write() as tx:
            return await terms.add_charge(tx, customer_id, charge, actor=actor)

    async def end_charge(self, charge_id: int, *, last_month: date, actor: str) -> None:
        """See `terms.end_charge`."""
        async with self._uow.write() as tx:
            await terms.end_charge(tx, charge_id, last_month=last_month, actor=actor)

    async def about_to_isolate(self) -> Closing:
        """What the ladder would close today."""
        return await second_look.about_to_close(self._uow, self._settings)

    async def isolate_confirmed(self, *, actor: str) -> int:
        """Close what is late today, however many lines that are; returns for how many customers."""
        await second_look.confirm(self._uow, self._settings, actor=actor)
        return await isolate_late(self._uow, self._settings)

    async def time_on_offer(self, customer_id: int) -> date | None:
        """Until when a customer could have time to pay now; None when it would not help, or was had already."""
        async with self._uow.read() as tx:
            return await promises.offer(tx, self._settings, customer_id)

    async def ask_for_time(
        self, customer_id: int, *, actor: str, days: int = promises.LONGEST_DAYS
    ) -> Promise:
        """Keep or get back the line for a few days; see `promises.ask_for_time`."""
        async with self._uow.write() as tx:
            return await promises.ask_for_time(tx, self._settings, customer_id, actor=actor, days=days)

    async def _bills(self, query: Prepared, **params: object) -> tuple[Bill, ...]:
        async with self._uow.read() as tx:
            return queries.assembled(await tx.rows(query, **params), await queries.channels(tx))
