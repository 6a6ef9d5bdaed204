"""What is printed, and what is said of a receipt. Amounts are whole rupiah."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from core.billing.types import Bill
from core.platform.i18n import Language


class Place(Struct, frozen=True):
    """Where a bill can be paid: the name of the place, what to type there, and its code among the channels."""

    code: str
    title: str
    typed: str


class Sheet(Struct, frozen=True):
    """A bill with everything its paper and its page show beside it. `payment_id` is the last payment that still stands."""

    bill: Bill
    issued_at: datetime
    places: tuple[Place, ...]
    payment_id: int | None


class PaidBill(Struct, frozen=True):
    """The bill a payment was for; `rest` is what it still asks for."""

    id: int
    number: str
    year: int
    month: int
    rest: int


class Receipt(Struct, frozen=True):
    """One payment, as its receipt states it; `bill` is None for money paid in advance."""

    payment_id: int
    customer_id: int
    customer_name: str
    service_number: str
    amount: int
    paid_at: datetime
    source: str
    bill: PaidBill | None
    is_reversed: bool

    @property
    def number(self) -> str:
        """The receipt's own number."""
        return f"K-{self.payment_id:06}"


class Issuer(Struct, frozen=True):
    """Who issues a paper, in whose language and zone, and where its code leads; an empty `link` prints no code."""

    business: str
    address: str
    phone: str
    zone: str
    language: Language
    link: str


class Column(Struct, frozen=True):
    """A column of a table; `share` is how wide it is beside the others."""

    title: str
    share: int
    is_amount: bool = False


class Listing(Struct, frozen=True):
    """A table of any length, with what stands above and below it."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    total: str
