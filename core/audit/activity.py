"""What happened, in sentences for the people who run the business. The tamper-evident record stands in `log`."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text

from core.platform.db import Key, UtcDateTime, metadata
from core.platform.uow import WriteTx

activity_log = Table(
    "activity_log",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("kind", String(50), nullable=False),
    Column("description", Text, nullable=False),
    Column("user_id", Key, nullable=False),  # the login of staff, the id of a customer, 0 for nobody
    Column("ip", String(64), nullable=False),
    Index("ix_activity_log_kind", "kind", "id"),
)


async def note(tx: WriteTx, description: str, *, kind: str, user_id: int = 0, ip: str = "") -> None:
    """Add a sentence; it is kept if, and only if, what it tells of is."""
    row = {"at": tx.now, "kind": kind, "description": description, "user_id": user_id, "ip": ip[:64]}
    await tx.execute(activity_log.insert(), row)
