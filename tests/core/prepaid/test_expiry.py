"""When packages end: the vectors of the contract (phpnuxbill-2 §A3, §A4.3)."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.preferences.types import MonthEnd
from core.prepaid.expiry import ends_at, extended, first_share, fixed_day, months_later, period_day
from core.prepaid.types import Unit

ZONE = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 1, 30, 22, 15, 30, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("start", "rolled", "clamped"),
    [
        ("2026-01-31", "2026-03-03", "2026-02-28"),
        ("2026-01-29", "2026-03-01", "2026-02-28"),
        ("2026-03-31", "2026-05-01", "2026-04-30"),
        ("2024-01-31", "2024-03-02", "2024-02-29"),
        ("2026-08-31", "2026-10-01", "2026-09-30"),
        ("2026-12-05", "2027-01-05", "2027-01-05"),
    ],
)
def test_a_month_later(start: str, rolled: str, clamped: str) -> None:
    day = date.fromisoformat(start)
    assert months_later(day, 1, MonthEnd.ROLLOVER).isoformat() == rolled
    assert months_later(day, 1, MonthEnd.CLAMP).isoformat() == clamped


@pytest.mark.parametrize(
    ("today", "day", "validity", "end"),
    [
        ("2026-01-10", 20, 1, "2026-01-20"),
        ("2026-01-31", 20, 1, "2026-02-20"),
        ("2026-01-25", 1, 1, "2026-02-01"),
        ("2026-01-28", 1, 1, "2026-03-01"),
        ("2026-01-31", 5, 1, "2026-03-05"),
        ("2026-01-15", 20, 2, "2026-03-20"),
        ("2026-01-31", 5, 3, "2026-05-05"),
        ("2026-12-28", 3, 1, "2027-02-03"),
        ("2026-06-01", 28, 1, "2026-06-28"),
        ("2026-01-01", 20, 1, "2026-01-20"),
    ],
)
def test_the_fixed_day_of_a_period(today: str, day: int, validity: int, end: str) -> None:
    assert period_day(date.fromisoformat(today), validity, day).isoformat() == end


@given(
    today=st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    validity=st.integers(1, 24),
    day=st.integers(1, 28),
)
def test_a_period_never_ends_in_the_past_nor_within_its_first_week(
    today: date, validity: int, day: int
) -> None:
    end = period_day(today, validity, day)
    assert end.day == day
    assert (end - today).days >= 7


@pytest.mark.parametrize(
    ("unit", "end"),
    [
        (Unit.MINUTES, "2026-01-30 22:17:30"),
        (Unit.HOURS, "2026-01-31 00:15:30"),
        (Unit.DAYS, "2026-02-01 22:15:30"),
        (Unit.MONTHS, "2026-03-30 22:15:30"),
        (Unit.PERIOD, "2026-03-20 23:59:59"),
    ],
)
def test_from_now(unit: Unit, end: str) -> None:
    found = ends_at(NOW, 2, unit, day=20, month_end=MonthEnd.CLAMP)
    assert f"{found:%Y-%m-%d %H:%M:%S}" == end
    assert found.tzinfo is ZONE


@pytest.mark.parametrize(
    ("unit", "old", "day", "end"),
    [
        (Unit.MINUTES, "2026-01-31 23:59:30", 20, "2026-02-01 00:00:30"),
        (Unit.HOURS, "2026-01-31 23:00:00", 20, "2026-02-01 00:00:00"),
        (Unit.DAYS, "2026-01-31 08:00:00", 20, "2026-02-01 08:00:00"),
        (Unit.MONTHS, "2026-01-31 08:00:00", 20, "2026-03-03 08:00:00"),
        (Unit.PERIOD, "2026-01-20 23:59:59", 20, "2026-02-20 23:59:59"),
        (Unit.PERIOD, "2026-01-31 10:00:00", 20, "2026-02-20 23:59:59"),
        (Unit.PERIOD, "2026-01-31 10:00:00", 5, "2026-02-05 23:59:59"),
    ],
)
def test_a_running_package_gets_longer_from_its_end(unit: Unit, old: str, day: int, end: str) -> None:
    running_until = datetime.fromisoformat(old).replace(tzinfo=ZONE)
    found = extended(running_until, 1, unit, day=day, month_end=MonthEnd.ROLLOVER)
    assert f"{found:%Y-%m-%d %H:%M:%S}" == end


def test_whose_fixed_day_counts() -> None:
    assert fixed_day("5", 9) == 5
    assert fixed_day(None, 9) == 9
    assert fixed_day("", None) == 20
    assert fixed_day("31", 9) == 20
    assert fixed_day("0", 9) == 20
    assert fixed_day("soon", 9) == 9


def test_the_first_cycle_is_paid_by_its_days() -> None:
    assert first_share(300_000, 1, date(2026, 1, 25), date(2026, 2, 1)) == 70_000
    assert first_share(300_000, 1, date(2026, 1, 10), date(2026, 2, 20)) == 300_000
    assert first_share(100_000, 2, date(2026, 1, 1), date(2026, 1, 11)) == 16_667
