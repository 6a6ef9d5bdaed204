"""Where subscriptions are kept: customer × plan × router."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, String, Table

from core.platform.db import Amount, Key, UtcDateTime, metadata

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Key, primary_key=True),
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("plan_id", Key, ForeignKey("plans.id"), nullable=False),
    Column("router_id", Key, ForeignKey("routers.id")),
    Column("quantity", Integer, nullable=False),
    Column("price", Amount, nullable=False),  # rupiah, as agreed: a plan's price may change later
    Column("discount", Amount, nullable=False),
    Column("status", String(10), nullable=False),  # waiting, active, inactive, free
    Column("active_from", Date),  # the first day to be charged; NULL: the day the customer was activated
    Column("isolated_at", UtcDateTime),
    Column("expires_at", UtcDateTime),  # when a prepaid package ends; NULL: billed by the month
    Column("line_plan_id", Key),  # the plan whose speed an ended package falls back to; NULL: its own
    Column("mode", String(8)),  # PPPOE, HOTSPOT, STATIC, VPN
    Column("line_user", String(128)),  # the login, or for a static line its address
    Column("line_profile", String(128)),
    Column("line_secret_sealed", String(255)),
    Column("odp", String(64)),  # the box in the street where the line joins the fibre: neighbours share it
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_subscriptions_line", "router_id", "line_user"),
)
_is_prepaid = subscriptions.c.expires_at.is_not(None)
Index(
    "ix_subscriptions_expiry",
    subscriptions.c.status,
    subscriptions.c.expires_at,
    subscriptions.c.id,
    sqlite_where=_is_prepaid,
    postgresql_where=_is_prepaid,
)

#: What customers ordered, for staff to carry out: a first line, or another plan for the one they have.
plan_orders = Table(
    "plan_orders",
    metadata,
    Column("id", Key, primary_key=True),
    Column("number", String(16), nullable=False, unique=True),
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(8), nullable=False),  # new, change
    Column("plan_id", Key, ForeignKey("plans.id"), nullable=False),
    Column("price", Amount, nullable=False),  # rupiah a month, as it was when it was ordered
    Column("status", String(10), nullable=False),  # waiting, approved, done, refused, withdrawn
    Column("request_id", String(128), unique=True),
    Column("effective_on", Date),  # set when a change is approved
    Column("decided_at", UtcDateTime),
    Column("decided_by", String(64)),  # as the audit log names people
    Column("reason", String(300)),  # why it was refused, as the customer was told
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_plan_orders_customer", "customer_id", "kind", "status"),
    Index("ix_plan_orders_status", "status", "effective_on", "id"),
)

#: The last service number issued: one row, counted up under a lock.
service_number_counter = Table(
    "service_number_counter",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
)
