"""What the directory takes and gives back."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from core.customers.accounts import AccountStatus


class Order(enum.StrEnum):
    """What a list of customers can be sorted by."""

    ID = "id"
    USERNAME = "username"
    NAME = "name"
    LAST_NAME = "last_name"
    EMAIL = "email"
    PHONE = "phone"
    CREATED = "created"
    STATUS = "status"


class Wanted(Struct, frozen=True, kw_only=True):
    """Which customers a list shows. `search` is looked for in user name, name, address, phone and e-mail."""

    search: str = ""
    status: AccountStatus | None = None
    order: Order = Order.USERNAME
    descending: bool = False
    limit: int = 30
    offset: int = 0
    has_place: bool = False  # only those who are on the map


class Entry(Struct, frozen=True, kw_only=True):
    """A customer with the account; the line secret stays sealed."""

    id: int
    username: str
    name: str
    email: str | None
    phone: str | None
    address: str | None
    city: str | None
    district: str | None
    state: str | None
    zip: str | None
    latitude: float | None
    longitude: float | None
    kind: str
    service_type: str
    status: AccountStatus
    auto_renewal: bool
    photo: str
    line_username: str
    line_address: str
    line_secret_sealed: str | None
    created_by: int | None
    created_at: datetime
    last_login_at: datetime | None
    balance: int


class Package(Struct, frozen=True, kw_only=True):
    """What a customer runs: a subscription with its plan and router; one that is billed by the month ends on no date."""

    id: int
    customer_id: int
    plan_id: int
    plan: str
    price: int
    router: str
    mode: str
    is_on: bool
    begun_at: datetime
    expires_at: datetime | None
    method: str
    staff_id: int | None
    plan_type: str
    is_prepaid: bool


class Draft(Struct, frozen=True, kw_only=True):
    """What staff tell about a customer; None leaves a fact as it is, or empty for a new customer."""

    username: str | None = None
    name: str | None = None
    password: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    city: str | None = None
    district: str | None = None
    state: str | None = None
    zip: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    kind: str | None = None
    service_type: str | None = None
    status: AccountStatus | None = None
    line_username: str | None = None
    line_secret: str | None = None
    line_address: str | None = None
    attributes: Mapping[str, str] = {}
    dropped_attributes: tuple[str, ...] = ()


class Opened(Struct, frozen=True):
    """A customer as a whole. The secrets are in clear for those who may see them, None for the others."""

    entry: Entry
    packages: tuple[Package, ...]
    attributes: Mapping[str, str]
    secret: str | None


class Removed(Struct, frozen=True):
    """A customer who is gone from every list; `is_kept` says that bills remain, and with them the row they name."""

    is_kept: bool
