"""Where wishes to be forgotten wait for their day."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table

from core.platform.db import Key, UtcDateTime, metadata

erasures = Table(
    "erasures",
    metadata,
    Column("id", Key, primary_key=True),
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
    Column("status", String(10), nullable=False),  # waiting, withdrawn, done
    Column("request_id", String(128), nullable=False, unique=True),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index("ix_erasures_due", "status", "due_at"),
    Index("ix_erasures_customer", "customer_id", "status"),
)
