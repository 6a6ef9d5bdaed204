"""What the office tells its callers."""

from __future__ import annotations

from msgspec import Struct


class Found(Struct, frozen=True):
    """A customer that a search has found."""

    customer_id: int
    service_number: str
    name: str


class OpenTicket(Struct, frozen=True):
    """A report that is not closed; `taken` says whether somebody works on it."""

    number: str
    customer: str
    service_number: str
    description: str
    taken: bool
