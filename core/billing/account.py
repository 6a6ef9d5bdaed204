"""One customer's money as staff see it: what is open, what came in, what is agreed, each with the number it is called by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TypeVar

from msgspec import Struct
from sqlalchemy import select

from core.billing import ledger
from core.billing.queries import taken_back
from core.billing.tables import billing_terms, extra_charges, invoices, payments
from core.customers.tables import customers
from core.platform.clock import local_day
from core.platform.errors import NotFound
from core.platform.uow import ReadTx
from core.settings import Settings

_Found = TypeVar("_Found")
_MOST = 120


class AccountBill(Struct, frozen=True):
    """A bill as it was written; `settled` is what was paid, credited or waived of its `amount`."""

    id: int
    number: str
    year: int
    month: int
    status: str  # of `InvoiceStatus`
    amount: int
    settled: int
    due_on: date
    isolate_on: date

    @property
    def owed(self) -> int:
        return self.amount - self.settled


class AccountPayment(Struct, frozen=True):
    """Money that came in; without `invoice_number` in advance. `is_taken_back` tells that it was reversed."""

    id: int
    amount: int
    source: str
    reference: str
    paid_at: datetime
    invoice_number: str | None
    is_taken_back: bool


class AccountCharge(Struct, frozen=True):
    """What is still to be billed beside the plan."""

    id: int
    name: str
    price: int
    quantity: int
    is_recurring: bool
    starts_on: date
    ends_on: date | None


class Terms(Struct, frozen=True):
    """What is agreed; without a `due_day` the settings decide."""

    due_day: int | None = None
    isolates: bool = True


class Account(Struct, frozen=True):
    """Bills and payments newest first, the latest 120 of each: ten years of monthly ones."""

    customer_id: int
    service_number: str
    name: str
    credit: int
    terms: Terms
    bills: tuple[AccountBill, ...]
    payments: tuple[AccountPayment, ...]
    charges: tuple[AccountCharge, ...]

    def bill(self, number: str) -> AccountBill:
        """Raises `NotFound("invoice")` for a bill of somebody else."""
        return _the((bill for bill in self.bills if bill.number == number), "invoice")

    def payment(self, key: int) -> AccountPayment:
        """Raises `NotFound("payment")` for a payment of somebody else."""
        return _the((paid for paid in self.payments if paid.id == key), "payment")

    def charge(self, key: int) -> AccountCharge:
        """Raises `NotFound("charge")` for a charge of somebody else, or one that was billed."""
        return _the((charge for charge in self.charges if charge.id == key), "charge")


def _the(found: Iterable[_Found], what: str) -> _Found:
    for one in found:
        return one
    raise NotFound(what)


async def account_of(tx: ReadTx, settings: Settings, service_number: str) -> Account:
    """Raises `NotFound("customer")`."""
    customer = await tx.first(
        select(customers.c.id, customers.c.name).where(customers.c.service_number == service_number)
    )
    if customer is None:
        raise NotFound("customer")
    agreed = await tx.first(
        select(billing_terms.c.due_day, billing_terms.c.isolates).where(
            billing_terms.c.customer_id == customer.id
        )
    )
    return Account(
        customer.id,
        service_number,
        customer.name,
        await ledger.credit_of(tx, customer.id),
        Terms(*agreed) if agreed else Terms(),
        await _bills(tx, customer.id),
        await _payments(tx, customer.id),
        await _charges(tx, customer.id, local_day(tx.now, settings.zone)),
    )


async def _bills(tx: ReadTx, customer_id: int) -> tuple[AccountBill, ...]:
    bill = invoices.c
    rows = await tx.all(
        select(
            bill.id,
            bill.number,
            bill.year,
            bill.month,
            bill.status,
            bill.amount,
            bill.settled,
            bill.due_on,
            bill.isolate_on,
        )
        .where(bill.customer_id == customer_id)
        .order_by(bill.year.desc(), bill.month.desc(), bill.id.desc())
        .limit(_MOST)
    )
    return tuple(AccountBill(*tuple(row)) for row in rows)


async def _payments(tx: ReadTx, customer_id: int) -> tuple[AccountPayment, ...]:
    paid = payments.c
    rows = await tx.all(
        select(paid.id, paid.amount, paid.source, paid.reference, paid.paid_at, invoices.c.number, taken_back)
        .outerjoin(invoices, invoices.c.id == paid.invoice_id)
        .where(paid.customer_id == customer_id)
        .order_by(paid.paid_at.desc(), paid.id.desc())
        .limit(_MOST)
    )
    return tuple(AccountPayment(*tuple(row)) for row in rows)


async def _charges(tx: ReadTx, customer_id: int, today: date) -> tuple[AccountCharge, ...]:
    charge = extra_charges.c
    goes_on = charge.ends_on.is_(None) | (charge.ends_on >= today)
    rows = await tx.all(
        select(
            charge.id,
            charge.name,
            charge.price,
            charge.quantity,
            charge.is_recurring,
            charge.starts_on,
            charge.ends_on,
        )
        .where(charge.customer_id == customer_id, charge.invoice_id.is_(None), goes_on)
        .order_by(charge.id)
        .limit(_MOST)
    )
    return tuple(AccountCharge(*tuple(row)) for row in rows)
