"""What subscriptions' use cases take and give back."""

from __future__ import annotations

import enum
from datetime import date

from msgspec import Struct


class ServiceStatus(enum.StrEnum):
    """The state of a customer's service as people see it; isolation outranks the rest."""

    ACTIVE = "active"
    WAITING = "waiting"
    INACTIVE = "inactive"
    FREE = "free"
    ISOLATED = "isolated"


class Service(Struct, frozen=True):
    """What the customer runs."""

    quantity: int
    price: int
    total: int
    plan_name: str
    plan_description: str


class Profile(Struct, frozen=True):
    """Everything the customer may see of the own record."""

    id: int
    uid: str
    service_number: str
    name: str
    email: str | None
    phone: str | None
    address: str | None
    address_verified_on: date | None
    registered_on: date | None
    activated_on: date | None
    email_verified_on: date | None
    identity_verified_on: date | None
    identity_type_id: int | None
    identity_type: str | None
    identity_number: str | None
    status: ServiceStatus
    service: Service | None


class Application(Struct, frozen=True):
    """What somebody asks for who wants to become a customer."""

    plan_id: int
    region_id: int
    identity_type_id: int
    identity_number: str
    latitude: float | None = None
    longitude: float | None = None
