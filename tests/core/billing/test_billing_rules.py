"""Decisions about money that need no database."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from core.billing.rules import amount_owed, isolation_day, may_reopen, payment_code

TODAY = date(2026, 11, 22)


class Template(Struct, frozen=True):
    prefix: str
    digits_only: bool = False
    length: int | None = None


@pytest.mark.parametrize(
    ("template", "service_number", "code"),
    [
        (Template("999001"), "ISP00123", "999001ISP00123"),
        (Template("ALFA"), "ISP00123", "ALFAISP00123"),
        (Template("INDO"), "ISP00123", "INDOISP00123"),
        (Template("8808", digits_only=True), "ISP00123", "880800123"),
        (Template("8808", digits_only=True, length=10), "ISP00123", "88080000000123"),
        (Template("8808", digits_only=True, length=10), "1700000001", "88081700000001"),
        (Template("8808", digits_only=True, length=4), "1700000001", "88080001"),
        (Template("", length=3), "28900001", "001"),
        (Template("X", digits_only=True), "ABC", "X"),
        (Template("X", digits_only=True, length=3), "ABC", "X000"),
    ],
)
def test_a_payment_code_fits_its_channel(template: Template, service_number: str, code: str) -> None:
    assert payment_code(template, service_number) == code


@settings(max_examples=80)
@given(
    prefix=st.from_regex(r"[0-9]{0,8}", fullmatch=True),
    length=st.integers(1, 20),
    service_number=st.from_regex(r"[A-Z]{0,4}[0-9]{1,16}", fullmatch=True),
)
def test_a_virtual_account_has_its_length_and_only_digits(
    prefix: str, length: int, service_number: str
) -> None:
    code = payment_code(Template(prefix, digits_only=True, length=length), service_number)
    assert len(code) == len(prefix) + length
    assert code == "" or code.isdigit()
    digits = "".join(filter(str.isdigit, service_number))
    assert code.endswith(digits[-length:])


@pytest.mark.parametrize(
    ("due_on", "after_days", "day"),
    [
        (date(2023, 1, 10), 10, date(2023, 1, 20)),
        (date(2023, 1, 31), 1, date(2023, 2, 1)),
        (date(2024, 2, 20), 10, date(2024, 3, 1)),
        (date(2023, 12, 25), 10, date(2024, 1, 4)),
        (date(2023, 1, 10), 0, date(2023, 1, 10)),
    ],
)
def test_the_isolation_day_follows_the_due_day(due_on: date, after_days: int, day: date) -> None:
    assert isolation_day(due_on, after_days) == day


@pytest.mark.parametrize(
    ("unpaid", "opens"),
    [
        ([], True),
        ([date(2026, 11, 21)], False),
        ([date(2026, 11, 22)], True),  # the line closes on the day after
        ([date(2026, 11, 23)], True),
        ([date(2026, 12, 1), date(2026, 11, 21)], False),
        ([date(2020, 1, 1), date(2020, 2, 1)], False),
    ],
)
def test_a_line_opens_when_nothing_past_its_isolation_day_is_unpaid(
    unpaid: list[date], *, opens: bool
) -> None:
    assert may_reopen(unpaid, TODAY) is opens


def test_what_is_owed_is_lines_plus_tax_minus_discount() -> None:
    assert amount_owed([300_000, 50_000], tax=11_000, discount=1_000) == 360_000
    assert amount_owed([], tax=0, discount=0) == 0
