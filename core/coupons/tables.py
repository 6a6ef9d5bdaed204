"""Where coupons are kept."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Integer, String, Table, Text

from core.platform.db import Amount, Key, UtcDateTime, metadata

coupons = Table(
    "coupons",
    metadata,
    Column("id", Key, primary_key=True),
    Column("code", String(50), nullable=False, unique=True),
    Column("kind", String(8), nullable=False),  # `core.coupons.types.Kind`
    Column("value_hundredths", Amount, nullable=False),  # of a rupiah, or of a percent
    Column("description", Text, nullable=False),
    Column("max_uses", Integer, nullable=False),  # 0 for any number
    Column("uses", Integer, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("smallest_order", Amount, nullable=False),
    Column("largest_discount", Amount, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),  # included
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)
