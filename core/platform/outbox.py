"""The durable queue between a commit and the outside world (style §5).

Rows are posted inside the transaction that causes them, claimed by lease, tried until they succeed, and parked with a
reason when they cannot. Delivery is at least once: a consumer passes its job's `key` on, so that a repeat does no harm.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    case,
    literal,
    or_,
    select,
)

from core.platform.db import JsonText, Key, UtcDateTime, metadata
from core.platform.uow import ReadTx, UnitOfWork, WriteTx


class State(enum.StrEnum):
    PENDING = "pending"
    DONE = "done"
    PARKED = "parked"
    STOPPED = "stopped"  # kept from leaving on purpose; the reason says why


class Priority(enum.IntEnum):
    """Smaller goes first."""

    URGENT = 0  # one-time codes: somebody is waiting with the phone in hand
    REPLY = 10
    NOTICE = 20
    BULK = 30


outbox = Table(
    "outbox",
    metadata,
    Column("id", Key, primary_key=True),
    Column("topic", String(64), nullable=False),
    Column("payload", JsonText, nullable=False),
    Column("key", String(128), nullable=False, unique=True),
    Column("ordering_key", String(128)),
    Column("priority", Integer, nullable=False),
    Column("state", String(8), nullable=False),
    Column("sensitive", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("leased_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    Column("reason", String(300)),
    Index("ix_outbox_claim", "state", "priority", "due_at", "id"),
    Index("ix_outbox_ordering", "ordering_key", "state", "id"),
)
for _column in (outbox.c.expires_at, outbox.c.settled_at):  # what the sweeps look for, and nothing else
    _is_set = _column.is_not(None)
    Index(
        f"ix_outbox_{_column.name}", outbox.c.state, _column, sqlite_where=_is_set, postgresql_where=_is_set
    )

#: One row per try, kept apart from the job so that its history outlives its state.
attempts = Table(
    "outbox_attempts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("outbox_id", Key, ForeignKey("outbox.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("detail", String(300)),
    Column("provider_id", String(128)),
)


class Job(Struct, frozen=True):
    """A claimed row. `key` is the same on every try."""

    id: int
    topic: str
    payload: dict[str, Any]
    key: str
    attempt: int
    created_at: datetime


class Done(Struct, frozen=True):
    """The outside world took it; `provider_id` is its name for what it took, if it said one."""

    provider_id: str | None = None
    detail: str | None = None


class Retry(Struct, frozen=True):
    """Try again later; the peer may have said when. `limit` lowers the policy's number of tries for this reason."""

    reason: str
    after_s: float | None = None
    limit: int | None = None


class Park(Struct, frozen=True):
    """Trying again is pointless until somebody looks."""

    reason: str


class Later(Struct, frozen=True):
    """Nothing was tried, because it is known that it would be in vain: come back after a while, with no try spent."""

    reason: str
    after: timedelta


Outcome = Done | Retry | Park | Later


class RetryPolicy(Struct, frozen=True):
    """Wait `first_s * factor**n` capped at `longest_s`, times a jitter in [0.8, 1.2); park after `limit` tries."""

    first_s: float = 5.0
    factor: float = 3.0
    longest_s: float = 3600.0
    limit: int = 8

    def wait(self, attempt: int, chance: float, asked_s: float | None = None) -> timedelta:
        """The pause after try number `attempt` (from 1); `chance` in [0, 1) is the jitter's dice.

        A peer that asked for more patience gets it, up to a day.
        """
        pause = min(self.first_s * self.factor ** min(attempt - 1, 64), self.longest_s) * (0.8 + 0.4 * chance)
        return timedelta(seconds=max(pause, min(asked_s or 0, _LONGEST_ASKED_S)))


_LONGEST_ASKED_S = 86_400.0


async def post(
    tx: WriteTx,
    topic: str,
    payload: Mapping[str, Any],
    *,
    key: str,
    ordering_key: str | None = None,
    priority: Priority = Priority.NOTICE,
    delay: timedelta = timedelta(0),
    expires_after: timedelta | None = None,
    sensitive: bool = False,
) -> bool:
    """Queue an effect in this transaction; False when `key` was queued before (then nothing is added).

    Jobs with one `ordering_key` go out one after another. A `sensitive` payload is erased once the job has ended.
    """
    fresh = await tx.insert_new(
        outbox,
        topic=topic,
        payload=dict(payload),
        key=key,
        ordering_key=ordering_key,
        priority=int(priority),
        state=State.PENDING,
        sensitive=sensitive,
        attempts=0,
        due_at=tx.now + delay,
        expires_at=None if expires_after is None else tx.now + expires_after,
        created_at=tx.now,
    )
    tx.has_posted = tx.has_posted or fresh
    return fresh


