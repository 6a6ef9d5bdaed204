"""Recurring jobs whose missed times run once after downtime, in whichever process gets there first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog
from msgspec import Struct
from sqlalchemy import Column, String, Table, or_, select

from core.platform.clock import Clock
from core.platform.db import UtcDateTime, metadata
from core.platform.uow import UnitOfWork

log = structlog.get_logger(__name__)

_PAUSE_AFTER_FAILURE = timedelta(minutes=1)

schedules = Table(
    "schedules",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("done_until", UtcDateTime, nullable=False),  # the latest due time that has been run to its end
    Column("leased_until", UtcDateTime),
    Column("last_error", String(300)),
)


class Recurrence(Protocol):
    def latest_due(self, now: datetime) -> datetime:
        """The most recent due time not after `now`."""
        ...


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Every(Struct, frozen=True):
    """Every `period`, counted from the epoch, so that all processes agree on the times."""

    period: timedelta

    def latest_due(self, now: datetime) -> datetime:
        return _EPOCH + self.period * ((now - _EPOCH) // self.period)


class Daily(Struct, frozen=True):
    """Every day at a wall-clock time of the business's zone."""

    at: time
    zone: ZoneInfo

    def latest_due(self, now: datetime) -> datetime:
        today = now.astimezone(self.zone).date()
        due = self._due_on(today)
        return due if due <= now else self._due_on(today - timedelta(days=1))

    def _due_on(self, day: date) -> datetime:
        # In UTC: two times of one zone compare by their wall clocks, which lie when the clocks are changed.
        return datetime.combine(day, self.at, tzinfo=self.zone).astimezone(UTC)


class Scheduled(Struct, frozen=True):
    """A job. `run` gets the due time it stands for and must be harmless when repeated: a crash repeats it."""

    name: str
    recurrence: Recurrence
    run: Callable[[datetime], Awaitable[object]]
    lease: timedelta = timedelta(minutes=15)


class Scheduler:
    """Runs due jobs; a row per job remembers what has been done, a lease keeps processes from doing it twice."""

    def __init__(
        self, uow: UnitOfWork, clock: Clock, jobs: Sequence[Scheduled], *, poll_s: float = 5.0
    ) -> None:
        self._uow, self._clock, self._jobs, self._poll_s = uow, clock, tuple(jobs), poll_s

    async def run(self) -> None:
        """Work until cancelled. Each job keeps its own time: a slow one delays nobody."""
        async with asyncio.TaskGroup() as group:
            for job in self._jobs:
                group.create_task(self._repeat(job), name=job.name)

    async def run_due(self) -> list[str]:
        """Run what is due now, once each however many times were missed; returns the names of what ran."""
        ran = await asyncio.gather(*(self._run_if_due(job) for job in self._jobs))
        return [job.name for job, has_run in zip(self._jobs, ran, strict=True) if has_run]

    async def _repeat(self, job: Scheduled) -> None:
        while True:
            await self._run_if_due(job)
            await asyncio.sleep(self._poll_s)

    async def _run_if_due(self, job: Scheduled) -> bool:
        try:
            due = job.recurrence.latest_due(self._clock.now())
            return await self._has_lease(job, due) and await self._ran(job, due)
        except Exception:  # the database may be away for a moment; the schedule must outlive that
            log.exception("schedule_failed", job=job.name)
            return False

    async def _ran(self, job: Scheduled, due: datetime) -> bool:
        """Run a leased job. One that fails is due again in a minute, one that is cut short by a shutdown at once."""
        error, pause = "cancelled", timedelta(0)
        try:
            await job.run(due)
            error = ""
        except Exception as failure:  # one broken job must not stop the others
            log.exception("scheduled_job_failed", job=job.name)
            error, pause = type(failure).__name__, _PAUSE_AFTER_FAILURE
        finally:
            await self._note(job, due, error, pause)
        return not error

    async def _note(self, job: Scheduled, due: datetime, error: str, pause: timedelta) -> None:
        """Remember the end of a run; one that outlived its lease must not undo what a later run has noted."""
        async with self._uow.write() as tx:
            again = {"last_error": error, "leased_until": tx.now + pause}
            done = {"last_error": None, "leased_until": None, "done_until": due}
            row = schedules.update().where(schedules.c.name == job.name, schedules.c.done_until < due)
            await tx.execute(row.values(again if error else done))

    async def _has_lease(self, job: Scheduled, due: datetime) -> bool:
        """Take the lease when there is something to run. A job seen for the first time starts at its next due time."""
        async with self._uow.read() as tx:
            done_until = await tx.scalar(select(schedules.c.done_until).where(schedules.c.name == job.name))
        if done_until is not None and done_until >= due:
            return False
        async with self._uow.write() as tx:
            if done_until is None:
                await tx.insert_new(schedules, name=job.name, done_until=due)
                return False
            free = or_(schedules.c.leased_until.is_(None), schedules.c.leased_until <= tx.now)
            mine = schedules.update().where(schedules.c.name == job.name, schedules.c.done_until < due, free)
            return await tx.execute(mine.values(leased_until=tx.now + job.lease)) == 1
