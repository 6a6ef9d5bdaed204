"""Where prepaid facts are kept, beside the plans and subscriptions they are about."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from core.platform.db import Amount, Key, SmallKey, UtcDateTime, metadata

LONGEST_KEY = 128
LONGEST_CODE = 55
LONGEST_NOTE = 256

#: How a plan is sold by validity; a plan without a row is billed by the month.
prepaid_plans = Table(
    "prepaid_plans",
    metadata,
    Column("plan_id", Key, ForeignKey("plans.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(8), nullable=False),  # `core.prepaid.types.PlanKind`
    Column("validity", Integer, nullable=False),
    Column("unit", String(6), nullable=False),  # `core.prepaid.types.Unit`
    Column("is_prepaid", Boolean, nullable=False),
    Column("router_id", Key, ForeignKey("routers.id")),
    Column("is_radius", Boolean, nullable=False),
    Column("follow_up_plan_id", Key, ForeignKey("plans.id")),
    Column("fixed_day", SmallKey, nullable=False),
    Column("account_kind", String(8), nullable=False),  # Personal, Business
    Column("visibility", String(8), nullable=False),  # `core.prepaid.types.Visibility`
    Column("old_price", Amount),
    Column("reminds", Boolean, nullable=False),
    Column("sends_receipt", Boolean, nullable=False),
    Column("shared_users", Integer),
    Column("limit_kind", String(10)),
    Column("time_limit", Integer),
    Column("time_unit", String(4)),
    Column("data_limit", Integer),
    Column("data_unit", String(2)),
    Column("device", String(32), nullable=False),
    Column("on_login", Text),
    Column("on_logout", Text),
)

#: Plans that come along with another; every pair stands here in both directions.
plan_links = Table(
    "plan_links",
    metadata,
    Column("plan_id", Key, ForeignKey("plans.id", ondelete="CASCADE"), primary_key=True),
    Column("linked_plan_id", Key, ForeignKey("plans.id", ondelete="CASCADE"), primary_key=True),
)

#: Whom a plan is shown to, or hidden from, as its visibility says.
plan_customers = Table(
    "plan_customers",
    metadata,
    Column("plan_id", Key, ForeignKey("plans.id", ondelete="CASCADE"), primary_key=True),
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
)

#: How a subscription was last paid for; one that has a row ends at its `expires_at` and is never billed by the month.
recharges = Table(
    "recharges",
    metadata,
    Column("subscription_id", Key, ForeignKey("subscriptions.id", ondelete="CASCADE"), primary_key=True),
    Column("recharged_at", UtcDateTime, nullable=False),
    Column("gateway", String(64), nullable=False),
    Column("channel", String(255), nullable=False),
    Column("staff_id", Key),
    Column("guest_code", String(LONGEST_CODE), unique=True),  # of somebody who is known by a voucher alone
    Column("extended_in", String(7)),  # the month in which the customer last asked for more days: `2026-11`
)

#: The income, row by row. Rows are only ever added; `INV-<id>` is the number of the bill and of the receipt.
sales = Table(
    "sales",
    metadata,
    Column("id", Key, primary_key=True),
    Column("key", String(LONGEST_KEY), nullable=False, unique=True),  # makes a repeat harmless
    Column("customer_id", Key, ForeignKey("customers.id"), nullable=False),
    Column("is_guest", Boolean, nullable=False),
    Column("username", String(64), nullable=False),  # as it was
    Column("plan_id", Key, ForeignKey("plans.id", ondelete="SET NULL")),
    Column("plan_name", String(128), nullable=False),  # as it was
    Column("kind", String(8), nullable=False),
    Column(
        "price", Amount, nullable=False
    ),  # without tax and discount; negative where balance was given back
    Column("gateway", String(64), nullable=False),
    Column("channel", String(255), nullable=False),
    Column("router", String(64), nullable=False),  # its name, `radius` or `balance`
    Column("note", String(LONGEST_NOTE), nullable=False),
    Column("staff_id", Key),
    Column("sold_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("subscription_id", Key, ForeignKey("subscriptions.id", ondelete="SET NULL")),
    Index("ix_sales_customer", "customer_id", "id"),
    Index("ix_sales_sold", "sold_at", "id"),
    Index("ix_sales_plan_id", "plan_id"),
    Index("ix_sales_subscription_id", "subscription_id"),
)

vouchers = Table(
    "vouchers",
    metadata,
    Column("id", Key, primary_key=True),
    Column("code", String(LONGEST_CODE), nullable=False, unique=True),
    Column("plan_id", Key, ForeignKey("plans.id"), nullable=False),
    Column("kind", String(8), nullable=False),  # Hotspot, PPPOE
    Column("router_id", Key, ForeignKey("routers.id")),  # NULL: by RADIUS
    Column("batch", String(40)),
    Column("created_by", Key),  # staff
    Column("created_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Column("used_by", String(64)),  # a user name, or the code itself
    Index("ix_vouchers_plan", "plan_id", "used_at"),
    Index("ix_vouchers_created_by", "created_by", "id"),
)

#: Purchases over a gateway, and both sides of every move of balance between customers.
purchases = Table(
    "purchases",
    metadata,
    Column("id", Key, primary_key=True),
    Column("key", String(LONGEST_KEY), unique=True),
    Column("customer_id", Key, ForeignKey("customers.id"), nullable=False),
    Column("username", String(64), nullable=False),
    Column("gateway", String(64), nullable=False),
    Column("gateway_reference", String(512), nullable=False),
    Column("plan_id", Key, ForeignKey("plans.id", ondelete="SET NULL")),
    Column("plan_name", String(128), nullable=False),
    Column("router_id", Key, ForeignKey("routers.id", ondelete="SET NULL")),
    Column("router", String(64), nullable=False),
    Column("price", Amount, nullable=False),
    Column("url", String(512), nullable=False),
    Column("method", String(32), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("request", Text),
    Column("response", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("paid_at", UtcDateTime),
    Column("invoice", String(32), nullable=False),
    Column("status", SmallKey, nullable=False),  # `core.prepaid.types.OrderStatus`
    Index("ix_purchases_customer", "customer_id", "id"),
    Index("ix_purchases_status", "customer_id", "status"),
)
