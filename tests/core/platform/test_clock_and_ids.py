"""The clock that tests own, the business's days, and identifiers nobody can guess."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from core.platform.clock import ManualClock, SystemClock, day_start, local_day
from core.platform.ids import new_id, new_token, new_uuid

JAKARTA = ZoneInfo("Asia/Jakarta")


def test_the_systems_clock_tells_aware_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_a_manual_clock_moves_when_it_is_moved_and_never_back() -> None:
    clock = ManualClock(datetime(2026, 1, 1, 7, tzinfo=timezone(timedelta(hours=7))))
    assert clock.now() == datetime(2026, 1, 1, tzinfo=UTC)
    clock.move_to(datetime(2026, 1, 2, tzinfo=UTC))
    assert clock.now() == datetime(2026, 1, 2, tzinfo=UTC)
    with pytest.raises(ValueError, match="back"):
        clock.move_to(datetime(2026, 1, 1, tzinfo=UTC))


def test_a_day_begins_at_the_businesss_midnight() -> None:
    assert day_start(date(2026, 1, 1), JAKARTA) == datetime(2025, 12, 31, 17, tzinfo=UTC)
    assert local_day(datetime(2025, 12, 31, 16, 59, tzinfo=UTC), JAKARTA) == date(2025, 12, 31)
    assert local_day(datetime(2025, 12, 31, 17, 0, tzinfo=UTC), JAKARTA) == date(2026, 1, 1)


def test_identifiers_differ_and_keep_their_form() -> None:
    assert len({new_id("cst") for _ in range(500)}) == 500
    assert len({new_token() for _ in range(500)}) == 500
    kind, random = new_id("cst").split("-")
    assert (kind, len(random)) == ("cst", 12)
    assert len(new_uuid()) == 36
