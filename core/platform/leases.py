"""Claiming jobs of the outbox by lease, and settling what came of them: both in one short transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Select, and_, bindparam, exists, or_, select

from core.platform.outbox import (
    Done,
    Job,
    Later,
    Outcome,
    Park,
    Retry,
    RetryPolicy,
    State,
    attempts,
    outbox,
    without_secrets,
)
from core.platform.uow import UnitOfWork, WriteTx


def _due() -> Select[Any]:
    """Jobs that may be tried now, most urgent first."""
    now = bindparam("now", type_=outbox.c.due_at.type)
    earlier = outbox.alias("earlier")
    blocked = exists().where(
        earlier.c.ordering_key == outbox.c.ordering_key,
        earlier.c.state == State.PENDING,
        earlier.c.id < outbox.c.id,
        # What is too late to be sent holds up nobody, unless it is being sent.
        or_(earlier.c.expires_at.is_(None), earlier.c.expires_at > now, earlier.c.leased_until > now),
    )
    row = outbox.c
    return (
        select(row.id, row.topic, row.payload, row.key, row.attempts, row.created_at)
        .where(
            row.state == State.PENDING,
            row.topic.in_(bindparam("topics", expanding=True)),
            row.due_at <= now,
            or_(row.expires_at.is_(None), row.expires_at > now),
            or_(row.leased_until.is_(None), row.leased_until <= now),
            or_(row.ordering_key.is_(None), ~blocked),
        )
        .order_by(row.priority, row.due_at, row.id)
        .limit(bindparam("most"))
    )


_GLANCE = _due()
_CLAIM = _due().with_for_update(skip_locked=True, of=outbox)


class Try(Struct, frozen=True):
    """A try that has come to its end. `chance` in [0, 1) is the dice for the pause before the next one."""

    job: Job
    outcome: Outcome
    started_at: datetime
    policy: RetryPolicy
    chance: float

    @property
    def state(self) -> State:
        """What the try makes of its job."""
        match self.outcome:
            case Done():
                return State.DONE
            case Park():
                return State.PARKED
            case Later():
                return State.PENDING
            case Retry(limit=limit):
                most = self.policy.limit if limit is None else min(limit, self.policy.limit)
                return State.PENDING if self.job.attempt < most else State.PARKED


async def turn_over(
    uow: UnitOfWork, tries: Sequence[Try], topics: Sequence[str], *, limit: int, lease: timedelta
) -> list[Job]:
    """Settle tries that have ended, and lease up to `limit` jobs that are due now, most urgent first.

    A job whose lease ran out (a crash) is due again. An idle queue costs a look, not a write lock.
    """
    wanted = {"topics": list(topics), "most": limit}
    if not tries:
        async with uow.read() as glance:
            if not limit or await glance.first(_GLANCE, wanted | {"now": glance.now, "most": 1}) is None:
                return []
    async with uow.write() as tx:
        if tries:
            await _settle(tx, tries)
        rows = await tx.all(_CLAIM, wanted | {"now": tx.now}) if limit else []
        if rows:
            leased = outbox.update().where(outbox.c.id.in_([row.id for row in rows]))
            await tx.execute(leased.values(leased_until=tx.now + lease, attempts=outbox.c.attempts + 1))
    return [Job(row.id, row.topic, row.payload, row.key, row.attempts + 1, row.created_at) for row in rows]


async def _settle(tx: WriteTx, tries: Sequence[Try]) -> None:
    """Record tries and what becomes of their jobs.

    A try that outlived its lease may meet a newer one: its success still counts, its failure no longer does.
    """
    succeeded = sorted(ended.job.id for ended in tries if ended.state is State.DONE)
    if succeeded:
        done = _ending(tx, State.DONE).where(outbox.c.id.in_(succeeded), outbox.c.state == State.PENDING)
        await tx.execute(done)
    for ended in tries:
        if ended.state is not State.DONE:
            await _settle_failure(tx, ended)
    told = [_told(ended, tx.now) for ended in tries if not isinstance(ended.outcome, Later)]
    if told:
        await tx.execute(attempts.insert(), told)


def _ending(tx: WriteTx, state: State, reason: str | None = None) -> Any:
    return outbox.update().values(
        state=state, leased_until=None, settled_at=tx.now, reason=reason, payload=without_secrets()
    )


async def _settle_failure(tx: WriteTx, ended: Try) -> None:
    job, reason = ended.job, _storable(_reason(ended), 300)
    if ended.state is State.PARKED:
        change = _ending(tx, State.PARKED, reason)
    elif isinstance(ended.outcome, Later):
        again = {"due_at": tx.now + ended.outcome.after, "attempts": outbox.c.attempts - 1}
        change = outbox.update().values(leased_until=None, reason=reason, **again)
    else:
        asked_s = ended.outcome.after_s if isinstance(ended.outcome, Retry) else None
        pause = ended.policy.wait(job.attempt, ended.chance, asked_s)
        change = outbox.update().values(leased_until=None, due_at=tx.now + pause, reason=reason)
    is_current = and_(
        outbox.c.id == job.id, outbox.c.state == State.PENDING, outbox.c.attempts == job.attempt
    )
    await tx.execute(change.where(is_current))


def _reason(ended: Try) -> str | None:
    match ended.outcome:
        case Done(_, detail):
            return detail
        case Park(reason) | Later(reason):
            return reason
        case Retry(reason):
            gave_up = ended.state is State.PARKED
            return f"gave up after {ended.job.attempt} tries: {reason}" if gave_up else reason


def _told(ended: Try, now: datetime) -> dict[str, Any]:
    """The row that remembers a try. What a peer said is cut to size: a long id must not undo the settlement."""
    outcome = ended.outcome
    return {
        "outbox_id": ended.job.id,
        "started_at": ended.started_at,
        "finished_at": now,
        "outcome": type(outcome).__name__.lower(),
        "detail": _storable(_reason(ended), 300),
        "provider_id": _storable(outcome.provider_id if isinstance(outcome, Done) else None, 128),
    }


def _storable(text: str | None, longest: int) -> str | None:
    """What both databases can keep of a peer's words: no NUL, no half characters."""
    if text is None:
        return None
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:longest]
