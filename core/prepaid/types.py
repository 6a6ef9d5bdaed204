"""What prepaid use cases take and give back. Amounts are whole rupiah."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct


class Unit(enum.StrEnum):
    """What a plan's validity counts."""

    MINUTES = "Mins"
    HOURS = "Hrs"
    DAYS = "Days"
    MONTHS = "Months"
    PERIOD = "Period"  # months that end on a fixed day


class PlanKind(enum.StrEnum):
    HOTSPOT = "Hotspot"
    PPPOE = "PPPOE"
    VPN = "VPN"
    BALANCE = "Balance"  # tops up the balance

    @property
    def mode(self) -> str:
        """How a line of this kind is called among subscriptions."""
        return self.value.upper()


class Visibility(enum.StrEnum):
    """Which customers are shown a plan: everybody, those named, or all but those named."""

    ALL = "all"
    CUSTOM = "custom"
    EXCLUDE = "exclude"


class Source(enum.StrEnum):
    """Where the money for a package comes from."""

    COUNTER = "counter"
    BALANCE = "credit"
    VOUCHER = "voucher"
    GATEWAY = "gateway"
    NOTHING = "nothing"  # free of charge, and recorded so
    GIFT = "gift"  # recorded at its price, but nobody pays: a welcome, or what a bought plan brings along


class Terms(Struct, frozen=True, kw_only=True):
    """How a plan is sold by validity."""

    kind: PlanKind
    validity: int
    unit: Unit
    is_prepaid: bool = True
    router_id: int | None = None
    is_radius: bool = False
    follow_up_plan_id: int | None = None  # what a line falls back to when the package ends
    fixed_day: int = 20
    account_kind: str = "Personal"
    visibility: Visibility = Visibility.ALL
    old_price: int | None = None
    reminds: bool = True
    sends_receipt: bool = True
    shared_users: int | None = None
    limit_kind: str | None = None  # Time_Limit, Data_Limit, Both_Limit; None for no limit
    time_limit: int | None = None
    time_unit: str | None = None  # Mins, Hrs
    data_limit: int | None = None
    data_unit: str | None = None  # MB, GB
    device: str = ""
    on_login: str | None = None
    on_logout: str | None = None


class PrepaidPlan(Struct, frozen=True):
    """A plan with its terms; `router` is the router's name, `radius`, or empty."""

    id: int
    name: str
    price: int
    is_enabled: bool
    pool: str | None
    router: str
    terms: Terms


class Means(Struct, frozen=True, kw_only=True):
    """How something is paid: what is written down of it, and whose money it is."""

    gateway: str
    channel: str
    source: Source
    reference: str = ""  # the payment's name at its source; the sale's own unless given

    @property
    def method(self) -> str:
        return f"{self.gateway} - {self.channel}"


class Seller(Struct, frozen=True, kw_only=True):
    """Who acts. `may_sell_disabled` is what administrators may; `staff_id` is None for customers and the system."""

    actor: str
    staff_id: int | None = None
    may_sell_disabled: bool = False
    ip: str = ""


class Quote(Struct, frozen=True, kw_only=True):
    """What a package costs one customer now. `price` is the plan's part, `total` what is asked for."""

    price: int
    bills: Mapping[str, int]
    discount: int = 0
    tax: int = 0

    @property
    def extra(self) -> int:
        return sum(self.bills.values())

    @property
    def recorded(self) -> int:
        """What the sale says: tax and discount stay outside (§A4.1)."""
        return self.price + self.extra

    @property
    def total(self) -> int:
        return max(self.recorded - self.discount, 0) + self.tax


class Sold(Struct, frozen=True, kw_only=True):
    """A sale that was made, or was made earlier by the same key; `balance` is the customer's afterwards."""

    sale_id: int
    number: str
    subscription_id: int | None
    expires_at: datetime
    paid: int
    balance: int
    is_new: bool = True


class Sale(Struct, frozen=True, kw_only=True):
    """A row of the income: what was sold to whom, by which means, until when."""

    id: int
    number: str
    customer_id: int
    is_guest: bool
    username: str
    full_name: str
    plan_id: int | None
    plan_name: str
    kind: str
    price: int
    gateway: str
    channel: str
    router: str
    note: str
    staff_id: int | None
    sold_at: datetime
    expires_at: datetime

    @property
    def method(self) -> str:
        return f"{self.gateway} - {self.channel}"


class Voucher(Struct, frozen=True, kw_only=True):
    """A code that is worth one package, once."""

    id: int
    code: str
    kind: str
    router: str
    plan_id: int
    plan_name: str
    price: int
    batch: str | None
    created_by: int | None
    created_at: datetime
    used_by: str | None
    used_at: datetime | None


class Running(Struct, frozen=True, kw_only=True):
    """A package of a customer, whether it runs or has ended."""

    subscription_id: int
    customer_id: int
    is_guest: bool
    username: str
    full_name: str
    plan_id: int
    plan_name: str
    price: int
    kind: str
    plan_type: str
    is_prepaid: bool
    router_id: int | None
    router: str
    method: str
    staff_id: int | None
    recharged_at: datetime
    expires_at: datetime
    is_on: bool


class OrderStatus(enum.IntEnum):
    """How far a purchase over a gateway, or a move of balance, has come."""

    UNPAID = 1
    PAID = 2
    FAILED = 3
    CANCELLED = 4


class Order(Struct, frozen=True, kw_only=True):
    """A purchase over a gateway, or one side of a move of balance."""

    id: int
    customer_id: int
    username: str
    gateway: str
    gateway_reference: str
    plan_id: int | None
    plan_name: str
    router_id: int | None
    router: str
    price: int
    url: str
    method: str
    channel: str
    created_at: datetime
    expires_at: datetime | None
    paid_at: datetime | None
    invoice: str
    status: OrderStatus