async def hurry(tx: WriteTx, ordering_key: str) -> int:
    """Make what waits for its next try due now, because the reason for waiting is gone; returns how many jobs."""
    waiting = (
        outbox.c.ordering_key == ordering_key,
        outbox.c.state == State.PENDING,
        outbox.c.due_at > tx.now,
        or_(outbox.c.leased_until.is_(None), outbox.c.leased_until <= tx.now),
    )
    hurried = await tx.execute(outbox.update().where(*waiting).values(due_at=tx.now))
    tx.has_posted = tx.has_posted or hurried > 0
    return hurried


async def note_stopped(tx: WriteTx, topic: str, payload: Mapping[str, Any], *, key: str, reason: str) -> bool:
    """Record that an effect was due and does not take place, for people to find; False when `key` was known."""
    return await tx.insert_new(
        outbox,
        topic=topic,
        payload=dict(payload),
        key=key,
        priority=int(Priority.NOTICE),
        state=State.STOPPED,
        sensitive=False,
        attempts=0,
        due_at=tx.now,
        created_at=tx.now,
        settled_at=tx.now,
        reason=reason,
    )


async def is_waiting(tx: ReadTx, ordering_key: str) -> bool:
    """Whether a job of this order has yet to come to its end."""
    ahead = (outbox.c.ordering_key == ordering_key, outbox.c.state == State.PENDING)
    return await tx.scalar(select(outbox.c.id).where(*ahead).limit(1)) is not None


async def expire(uow: UnitOfWork) -> int:
    """Park what is too old to be useful, such as a code nobody can use any more; returns how many."""
    async with uow.write() as tx:
        late = (
            outbox.c.state == State.PENDING,
            outbox.c.expires_at <= tx.now,
            or_(outbox.c.leased_until.is_(None), outbox.c.leased_until <= tx.now),
        )
        parked = outbox.update().where(*late)
        return await tx.execute(
            parked.values(
                state=State.PARKED,
                settled_at=tx.now,
                reason="expired before it could be sent",
                payload=without_secrets(),
            )
        )


def without_secrets() -> ColumnElement[Any]:
    """What a row's payload becomes at its end: nothing where it was sensitive."""
    return case((outbox.c.sensitive, literal({}, JsonText())), else_=outbox.c.payload)


async def retry_parked(uow: UnitOfWork, job_id: int) -> bool:
    """Give a parked job a new row of tries, with its old key, however late it is.

    False when it is not parked, or its content was erased.
    """
    async with uow.write() as tx:
        parked = (outbox.c.id == job_id, outbox.c.state == State.PARKED, ~outbox.c.sensitive)
        again = {
            "state": State.PENDING,
            "attempts": 0,
            "due_at": tx.now,
            "expires_at": None,
            "settled_at": None,
            "reason": None,
        }
        tx.has_posted = bool(await tx.execute(outbox.update().where(*parked).values(**again)))
        return tx.has_posted


async def purge(uow: UnitOfWork, *, older_than: timedelta, batch: int = 2000) -> int:
    """Delete finished jobs past their retention, a batch a transaction; parked ones stay until somebody decides."""
    removed = 0
    while gone := await _purge_batch(uow, older_than, batch):
        removed += gone
    return removed


async def _purge_batch(uow: UnitOfWork, older_than: timedelta, batch: int) -> int:
    async with uow.write() as tx:
        old = (
            select(outbox.c.id)
            .where(outbox.c.state.in_([State.DONE, State.STOPPED]), outbox.c.settled_at < tx.now - older_than)
            .limit(batch)
        )
        return await tx.execute(outbox.delete().where(outbox.c.id.in_(old)))


async def listed(tx: ReadTx, *, state: State | None = None, limit: int = 50) -> Sequence[Any]:
    """The newest jobs for people to look at: never their payload."""
    shown = outbox.c
    statement = select(
        shown.id,
        shown.topic,
        shown.state,
        shown.attempts,
        shown.due_at,
        shown.created_at,
        shown.settled_at,
        shown.reason,
        shown.key,
    ).order_by(shown.id.desc())
    if state is not None:
        statement = statement.where(shown.state == state)
    return await tx.all(statement.limit(limit))
