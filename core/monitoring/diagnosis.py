"""What happened to a line lately: its samples in equal stretches, added up, and what they say about it today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import Row, func, select

from core.catalog.tables import plans
from core.monitoring.history import HOUR
from core.monitoring.lines import STEP_MINUTES, WatchedLine, from_minutes, to_minutes
from core.monitoring.tables import line_samples
from core.network.rules import rates_of
from core.platform.clock import day_start, local_day
from core.platform.uow import ReadTx
from core.subscriptions.tables import subscriptions

_samples = line_samples.c
#: A sample this old no longer says how busy the line is now.
_LATELY = timedelta(minutes=15)
_BUSY_SHARE = 0.85
_MANY_DROPS = 3


class Period(StrEnum):
    """How far back one looks."""

    DAY = "24h"
    WEEK = "7d"


class _Span(Struct, frozen=True):
    length: timedelta
    step: int  # minutes


_SPANS = {Period.DAY: _Span(timedelta(hours=24), 15), Period.WEEK: _Span(timedelta(days=7), HOUR)}


class Stretch(Struct, frozen=True):
    """A stretch of the period; one that nobody watched has `seen_s` 0."""

    starts_at: datetime
    seen_s: int
    online_s: int
    drops: int
    upload: int
    download: int


class Diagnosis(Struct, frozen=True):
    """A line's last day or week. `is_online` and `since` are what the last scan saw, None where nobody knows."""

    customer_id: int
    service_number: str
    period: Period
    begins: datetime
    ends: datetime
    step_minutes: int
    stretches: tuple[Stretch, ...]
    is_online: bool | None
    since: datetime | None

    @property
    def seen_s(self) -> int:
        return sum(each.seen_s for each in self.stretches)

    @property
    def online_s(self) -> int:
        return sum(each.online_s for each in self.stretches)

    @property
    def drops(self) -> int:
        return sum(each.drops for each in self.stretches)

    @property
    def upload(self) -> int:
        return sum(each.upload for each in self.stretches)

    @property
    def download(self) -> int:
        return sum(each.download for each in self.stretches)

    @property
    def online_percent(self) -> int:
        """Of the time it was watched, rounded down: 100 is all of it."""
        return self.online_s * 100 // self.seen_s if self.seen_s else 0


class Condition(Struct, frozen=True):
    """What a look at the router does not show: how often the line dropped today, whether it is used to its limit."""

    drops_today: int
    #: The busier direction lately, in whole Mbps, where it is close to what the plan allows.
    busy_mbps: int | None

    @property
    def is_shaky(self) -> bool:
        return self.drops_today >= _MANY_DROPS


async def stretches(tx: ReadTx, line: WatchedLine, period: Period) -> tuple[Stretch, ...]:
    """The period up to now in equal stretches, the last of them not over yet."""
    span, now = _SPANS[period], to_minutes(tx.now)
    last = now // span.step * span.step
    starts = range(last - span.length // timedelta(minutes=1) + span.step, last + span.step, span.step)
    rows = await _rows(tx, line, period, starts[0])
    return tuple(_stretch(start, span.step, rows) for start in starts)


async def _rows(tx: ReadTx, line: WatchedLine, period: Period, since: int) -> Sequence[Row[Any]]:
    own = (_samples.subscription_id == line.subscription_id, _samples.starts >= since)
    fine = select(line_samples).where(*own, _samples.step == STEP_MINUTES)
    if period is Period.DAY:
        return await tx.all(fine)
    hours = await tx.all(select(line_samples).where(*own, _samples.step == HOUR))
    newest = max((row.starts + HOUR for row in hours), default=since)
    return [*hours, *await tx.all(fine.where(_samples.starts >= newest))]


def _stretch(start: int, step: int, rows: Sequence[Row[Any]]) -> Stretch:
    own = [row for row in rows if start <= row.starts < start + step]
    return Stretch(
        starts_at=from_minutes(start),
        seen_s=sum(row.seen_s for row in own),
        online_s=sum(row.online_s for row in own),
        drops=sum(row.drops for row in own),
        upload=sum(row.upload for row in own),
        download=sum(row.download for row in own),
    )


async def condition(tx: ReadTx, line: WatchedLine, zone: ZoneInfo) -> Condition:
    """How the line does today."""
    own = (_samples.subscription_id == line.subscription_id, _samples.step == STEP_MINUTES)
    today = to_minutes(day_start(local_day(tx.now, zone), zone))
    drops = await tx.scalar(select(func.sum(_samples.drops)).where(*own, _samples.starts >= today))
    latest = await tx.first(select(line_samples).where(*own).order_by(_samples.starts.desc()).limit(1))
    limit = await tx.scalar(
        select(plans.c.rate_limit)
        .join(subscriptions, subscriptions.c.plan_id == plans.c.id)
        .where(subscriptions.c.id == line.subscription_id)
    )
    pending = line.before.drops if line.before else 0
    return Condition(int(drops or 0) + pending, _busy_mbps(latest, limit, tx.now))


def _busy_mbps(latest: Row[Any] | None, limit: str | None, now: datetime) -> int | None:
    rates = rates_of(limit or "")
    if latest is None or rates is None or not latest.online_s:
        return None
    if from_minutes(latest.starts + STEP_MINUTES) < now - _LATELY:
        return None
    used = (latest.upload * 8 // latest.online_s, latest.download * 8 // latest.online_s)
    busy = [rate for rate, most in zip(used, rates, strict=True) if most and rate >= most * _BUSY_SHARE]
    return round(max(busy) / 1_000_000) if busy else None


def diagnosis_of(
    tx: ReadTx, line: WatchedLine, number: str, period: Period, found: tuple[Stretch, ...]
) -> Diagnosis:
    """The stretches with what the last scan has seen."""
    return Diagnosis(
        customer_id=line.customer_id,
        service_number=number,
        period=period,
        begins=found[0].starts_at,
        ends=tx.now,
        step_minutes=_SPANS[period].step,
        stretches=found,
        is_online=line.before.is_online if line.before else None,
        since=line.before.since if line.before else None,
    )
