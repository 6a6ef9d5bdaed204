"""Where the audit log is kept: rows as they happened, and the chain that seals them afterwards."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table

from core.platform.db import JsonText, Key, UtcDateTime, metadata

#: One row per act. `place` and `hash` are empty until the row is sealed (docs/adr/0014-audit-chain.md).
audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(64), nullable=False),  # staff:3, key:2, partner:1, customer:17, system
    Column("action", String(64), nullable=False),  # payment_booked, phone_changed
    Column("subject", String(64), nullable=False),  # invoice:17
    Column("details", JsonText, nullable=False),
    Column("place", Key, unique=True),  # counted from one, without a gap
    Column("hash", String(64)),
    Index("ix_audit_log_subject", "subject", "id"),
)
_is_loose = audit_log.c.place.is_(None)
Index("ix_audit_log_loose", audit_log.c.id, sqlite_where=_is_loose, postgresql_where=_is_loose)

#: The chain's end: one row, locked by whoever seals. It shows when rows are missing at the end.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("place", Key, nullable=False),
    Column("hash", String(64), nullable=False),
)
