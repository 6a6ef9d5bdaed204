"""The one clock: UTC inside, the business's zone where a day or an hour is shown or decided."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Where the present comes from; injected, so that tests and simulations own it."""

    def now(self) -> datetime:
        """Return the present as an aware UTC datetime."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is moved: for tests and for the time machine."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def move(self, by: timedelta) -> None:
        """Move on; time never goes back."""
        if by < timedelta(0):
            raise ValueError("time does not go back")
        self._now += by

    def move_to(self, moment: datetime) -> None:
        """Move on to `moment`; an earlier one is refused."""
        self.move(moment - self._now)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The calendar day of `moment` as people at the business see it."""
    return moment.astimezone(zone).date()


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which `day` begins in `zone`, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
