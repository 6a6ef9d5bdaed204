"""What customers' use cases give back."""

from __future__ import annotations

from msgspec import Struct


class IdentityType(Struct, frozen=True):
    id: int
    name: str


class CustomerName(Struct, frozen=True):
    """Enough to address a customer: who, which service, where to write."""

    id: int
    service_number: str
    name: str
    email: str | None


class ServiceOfChat(Struct, frozen=True):
    """One of the services a chat may act for."""

    customer_id: int
    service_number: str
    name: str
