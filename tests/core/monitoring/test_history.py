"""Samples become hours, hours become days of the business, and what is old goes; a crash or a repeat changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from core.monitoring import history
from core.monitoring.history import DAY, HOUR
from core.monitoring.lines import STEP_MINUTES, from_minutes, sample_row, to_minutes
from core.monitoring.tables import line_samples, line_sightings, sample_rollups
from core.monitoring.types import Sample
from core.settings import Settings
from tests.core.conftest import Shop

#: Midnight in Jakarta.
MIDNIGHT = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)


async def lived(shop: Shop, start: datetime, end: datetime, line: int = 1) -> None:
    """A line online and watched all the time, a drop and some bytes in each sample."""
    async with shop.uow.write() as tx:
        state = {"is_online": True, "since": start, "session_key": "", "online_s": 0, "drops": 0}
        await tx.insert_new(line_sightings, subscription_id=line, sampled_at=start, **state)
        moment = start
        while moment < end:
            sample = Sample(moment, seen_s=300, online_s=240, drops=1, upload=2**33, download=10)
            await tx.execute(line_samples.insert(), sample_row(line, sample, STEP_MINUTES))
            moment += timedelta(minutes=5)


async def stored(shop: Shop, step: int) -> list[Any]:
    found = select(line_samples).where(line_samples.c.step == step).order_by(line_samples.c.starts)
    return await shop.all(found)


async def test_hours_and_days_add_up(shop: Shop, settings: Settings) -> None:
    await lived(shop, MIDNIGHT - timedelta(hours=3), MIDNIGHT + timedelta(hours=10))
    await history.roll_up(shop.uow, settings.zone)
    hours, days = await stored(shop, HOUR), await stored(shop, DAY)
    assert [from_minutes(row.starts) for row in hours] == [
        MIDNIGHT + timedelta(hours=hour)
        for hour in range(-3, 9)  # it is ten o'clock: the last one still settles
    ]
    assert {(row.seen_s, row.online_s, row.drops, row.upload) for row in hours} == {
        (3600, 2880, 12, 12 * 2**33)
    }
    [day] = days
    assert (from_minutes(day.starts), day.seen_s, day.drops) == (MIDNIGHT - timedelta(days=1), 3 * 3600, 36)


async def test_a_repeat_and_a_crash_in_between_change_nothing(shop: Shop, settings: Settings) -> None:
    await lived(shop, MIDNIGHT, MIDNIGHT + timedelta(hours=5))
    await history.roll_up(shop.uow, settings.zone)
    before = await stored(shop, HOUR)
    await shop.change(sample_rollups.update().values(done_until=to_minutes(MIDNIGHT + timedelta(hours=2))))
    assert await history.roll_up(shop.uow, settings.zone) > 0
    assert await stored(shop, HOUR) == before
    assert await history.roll_up(shop.uow, settings.zone) == 0


async def test_what_is_old_goes_and_its_sums_stay(shop: Shop, settings: Settings) -> None:
    await lived(shop, MIDNIGHT, MIDNIGHT + timedelta(hours=2))
    await history.roll_up(shop.uow, settings.zone)
    shop.clock.move(timedelta(days=3))
    await history.roll_up(shop.uow, settings.zone)
    await history.purge(shop.uow)
    assert [len(await stored(shop, step)) for step in (STEP_MINUTES, HOUR, DAY)] == [0, 2, 1]
    shop.clock.move(timedelta(days=30))
    await history.purge(shop.uow)
    assert [len(await stored(shop, step)) for step in (STEP_MINUTES, HOUR, DAY)] == [0, 0, 1]
    shop.clock.move(timedelta(days=400))
    await history.purge(shop.uow)
    assert await shop.all(select(func.count()).select_from(line_samples)) == [(0,)]
