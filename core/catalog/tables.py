"""Where the catalogue is kept."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text

from core.platform.db import Amount, Key, metadata

regions = Table(
    "regions",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(128), nullable=False),
    Column("tax_percent", Integer),  # of bills there; NULL: as in the settings
)

plan_categories = Table(
    "plan_categories",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(64), nullable=False),
)

plans = Table(
    "plans",
    metadata,
    Column("id", Key, primary_key=True),
    Column("region_id", Key, ForeignKey("regions.id"), nullable=False, index=True),
    Column("category_id", Key, ForeignKey("plan_categories.id"), nullable=False),
    Column("name", String(128), nullable=False),
    Column("description", Text, nullable=False),
    Column("price", Amount, nullable=False),  # rupiah a month
    Column("is_public", Boolean, nullable=False),
    Column("is_active", Boolean, nullable=False),
    # How routers carry the plan out: a limit makes a profile of the plan's name for lines that have none of their own.
    # Without one, profiles are left as somebody made them.
    Column(
        "rate_limit", String(255)
    ),  # as RouterOS writes it, the customer's upload first: `10M/50M`, with or without bursts
    Column("address_pool", String(64)),  # where a profile made for the plan takes addresses from
)
