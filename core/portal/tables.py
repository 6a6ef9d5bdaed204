"""Where the portal's contents are kept."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from core.platform.db import Key, UtcDateTime, metadata

pages = Table(
    "pages",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("html", Text, nullable=False),
    Column("is_voucher_template", Boolean, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

widgets = Table(
    "widgets",
    metadata,
    Column("id", Key, primary_key=True),
    Column("dashboard", String(8), nullable=False),  # Admin, Agent, Sales, Customer
    Column("position", Integer, nullable=False),  # the area of the dashboard
    Column("rank", Integer, nullable=False),  # within the area
    Column("module", String(64), nullable=False),
    Column("title", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Index("ix_widgets_dashboard", "dashboard", "rank", "id"),
)

#: Photos of people, each once; accounts name them by path.
photos = Table(
    "photos",
    metadata,
    Column("name", String(32), primary_key=True),  # the beginning of the content's SHA-256
    Column("content", LargeBinary, nullable=False),  # JPEG
    Column("thumbnail", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

#: A message in a customer's inbox of the portal.
inbox = Table(
    "inbox",
    metadata,
    Column("id", Key, primary_key=True),
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("sender", String(8), nullable=False),  # System, Admin
    Column("staff_id", Key),
    Column("created_at", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime),
    Index("ix_inbox_customer", "customer_id", "id"),
)
