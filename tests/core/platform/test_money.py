"""Amounts as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.platform.money import rupiah


@pytest.mark.parametrize(
    ("amount", "indonesian", "english"),
    [
        (0, "Rp0", "Rp0"),
        (500, "Rp500", "Rp500"),
        (350_000, "Rp350.000", "Rp350,000"),
        (1_234_567_890, "Rp1.234.567.890", "Rp1,234,567,890"),
        (-2_500, "-Rp2.500", "-Rp2,500"),
    ],
)
def test_rupiah_is_written_the_readers_way(amount: int, indonesian: str, english: str) -> None:
    assert rupiah(amount) == indonesian
    assert rupiah(amount, "en") == english


@settings(max_examples=100)
@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_no_digit_is_lost_whatever_the_amount(amount: int) -> None:
    written = rupiah(amount)
    assert "," not in written
    assert int(written.replace("Rp", "").replace(".", "")) == amount
    assert written.replace(".", ",") == rupiah(amount, "en")
