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
    Column("mode", String(8)),  # PPPOE, HOTSPOT, STATIC, VPN
    Column("line_user", String(128)),  # the login, or for a static line its address
    Column("line_profile", String(128)),
    Column("line_secret_sealed", String(255)),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_subscriptions_line", "router_id", "line_user"),
)

#: The last service number issued: one row, counted up under a lock.
service_number_counter = Table(
    "service_number_counter",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
)
