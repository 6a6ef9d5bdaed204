"""What subscriptions' use cases take and give back."""

from __future__ import annotations

import enum
from datetime import date, datetime

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
    identity_type_id: int | None = None
    identity_number: str | None = None
    latitude: float | None = None
    longitude: float | None = None


class OrderKind(enum.StrEnum):
    NEW = "new"  # a first line, to be installed
    CHANGE = "change"  # another plan for a line that is there


class OrderStatus(enum.StrEnum):
    """How far staff are with what a customer has ordered."""

    WAITING = "waiting"
    APPROVED = "approved"  # a change that comes with the next period
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # by the customer


class Placed(Struct, frozen=True):
    """What came of an order for a first line."""

    customer_id: int
    service_number: str
    order_number: str


class PlanOrder(Struct, frozen=True):
    """What a customer has ordered; `price` is rupiah a month, as it was on that day."""

    number: str
    customer_id: int
    service_number: str
    customer_name: str
    kind: OrderKind
    status: OrderStatus
    plan_id: int
    plan_name: str
    price: int
    effective_on: date | None
    created_at: datetime


class CurrentPlan(Struct, frozen=True):
    """What a line costs a month and of what, and the change of plan under way."""

    plan_id: int
    plan_name: str
    region_id: int
    monthly: int
    quantity: int
    discount: int
    is_waiting: bool
    change: PlanOrder | None
