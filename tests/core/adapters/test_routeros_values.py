"""Every way routers write a duration, a counter, a date (routeros contract §3)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapters.routeros.values import (
    counter,
    hardware_address,
    moment,
    queue_usage,
    seconds,
    uptime,
    usage,
    words,
)
from core.network.types import Uptime, Usage

DURATIONS = [
    ("1d2h3m4s", 93_784),
    ("2h1m", 7_260),
    ("1w2d", 777_600),
    ("1w2d03:04:05", 788_645),
    ("00:05:12", 312),
    ("1d 05:20:10", 105_610),
    ("41w6d18h4m22s", 25_380_262),
    ("3d17h14m31s", 321_271),
    ("0s", 0),
    ("1ms200us", 0),
    ("9ms", 0),
    ("1s200ms", 1),
    ("3600", 3_600),
    ("1970-01-19 16:28:25", 1_614_505),
]
NO_DURATIONS = ["", "never", "none", "soon", "1x", "-5s", "1970-13-19 16:28:25", "1d2", "s", "9" * 30, "²"]
MOMENTS = [
    ("may/01/2023 20:52:13", "2023-05-01 20:52:13"),
    ("2023-05-01 20:52:13", "2023-05-01 20:52:13"),
    ("Nov/20/2026 22:15:03", "2026-11-20 22:15:03"),
    ("jan/01/1970 00:00:00", None),
    ("1970-01-01 00:00:00", None),
    ("foo/01/2023 20:52:13", None),
    ("2023-02-31 20:52:13", None),
    ("", None),
    (None, None),
]


@pytest.mark.parametrize(("text", "length_s"), DURATIONS)
def test_a_duration_is_read_however_it_is_written(text: str, length_s: int) -> None:
    assert seconds(text) == length_s
    assert uptime(text) == Uptime(text, length_s)


@pytest.mark.parametrize("text", NO_DURATIONS)
def test_what_is_no_duration_is_none(text: str) -> None:
    assert seconds(text) is None
    assert uptime(text) is None


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 5), st.integers(0, 6), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_a_duration_written_either_way_is_the_same(w: int, d: int, h: int, m: int, s: int) -> None:
    expected = (((w * 7 + d) * 24 + h) * 60 + m) * 60 + s
    assert seconds(f"{w}w{d}d{h}h{m}m{s}s") == expected
    assert seconds(f"{w}w{d}d{h:02}:{m:02}:{s:02}") == expected
    assert seconds(f"{w}w{d}d {h:02}:{m:02}:{s:02}") == expected


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_no_text_of_a_router_upsets_the_reading(text: str) -> None:
    assert (seconds(text) or 0) >= 0
    assert (counter(text) or 0) >= 0
    moment(text)
    queue_usage(text)
    assert words(text).isprintable()


@pytest.mark.parametrize(("text", "when"), MOMENTS)
def test_a_date_is_read_in_both_writings_and_1970_is_never(text: str | None, when: str | None) -> None:
    assert moment(text) == when


def test_counters_have_64_bits_and_nothing_else_counts() -> None:
    assert counter(str(2**64 - 1)) == 2**64 - 1
    for nonsense in (str(2**64), "-1", "1.5", "٣", "", None, "12k"):
        assert counter(nonsense) is None


def test_half_a_pair_is_no_usage() -> None:
    assert usage("1", "2") == Usage(1, 2)
    assert usage("1", None) is None
    assert queue_usage("640000/5120000") == Usage(640_000, 5_120_000)
    assert queue_usage("640000") is None
    assert queue_usage("") is None


def test_hardware_addresses_are_shown_in_lower_case() -> None:
    assert hardware_address("AA:BB:CC:DD:EE:FF") == "aa:bb:cc:dd:ee:ff"
    assert hardware_address("") is None
