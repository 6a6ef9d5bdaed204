"""What billing tells its callers. Amounts are whole rupiah."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct


class InvoiceStatus(enum.StrEnum):
    UNPAID = "unpaid"
    PAID = "paid"


class InvoiceLine(Struct, frozen=True):
    name: str
    category: str
    price: int
    quantity: int
    discount: int
    total: int
    remark: str


class Invoice(Struct, frozen=True):
    """A bill with its lines; `amount` is what is to be paid: lines + tax - discount - `deducted`."""

    id: int
    number: str
    year: int
    month: int
    status: InvoiceStatus
    amount: int
    tax: int
    discount: int
    due_on: date
    isolate_on: date
    paid_at: datetime | None
    lines: tuple[InvoiceLine, ...]
    payment_codes: Mapping[str, str]  # channel code -> what to type there; empty when paid
    settled: int = 0  # what is paid of it already; while it is open, `amount` is what is left

    @property
    def deducted(self) -> int:
        """What was taken off `amount` beyond its lines, because it is paid already; each face names it in its own words."""
        return 0 if self.status is InvoiceStatus.PAID else self.settled


class PaymentChannel(Struct, frozen=True):
    """A place to pay at, with its name for people."""

    code: str
    title: str


class Bill(Struct, frozen=True):
    """An invoice with whose it is, for callers who are not the customer."""

    invoice: Invoice
    customer_name: str
    service_number: str


class PaymentMade(Struct, frozen=True):
    """Money that came in for one invoice, and for which month that was."""

    id: int
    invoice_number: str
    year: int
    month: int
    amount: int
    paid_at: datetime


class Settled(Struct, frozen=True, tag=True):
    """The payment is booked, now; `rest` is what the bill still asks for."""

    payment_id: int
    amount: int
    rest: int = 0


class AlreadyPaid(Struct, frozen=True, tag=True):
    """Nothing was booked. `by_this_reference` tells a repeat of the same payment from a second payer."""

    by_this_reference: bool


class ReferenceReused(Struct, frozen=True, tag=True):
    """Nothing was booked: the source used this reference for another invoice."""


class AmountDiffers(Struct, frozen=True, tag=True):
    """Nothing was booked: the amount brought is not the amount owed."""

    owed: int


Settlement = Settled | AlreadyPaid | ReferenceReused | AmountDiffers
