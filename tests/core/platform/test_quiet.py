"""When it is night at the business, and how long it lasts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.platform.quiet import is_waking, until_morning

JAKARTA = ZoneInfo("Asia/Jakarta")


@pytest.mark.parametrize(
    ("hour_utc", "left"),
    [(0, 1), (1, 0), (12, 0), (13, 12), (17, 8), (23, 2)],
)
def test_the_night_ends_at_eight(hour_utc: int, left: int) -> None:
    now = datetime(2026, 11, 22, hour_utc, tzinfo=UTC)
    assert until_morning(now, JAKARTA) == timedelta(hours=left)
    assert is_waking(now, JAKARTA) == (left == 0)
    assert is_waking(now + until_morning(now, JAKARTA), JAKARTA)
