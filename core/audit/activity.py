"""What happened, in sentences for the people who run the business. The tamper-evident record stands in `log`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Column, Index, String, Table, Text, func, select, true

from core.platform.db import Key, UtcDateTime, metadata
from core.platform.uow import UnitOfWork, WriteTx

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


class Note(Struct, frozen=True):
    """One sentence of the log."""

    id: int
    at: datetime
    kind: str
    description: str
    user_id: int
    ip: str


_COLUMNS = tuple(activity_log.c[name] for name in Note.__struct_fields__)


class Activity:
    """Each method is one use case."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def list(self, search: str, *, limit: int, offset: int) -> tuple[tuple[Note, ...], int]:
        """Newest first, and how many there are in all."""
        wanted = activity_log.c.description.icontains(search, autoescape=True) if search else true()
        page = select(*_COLUMNS).where(wanted).order_by(activity_log.c.id.desc()).limit(limit).offset(offset)
        async with self._uow.read() as tx:
            rows = await tx.all(page)
            total = await tx.scalar(select(func.count()).select_from(activity_log).where(wanted))
        return tuple(Note(*tuple(row)) for row in rows), int(total)

    async def everything(self) -> AsyncIterator[Sequence[Note]]:
        """The whole log, oldest first, in batches."""
        async for rows in self._uow.scan(select(*_COLUMNS).order_by(activity_log.c.id)):
            yield [Note(*tuple(row)) for row in rows]

    async def forget(self, *, older_than: timedelta) -> int:
        """Delete what is older; returns how many sentences that were."""
        async with self._uow.write() as tx:
            return await tx.execute(activity_log.delete().where(activity_log.c.at < tx.now - older_than))
