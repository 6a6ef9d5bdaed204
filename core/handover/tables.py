"""Where requests for a person are kept, and what was said while one answered."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from core.platform.db import Key, UtcDateTime, metadata

handovers = Table(
    "handovers",
    metadata,
    Column("id", Key, primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("address", String(64), nullable=False),
    Column(
        "session", String(128)
    ),  # the gateway's own name for the chat, without which it hands nothing over
    Column("language", String(2), nullable=False),
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="SET NULL"), index=True),
    Column("state", String(8), nullable=False),  # waiting, taken, queued, closed
    Column("request_id", String(160), nullable=False),  # the turn that asked last
    Column("owner", String(32)),  # an actor
    Column("owner_name", String(255)),
    Column("owner_channel", String(16)),
    Column("owner_address", String(64)),
    Column("requested_at", UtcDateTime, nullable=False),
    Column(
        "due_at", UtcDateTime
    ),  # when somebody has to be told something: nobody came, hours begin, it grew quiet
    Column("closed_at", UtcDateTime),
    Column("closed_by", String(32)),
)
_is_open = handovers.c.closed_at.is_(None)
Index(
    "uq_handovers_open",
    handovers.c.channel,
    handovers.c.address,
    unique=True,
    sqlite_where=_is_open,
    postgresql_where=_is_open,
)
_is_due = handovers.c.due_at.is_not(None)
Index("ix_handovers_due", handovers.c.due_at, sqlite_where=_is_due, postgresql_where=_is_due)
Index("ix_handovers_waiting", handovers.c.requested_at, sqlite_where=_is_open, postgresql_where=_is_open)
_is_closed = handovers.c.closed_at.is_not(None)
Index("ix_handovers_closed", handovers.c.closed_at, sqlite_where=_is_closed, postgresql_where=_is_closed)

handover_lines = Table(
    "handover_lines",
    metadata,
    Column("id", Key, primary_key=True),
    Column("handover_id", Key, ForeignKey("handovers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column(
        "message_key", String(200), nullable=False, unique=True
    ),  # a message that comes twice is kept once
    Column("author", String(32)),  # an actor; empty for the customer
    Column("author_name", String(255)),
    Column("text", Text, nullable=False),
    Column("said_at", UtcDateTime, nullable=False),
)
