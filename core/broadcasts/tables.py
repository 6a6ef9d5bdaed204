"""Where broadcasts are kept: what is said to whom, how far it has got, and who has had it."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from core.platform.db import Key, UtcDateTime, metadata

broadcasts = Table(
    "broadcasts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("staff_id", Key, ForeignKey("logins.id"), nullable=False),
    Column("request_id", String(128), nullable=False, unique=True),
    # Where progress is told; empty when it was composed over HTTP.
    Column("channel", String(16)),
    Column("address", String(64)),
    Column("audience", String(16), nullable=False),  # `core.broadcasts.types.AudienceKind`
    Column("audience_id", Key),  # of the region, plan or router
    Column("body", Text, nullable=False),
    Column("state", String(10), nullable=False),  # `core.broadcasts.types.State`
    Column("expected", Integer, nullable=False),  # recipients when it was composed; what is typed to confirm
    Column("cursor", Key, nullable=False),  # customers up to this id have been seen
    Column("step", Integer, nullable=False),  # only the job of this step may go on
    Column("queued", Integer, nullable=False),
    Column("stopped", Integer, nullable=False),
    Column("start_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index("ix_broadcasts_staff", "staff_id", "id"),
    Index("ix_broadcasts_state", "state", "created_at"),
)

#: One row per person and broadcast, however many lines they have; its key is that of the outbox job.
broadcast_recipients = Table(
    "broadcast_recipients",
    metadata,
    Column("id", Key, primary_key=True),
    Column("broadcast_id", Key, ForeignKey("broadcasts.id", ondelete="CASCADE"), nullable=False),
    Column("person", String(96), nullable=False),  # the phone, or the chat of somebody without one
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("job_key", String(128), nullable=False, unique=True),
    Index("uq_broadcast_recipients_person", "broadcast_id", "person", unique=True),
)

#: When each sender may begin its next message to somebody who has not written: shared by all broadcasts.
sender_paces = Table(
    "sender_paces",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("free_at", UtcDateTime, nullable=False),
)
