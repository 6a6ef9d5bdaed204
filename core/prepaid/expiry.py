"""When a package ends (phpnuxbill-2 contract §A3). Times are the business's own clock, so that a day is a day there."""

from __future__ import annotations

import calendar
from datetime import date, datetime, time, timedelta

from core.preferences.types import MonthEnd
from core.prepaid.types import Unit

#: The day on which packages of fixed periods end, where nothing says which.
USUAL_DAY = 20
_LAST_SAFE_DAY = 28
_PERIOD_ENDS = time(23, 59, 59)
_EXACT = {Unit.MINUTES: "minutes", Unit.HOURS: "hours", Unit.DAYS: "days"}
#: A month more or less, often enough for any validity; what has not settled by then swings to and fro.
_STEPS = 120


def ends_at(start: datetime, validity: int, unit: Unit, *, day: int, month_end: MonthEnd) -> datetime:
    """The end of a package that begins now; `day` is the fixed day of a period."""
    match unit:
        case Unit.PERIOD:
            return _at_end_of(start, period_day(start.date(), validity, day))
        case Unit.MONTHS:
            return _on(start, months_later(start.date(), validity, month_end))
        case _:
            return _later(start, validity, unit)


def extended(end: datetime, validity: int, unit: Unit, *, day: int, month_end: MonthEnd) -> datetime:
    """The end of a running package after one validity more; a fixed period takes whole months, then the day."""
    match unit:
        case Unit.PERIOD:
            year, month = _month_after(end.date(), validity)
            return _at_end_of(end, _day_of(year, month, day))
        case Unit.MONTHS:
            return _on(end, months_later(end.date(), validity, month_end))
        case _:
            return _later(end, validity, unit)


def months_later(start: date, months: int, month_end: MonthEnd) -> date:
    """The same day some months on; where that month is shorter, its last day, or as many days into the next."""
    year, month = _month_after(start, months)
    if month_end is MonthEnd.CLAMP:
        return _day_of(year, month, start.day)
    return date(year, month, 1) + timedelta(days=start.day - 1)


def period_day(today: date, validity: int, day: int) -> date:
    """The fixed day that is neither too near nor too far: a week to five weeks from now for each month of validity."""
    nearest, farthest = 7 * validity, 35 * validity
    months, found = 1, _fixed(today, 1, day)
    for _ in range(_STEPS):
        if abs((found - today).days) >= nearest:
            break
        months, found = months + 1, _fixed(today, months + 1, day)
    for _ in range(_STEPS):
        if abs((found - today).days) <= farthest:
            break
        months, found = months - 1, _fixed(today, months - 1, day)
    if found <= today or (found - today).days < nearest:
        months += 1
    return _fixed(today, months + validity - 1, day)


def fixed_day(attribute: str | None, plan_day: int | None) -> int:
    """The day of the customer, else of the plan; one that not every month has is the usual one (§A3.3)."""
    told = int(attribute) if attribute and attribute.strip().isdecimal() else plan_day
    return told if told is not None and 1 <= told <= _LAST_SAFE_DAY else USUAL_DAY


def first_share(price: int, validity: int, today: date, end: date) -> int:
    """What the first cycle of a fixed period costs: by its days, never more than a whole one (§A4.3)."""
    days = max((end - today).days, 0)
    return min(price, (2 * price * days + 30 * validity) // (60 * validity))


def _fixed(today: date, months: int, day: int) -> date:
    return _day_of(*_month_after(today, months), day)


def _month_after(start: date, months: int) -> tuple[int, int]:
    years, month = divmod(start.month - 1 + months, 12)
    return start.year + years, month + 1


def _day_of(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _on(moment: datetime, day: date) -> datetime:
    return moment.replace(year=day.year, month=day.month, day=day.day)


def _at_end_of(moment: datetime, day: date) -> datetime:
    return datetime.combine(day, _PERIOD_ENDS, moment.tzinfo)


def _later(moment: datetime, validity: int, unit: Unit) -> datetime:
    return moment + timedelta(**{_EXACT[unit]: validity})
