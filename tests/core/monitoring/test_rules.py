"""From one sight of a line to the next: drops, counters that wrap or reset, clocks that are wrong, gaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.monitoring.rules import STEP, first_sighting, follow, sampled, sight_of, slot_of
from core.monitoring.types import Down, SessionSeen, Sighting, Snapshot, Unknown, Up

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def up(
    uptime_s: int | None = 86_400, key: str = "0x1", upload: int | None = None, download: int | None = None
) -> Up:
    return Up(SessionSeen(key, uptime_s, upload, download))


def seen(*, upload: int | None = 1_000, download: int | None = 2_000, key: str = "0x1") -> Sighting:
    """A line online since yesterday, sampled at NOW."""
    return Sighting(
        is_online=True,
        since=NOW - timedelta(days=1),
        key=key,
        sampled_at=NOW,
        upload=upload,
        download=download,
    )


def test_a_line_that_stays_up_is_not_written_again() -> None:
    assert follow(seen(), up(86_460), NOW + MINUTE, NOW) == seen()


def test_a_drop_keeps_the_time_it_was_up() -> None:
    down = follow(seen(), Down(), NOW + 2 * MINUTE, NOW + MINUTE)
    assert (down.is_online, down.since, down.drops, down.online_s) == (False, NOW + 2 * MINUTE, 1, 120)


def test_it_is_back_since_its_session_began() -> None:
    down = follow(seen(), Down(), NOW + MINUTE, NOW)
    back = follow(down, up(20, "0x2"), NOW + 2 * MINUTE, NOW + MINUTE)
    assert (back.is_online, back.since) == (True, NOW + 2 * MINUTE - timedelta(seconds=20))
    assert (back.drops, back.upload) == (1, 0)


def test_a_reconnect_between_two_scans_is_a_drop() -> None:
    back = follow(seen(), up(30, "0x2"), NOW + MINUTE, NOW)
    assert (back.is_online, back.drops, back.key, back.upload) == (True, 1, "0x2", 0)


def test_a_reconnect_is_told_by_age_where_the_router_names_no_sessions() -> None:
    assert follow(seen(key=""), up(10, ""), NOW + MINUTE, NOW).drops == 1


def test_a_session_begun_while_it_was_seen_first_is_not_a_reconnect() -> None:
    """The read itself takes a moment, and uptimes are whole seconds."""
    assert follow(seen(), up(58), NOW + MINUTE, NOW).drops == 0


def test_another_of_two_sessions_is_neither_a_drop_nor_traffic() -> None:
    line = follow(seen(), up(7_200, "0x9", 10**9, 10**9), NOW + STEP, NOW + 4 * MINUTE)
    sample, _ = sampled(line, up(7_200, "0x9", 10**9, 10**9), NOW + STEP)
    assert (sample.drops, sample.upload, sample.download) == (0, 0, 0)


@pytest.mark.parametrize(
    ("before", "now", "grown"),
    [
        (1_000, 51_000, 50_000),
        (2**32 - 100, 400, 500),
        (2**64 - 100, 400, 500),
        (5_000_000, 700, 700),  # the queue was reset
        (None, 700, 0),
        (700, None, 0),
        (0, 2**62, 0),  # no line carries that in five minutes
    ],
)
def test_counters_that_wrap_reset_or_lie(before: int | None, now: int | None, grown: int) -> None:
    sample, rest = sampled(seen(upload=before), up(upload=now, download=2_000), NOW + STEP)
    assert sample.upload == grown
    assert rest.upload == now


def test_a_new_session_counts_from_nothing() -> None:
    line = follow(seen(), up(60, "0x2"), NOW + STEP, NOW + 3 * MINUTE)
    sample, _ = sampled(line, up(60, "0x2", 300, 900), NOW + STEP)
    assert (sample.upload, sample.download, sample.drops) == (300, 900, 1)


def test_a_sample_is_of_the_five_minutes_before() -> None:
    sample, rest = sampled(seen(), up(upload=1_500, download=2_500), NOW + STEP)
    assert (sample.starts_at, sample.seen_s, sample.online_s) == (NOW, 300, 300)
    assert (rest.sampled_at, rest.online_s, rest.drops) == (NOW + STEP, 0, 0)


def test_half_of_a_stretch_online() -> None:
    down = follow(seen(), Down(), NOW + 2 * MINUTE, NOW + MINUTE)
    sample, rest = sampled(down, Down(), NOW + STEP)
    assert (sample.seen_s, sample.online_s, sample.drops) == (300, 120, 1)
    assert (rest.is_online, rest.since) == (False, NOW + 2 * MINUTE)


def test_what_nobody_watched_is_not_told_as_watched() -> None:
    later = NOW + timedelta(hours=9)
    sample, _ = sampled(seen(), up(upload=9_000, download=9_000), later)
    assert (sample.seen_s, sample.online_s, sample.upload) == (300, 300, 8_000)


def test_the_first_sight_makes_no_sample_of_the_past() -> None:
    first = first_sighting(up(3_600, upload=10**12, download=10**12), NOW)
    sample, _ = sampled(first, up(3_900, upload=10**12 + 5, download=10**12 + 7), NOW + STEP)
    assert (first.since, sample.upload, sample.download) == (NOW - timedelta(hours=1), 5, 7)


def test_an_uptime_that_cannot_be_read_is_no_reason_to_doubt() -> None:
    assert follow(seen(), up(None), NOW + MINUTE, NOW) == seen()


def test_what_a_router_does_not_show_is_not_known() -> None:
    nothing = Snapshot(ppp=None, hotspot=None, static={})
    for mode in ("PPPOE", "HOTSPOT", "VPN", "STATIC"):
        assert sight_of(mode, "10.0.0.1", nothing) == Unknown()


def test_names_that_look_like_something_else_are_names() -> None:
    names = ("yes", "628123456789", "john=doe", "<pppoe-x>", "Café", "x" * 200)
    snapshot = Snapshot(ppp={name: SessionSeen() for name in names}, hotspot={}, static={})
    assert all(sight_of("PPPOE", name, snapshot) == Up(SessionSeen()) for name in names)
    assert sight_of("PPPOE", "true", snapshot) == Down()


def test_slots_are_five_minutes_of_the_clock() -> None:
    assert slot_of(NOW + timedelta(minutes=7, seconds=59)) == NOW + STEP


def test_a_line_never_seen_up_is_down_since_long_ago() -> None:
    """Otherwise the first scan of a new router would look like an outage."""
    first = first_sighting(Down(), NOW)
    assert first.since < NOW - timedelta(days=365)
    back = follow(first, up(30), NOW + MINUTE, NOW)
    assert (back.is_online, back.drops) == (True, 0)
