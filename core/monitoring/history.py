"""Samples get coarser as they get older: five minutes for two days, hours for a month, days for a year."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, bindparam, func, select

from core.monitoring.lines import STEP_MINUTES, from_minutes, to_minutes
from core.monitoring.tables import line_samples, line_sightings, router_scans, sample_rollups
from core.platform.clock import day_start, local_day
from core.platform.uow import ReadTx, UnitOfWork, WriteTx

HOUR, DAY = 60, 1440
#: How long samples of each step are kept.
RETENTION = {STEP_MINUTES: timedelta(hours=48), HOUR: timedelta(days=30), DAY: timedelta(days=400)}
#: What must have been made of samples before they may go.
_COARSER = {STEP_MINUTES: HOUR, HOUR: DAY}
#: Scans, so that "seen last" can be told while finer samples are there.
SCANS_KEPT = timedelta(hours=48)

#: The last samples of a stretch are written a scan after its end.
_SETTLES_WITHIN = timedelta(minutes=10)
_LINES_A_TURN = 500

_samples = line_samples.c
_page = (
    select(line_sightings.c.subscription_id)
    .where(line_sightings.c.subscription_id > bindparam("after"))
    .order_by(line_sightings.c.subscription_id)
    .limit(_LINES_A_TURN)
)


async def roll_up(uow: UnitOfWork, zone: ZoneInfo) -> int:
    """Add up what has ended since the last time, hours first, then days of the business; returns how many stretches.

    A crash repeats a stretch, which changes nothing: a line's sum is written once.
    """
    return await _roll(uow, zone, HOUR, STEP_MINUTES) + await _roll(uow, zone, DAY, HOUR)


async def _roll(uow: UnitOfWork, zone: ZoneInfo, step: int, of: int) -> int:
    done = 0
    async for begins, ends in _ended(uow, zone, step, of):
        await _add_up(uow, step, of, begins, ends)
        async with uow.write() as tx:
            await _note(tx, step, to_minutes(ends))
        done += 1
    return done


async def _ended(
    uow: UnitOfWork, zone: ZoneInfo, step: int, of: int
) -> AsyncIterator[tuple[datetime, datetime]]:
    """Stretches that are over and not added up yet, oldest first."""
    async with uow.read() as tx:
        begins, now = await _first_begin(tx, zone, step, of), tx.now
    while begins is not None:
        ends = _end(begins, zone, step)
        if ends + _SETTLES_WITHIN > now:
            return
        yield begins, ends
        begins = ends


async def _first_begin(tx: ReadTx, zone: ZoneInfo, step: int, of: int) -> datetime | None:
    """Where the last time ended, or the stretch of the oldest sample when nothing was written since."""
    done, oldest = await _done_until(tx, step), await _oldest(tx, of)
    if oldest is None:
        return None
    first = _begin(from_minutes(oldest), zone, step)
    return first if done is None else max(first, from_minutes(done))


async def _done_until(tx: ReadTx, step: int) -> int | None:
    found: int | None = await tx.scalar(
        select(sample_rollups.c.done_until).where(sample_rollups.c.step == step)
    )
    return found


async def _oldest(tx: ReadTx, step: int) -> int | None:
    found: int | None = await tx.scalar(select(func.min(_samples.starts)).where(_samples.step == step))
    return found


def _begin(moment: datetime, zone: ZoneInfo, step: int) -> datetime:
    if step == DAY:
        return day_start(local_day(moment, zone), zone)
    return from_minutes(to_minutes(moment) // step * step)


def _end(begins: datetime, zone: ZoneInfo, step: int) -> datetime:
    if step == DAY:
        return day_start(local_day(begins, zone) + timedelta(days=1), zone)
    return begins + timedelta(minutes=step)


_ADDED = ("seen_s", "online_s", "drops", "upload", "download")
_sums = select(_samples.subscription_id, *(func.sum(_samples[name]).label(name) for name in _ADDED)).group_by(
    _samples.subscription_id
)


async def _add_up(uow: UnitOfWork, step: int, of: int, begins: datetime, ends: datetime) -> None:
    """So many lines in each transaction: nobody waits long for the database."""
    within = (_samples.step == of, _samples.starts >= to_minutes(begins), _samples.starts < to_minutes(ends))
    after = 0
    while True:
        async with uow.write() as tx:
            ids = [row.subscription_id for row in await tx.all(_page, {"after": after})]
            rows = await tx.all(_sums.where(_samples.subscription_id.in_(ids), *within))
            if sums := [_sum_row(row, step, to_minutes(begins)) for row in rows]:
                await tx.insert_all_new(line_samples, sums, _samples.subscription_id)
        if len(ids) < _LINES_A_TURN:
            return
        after = ids[-1]


def _sum_row(row: Row[Any], step: int, starts: int) -> dict[str, int]:
    sums = {name: int(getattr(row, name)) for name in _ADDED}
    return {"subscription_id": row.subscription_id, "step": step, "starts": starts, **sums}


async def _note(tx: WriteTx, step: int, done_until: int) -> None:
    if not await tx.insert_new(sample_rollups, step=step, done_until=done_until):
        row = sample_rollups.update().where(sample_rollups.c.step == step)
        await tx.execute(row.values(done_until=done_until))


async def purge(uow: UnitOfWork) -> int:
    """Forget what is past its retention and has been added up; one stretch in each transaction."""
    gone = 0
    for step, kept in RETENTION.items():
        async with uow.read() as tx:
            begin, until = await _oldest(tx, step), to_minutes(tx.now - kept)
            if step in _COARSER:
                until = min(until, await _done_until(tx, _COARSER[step]) or 0)
        while begin is not None and begin < until:
            end = min(begin + step, until)
            async with uow.write() as tx:
                old = (_samples.step == step, _samples.starts >= begin, _samples.starts < end)
                gone += await tx.execute(line_samples.delete().where(*old))
            begin = end
    async with uow.write() as tx:
        return gone + await tx.execute(
            router_scans.delete().where(router_scans.c.started_at < tx.now - SCANS_KEPT)
        )
