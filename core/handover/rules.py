"""Decisions of hand-over that need no database: office hours."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from core.settings import OFFICE_HOURS


class OfficeHours(Struct, frozen=True):
    """From when to when somebody answers, by the clock of the business; alike means around the clock."""

    opens: time
    closes: time

    def is_open(self, now: datetime, zone: ZoneInfo) -> bool:
        clock = now.astimezone(zone).time()
        if self.opens < self.closes:
            return self.opens <= clock < self.closes
        return self.opens == self.closes or clock >= self.opens or clock < self.closes

    def today(self, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """When hours begin and end on the business's calendar day, as instants."""
        day = now.astimezone(zone).date()
        return datetime.combine(day, self.opens, zone), datetime.combine(day, self.closes, zone)

    def next_opening(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The next instant at which hours begin."""
        local = now.astimezone(zone)
        today = local.replace(
            hour=self.opens.hour, minute=self.opens.minute, second=0, microsecond=0, tzinfo=None
        )
        for days in (0, 1):
            opening = (today + timedelta(days=days)).replace(tzinfo=zone)
            if opening > now:
                return opening
        raise AssertionError("tomorrow's opening is after now")


def office_hours(written: str) -> OfficeHours:
    """Read `08:00-21:00`; raises `ValueError` for anything else. `24:00` is midnight at the end of the day."""
    found = OFFICE_HOURS.fullmatch(written)
    if found is None:
        raise ValueError("hours are written as 08:00-21:00")
    begin_hour, begin_minute, end_hour, end_minute = found.groups()
    closes = time(int(end_hour), int(end_minute)) if end_hour else time.min
    return OfficeHours(time(int(begin_hour), int(begin_minute)), closes)
