"""Recurring jobs: nothing is forgotten over a downtime, nothing is done twice, nobody holds up the others."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from core.platform.clock import ManualClock
from core.platform.scheduler import Daily, Every, Recurrence, Scheduled, Scheduler, schedules
from core.platform.uow import UnitOfWork

JAKARTA = ZoneInfo("Asia/Jakarta")
HOURLY = Every(timedelta(hours=1))
NINE = Daily(time(9), JAKARTA)


class Chore:
    """A job that notes the due times it stood for, and fails or hangs when told to."""

    def __init__(self, name: str = "chore", recurrence: Recurrence = HOURLY) -> None:
        self.ran = list[datetime]()
        self.failures = 0
        self.gate: asyncio.Event | None = None
        self.begun = asyncio.Event()
        self.job = Scheduled(name, recurrence, self)

    async def __call__(self, due: datetime) -> None:
        self.ran.append(due)
        self.begun.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise ZeroDivisionError


def at(text: str) -> datetime:
    """An instant by the clocks of Jakarta."""
    return datetime.fromisoformat(text).replace(tzinfo=JAKARTA).astimezone(UTC)


async def started(uow: UnitOfWork, clock: ManualClock, *chores: Chore) -> Scheduler:
    """A scheduler that has seen its jobs before."""
    scheduler = Scheduler(uow, clock, [chore.job for chore in chores])
    assert await scheduler.run_due() == []
    return scheduler


async def test_a_job_seen_for_the_first_time_waits_for_its_next_due_time(
    uow: UnitOfWork, clock: ManualClock
) -> None:
    chore = Chore(recurrence=NINE)
    scheduler = await started(uow, clock, chore)  # it is ten o'clock
    clock.move(timedelta(hours=22, minutes=59))
    assert await scheduler.run_due() == []
    clock.move(timedelta(minutes=1))
    assert await scheduler.run_due() == ["chore"]
    assert await scheduler.run_due() == []
    assert chore.ran == [at("2026-11-23 09:00")]


async def test_what_was_missed_during_a_downtime_runs_once(uow: UnitOfWork, clock: ManualClock) -> None:
    chore = Chore()
    scheduler = await started(uow, clock, chore)
    clock.move(timedelta(days=3, minutes=20))
    assert await scheduler.run_due() == ["chore"]
    assert await scheduler.run_due() == []
    assert chore.ran == [at("2026-11-25 10:00")]
    clock.move(timedelta(minutes=40))
    assert await scheduler.run_due() == ["chore"]


async def test_two_schedulers_at_once_run_a_job_once(uow: UnitOfWork, clock: ManualClock) -> None:
    chores = [Chore(), Chore(), Chore()]
    schedulers = [await started(uow, clock, chore) for chore in chores]
    clock.move(timedelta(hours=1))
    await asyncio.gather(*(scheduler.run_due() for scheduler in schedulers))
    assert sum(len(chore.ran) for chore in chores) == 1


async def test_a_job_whose_process_died_runs_again_after_its_lease(
    uow: UnitOfWork, clock: ManualClock
) -> None:
    victim, survivor = Chore(), Chore()
    scheduler = await started(uow, clock, victim)
    clock.move(timedelta(hours=1))
    # What a killed process leaves behind: the lease taken, nothing noted.
    assert await scheduler._has_lease(victim.job, HOURLY.latest_due(clock.now())) is True
    other = Scheduler(uow, clock, [survivor.job])
    clock.move(survivor.job.lease - timedelta(seconds=1))
    assert await other.run_due() == []
    clock.move(timedelta(seconds=1))
    assert await other.run_due() == ["chore"]
    assert survivor.ran == [at("2026-11-22 11:00")]


async def test_a_job_cut_short_by_a_shutdown_is_due_again_at_once(
    uow: UnitOfWork, clock: ManualClock
) -> None:
    chore = Chore()
    chore.gate = asyncio.Event()
    scheduler = await started(uow, clock, chore)
    clock.move(timedelta(hours=1))
    running = asyncio.create_task(scheduler.run_due())
    await chore.begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    chore.gate.set()
    assert await scheduler.run_due() == ["chore"]


async def test_a_failing_job_is_tried_again_in_a_minute_and_stops_no_other(
    uow: UnitOfWork, clock: ManualClock
) -> None:
    broken, fine = Chore("broken"), Chore("fine")
    broken.failures = 1
    scheduler = await started(uow, clock, broken, fine)
    clock.move(timedelta(hours=1))
    assert await scheduler.run_due() == ["fine"]
    async with uow.read() as tx:
        row = await tx.first(select(schedules).where(schedules.c.name == "broken"))
    assert row is not None
    assert row.last_error == "ZeroDivisionError"
    clock.move(timedelta(seconds=59))
    assert await scheduler.run_due() == []
    clock.move(timedelta(seconds=1))
    assert await scheduler.run_due() == ["broken"]


async def test_a_run_that_outlived_its_lease_does_not_undo_a_later_one(
    uow: UnitOfWork, clock: ManualClock
) -> None:
    slow, quick = Chore(), Chore()
    slow.gate = asyncio.Event()
    scheduler = await started(uow, clock, slow)
    clock.move(timedelta(hours=1))
    late = asyncio.create_task(scheduler.run_due())
    await slow.begun.wait()
    clock.move(timedelta(hours=1))
    other = Scheduler(uow, clock, [quick.job])
    assert await other.run_due() == ["chore"]
    slow.gate.set()
    await late
    assert await other.run_due() == []


async def test_a_slow_job_delays_no_other(uow: UnitOfWork, clock: ManualClock) -> None:
    slow, quick = Chore("slow"), Chore("quick")
    slow.gate = asyncio.Event()
    await started(uow, clock, slow, quick)
    working = asyncio.create_task(Scheduler(uow, clock, [slow.job, quick.job], poll_s=0.01).run())
    for _ in range(2):
        quick.begun.clear()
        clock.move(timedelta(hours=1))
        await asyncio.wait_for(quick.begun.wait(), 10)
    assert slow.ran[0] == quick.ran[0]
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working


@pytest.mark.parametrize(
    ("recurrence", "now", "due"),
    [
        (NINE, "2026-12-01 08:59", "2026-11-30 09:00"),
        (NINE, "2026-12-01 09:00", "2026-12-01 09:00"),
        (NINE, "2027-01-01 00:00", "2026-12-31 09:00"),
        (NINE, "2028-02-29 10:00", "2028-02-29 09:00"),
        (NINE, "2028-03-01 08:00", "2028-02-29 09:00"),
        (Daily(time(0), JAKARTA), "2026-11-22 00:00", "2026-11-22 00:00"),
        (Every(timedelta(minutes=15)), "2026-11-22 10:14", "2026-11-22 10:00"),
        (Every(timedelta(days=1)), "2026-11-22 06:59", "2026-11-21 07:00"),  # midnight UTC
    ],
)
def test_the_latest_due_time(recurrence: Recurrence, now: str, due: str) -> None:
    assert recurrence.latest_due(at(now)) == at(due)


def test_a_day_with_changed_clocks_has_its_due_time_once() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    half_past_two = Daily(time(2, 30), berlin)
    start = datetime(2026, 10, 24, tzinfo=UTC)
    moments = [start + timedelta(minutes=10 * step) for step in range(6 * 24 * 3)]
    dues = {half_past_two.latest_due(moment) for moment in moments}
    assert len(dues) == 4  # the day before, and one for each of the three days
    assert all(half_past_two.latest_due(moment) <= moment for moment in moments)
