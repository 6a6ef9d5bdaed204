"""Where tickets are kept."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, UniqueConstraint, text

from core.platform.db import Key, SmallKey, UtcDateTime, metadata

help_types = Table(
    "help_types",
    metadata,
    Column("id", SmallKey, primary_key=True),
    Column("name", String(128), nullable=False),
)

help_solutions = Table(
    "help_solutions",
    metadata,
    Column("id", SmallKey, primary_key=True),
    Column("help_type_id", SmallKey, ForeignKey("help_types.id"), nullable=False, index=True),
    Column("name", String(128), nullable=False),
    Column("solution", Text, nullable=False),  # sanitised HTML
)

tickets = Table(
    "tickets",
    metadata,
    Column("id", Key, primary_key=True),
    Column("number", String(16), nullable=False, unique=True),
    Column("customer_id", Key, ForeignKey("customers.id"), nullable=False),
    Column("help_type_id", SmallKey, ForeignKey("help_types.id"), nullable=False),
    Column("help_solution_id", SmallKey, ForeignKey("help_solutions.id"), nullable=False),
    Column("description", Text, nullable=False),
    Column("status", String(8), nullable=False),  # pending, process, closed
    Column("request_id", String(128)),  # unique for its customer: two may have chosen the same
    Column("opened_at", UtcDateTime, nullable=False),
    UniqueConstraint("customer_id", "request_id"),
    Index("ix_tickets_customer", "customer_id", "opened_at"),
)
_is_open = tickets.c.status != text("'closed'")
Index("ix_tickets_open", tickets.c.opened_at, sqlite_where=_is_open, postgresql_where=_is_open)

ticket_events = Table(
    "ticket_events",
    metadata,
    Column("id", Key, primary_key=True),
    Column("ticket_id", Key, ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("remark", Text, nullable=False),
    Column("status", String(8), nullable=False),
    Column("actor", String(255), nullable=False),  # the name shown as `teknisi`
    Column("action", String(32), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
