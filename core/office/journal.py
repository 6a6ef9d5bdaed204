"""What was written to people, as staff read it: the messages of the outbox with what their providers told of them."""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, Text, and_, func, or_, select, true, type_coerce

from core.broadcasts import fanout
from core.messaging import deliveries
from core.messaging.deliveries import Delivery
from core.messaging.notices import TEXT_TOPIC
from core.messaging.received import DeliveryState
from core.platform.outbox import State, outbox
from core.platform.uow import ReadTx, UnitOfWork

#: People look at what was just sent: lists and searches stay within the newest jobs of every kind. A file has all.
_NEWEST = 5_000
_IS_MESSAGE = outbox.c.topic.in_((TEXT_TOPIC, fanout.TEXT_TOPIC))
_JOB = select(
    outbox.c.id,
    outbox.c.payload,
    outbox.c.sensitive,
    outbox.c.state,
    outbox.c.reason,
    outbox.c.created_at,
    outbox.c.settled_at,
).where(_IS_MESSAGE)


class Fate(enum.StrEnum):
    """What became of a message, as far as is known."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    STOPPED = "stopped"  # on purpose


class Sent(Struct, frozen=True):
    """A message; `text` is None where it was secret or is gone."""

    id: int
    channel: str
    to: str
    text: str | None
    fate: Fate
    problem: str
    at: datetime


class Journal:
    """Each method is one use case."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def list(self, search: str, *, limit: int, offset: int) -> tuple[tuple[Sent, ...], int]:
        """Newest first, and how many there are among the newest."""
        async with self._uow.read() as tx:
            last = await tx.scalar(select(func.max(outbox.c.id))) or 0
            wanted = (outbox.c.id > last - _NEWEST, _told(search))
            page = _JOB.where(*wanted).order_by(outbox.c.id.desc()).limit(limit).offset(offset)
            rows = await tx.all(page)
            counted = select(func.count()).select_from(outbox).where(_IS_MESSAGE, *wanted)
            return await _sent(tx, rows), int(await tx.scalar(counted))

    async def everything(self) -> AsyncIterator[Sequence[Sent]]:
        """All messages, oldest first, in batches."""
        async for rows in self._uow.scan(_JOB.order_by(outbox.c.id)):
            async with self._uow.read() as tx:
                yield await _sent(tx, rows)

    async def forget(self, *, older_than: timedelta) -> int:
        """Delete messages that came to their end longer ago; returns how many."""
        async with self._uow.write() as tx:
            ended = (outbox.c.state != State.PENDING, outbox.c.settled_at < tx.now - older_than)
            return await tx.execute(outbox.delete().where(_IS_MESSAGE, *ended))


def _told(search: str) -> ColumnElement[bool]:
    """Nothing secret is ever looked into."""
    if not search:
        return true()
    payload = and_(
        ~outbox.c.sensitive, type_coerce(outbox.c.payload, Text).icontains(search, autoescape=True)
    )
    return or_(payload, outbox.c.reason.icontains(search, autoescape=True))


async def _sent(tx: ReadTx, rows: Sequence[Row[Any]]) -> tuple[Sent, ...]:
    news = await deliveries.of_jobs(tx, [row.id for row in rows])
    return tuple(_message(row, news) for row in rows)


def _message(row: Row[Any], news: Mapping[int, Delivery]) -> Sent:
    delivery = news.get(row.id)
    is_lost = delivery is not None and delivery.state is DeliveryState.FAILED
    problem = (delivery.error if is_lost and delivery else row.reason) or ""
    return Sent(
        id=row.id,
        channel=row.payload.get("channel", ""),
        to=row.payload.get("to", ""),
        text=None if row.sensitive else row.payload.get("text"),
        fate=Fate.FAILED if is_lost else _FATES[row.state],
        problem=problem,
        at=row.settled_at or row.created_at,
    )


_FATES = {
    State.PENDING: Fate.WAITING,
    State.DONE: Fate.SENT,
    State.PARKED: Fate.FAILED,
    State.STOPPED: Fate.STOPPED,
}
