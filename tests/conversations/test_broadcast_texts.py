"""What staff type about a broadcast: whom, how many, when."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from conversations.broadcast_texts import kind_named, one_named, parse_count, parse_moment
from core.broadcasts.types import AudienceKind, Named

ZONE = ZoneInfo("Asia/Jakarta")
NOW = datetime.fromisoformat("2026-11-22T10:00:00+07:00")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("18.30", "2026-11-22T18:30"),
        ("jam 09.00", "2026-11-23T09:00"),
        ("besok 18:30", "2026-11-23T18:30"),
        ("tomorrow at 08.00", "2026-11-23T08:00"),
        ("25/12 09.00", "2026-12-25T09:00"),
        ("1-2 09.00", "2027-02-01T09:00"),
    ],
)
def test_moments_are_read_at_the_business(text: str, moment: str) -> None:
    read = parse_moment(text, NOW, ZONE)
    assert read is not None
    assert f"{read:%Y-%m-%dT%H:%M}" == moment


@pytest.mark.parametrize("text", ["", "nanti malam", "25.00", "09.61", "31/2 09.00", "0/0 09.00", "besok"])
def test_what_is_no_moment_is_none(text: str) -> None:
    assert parse_moment(text, NOW, ZONE) is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("1162", 1162),
        ("1.162", 1162),
        ("kirim 3", 3),
        ("Send 3", 3),
        ("tiga", None),
        ("1162 ya", None),
        ("", None),
    ],
)
def test_counts_are_read_with_their_dots(text: str, count: int | None) -> None:
    assert parse_count(text) == count


def test_audiences_are_named_with_what_they_are_of() -> None:
    assert kind_named("Wilayah Bandung") == (AudienceKind.REGION, "bandung")
    assert kind_named("lewat jatuh tempo") == (AudienceKind.OVERDUE, "jatuh tempo")
    assert kind_named("semua") == (AudienceKind.ALL, "")
    assert kind_named("entahlah") is None
    listed = [Named(1, "Region Bandung"), Named(2, "Region Bandung Barat"), Named(3, "Region Jakarta")]
    assert one_named("jakarta", listed) == listed[2]
    assert one_named("region bandung", listed) == listed[0]
    assert one_named("bandung", listed) is None
    assert one_named("", listed) is None
