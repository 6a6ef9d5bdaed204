"""What a month's bill says, without a database."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.billing.drafts import Charge, Period, draft, due_on, periods

NOVEMBER = Period(2026, 11)
PLAN = Charge("Home 50 Mbps", "Internet", 300_000, 1)


@pytest.mark.parametrize(
    ("period", "number", "day"),
    [
        (Period(2026, 11), 10, date(2026, 11, 10)),
        (Period(2026, 11), 31, date(2026, 11, 30)),
        (Period(2026, 2), 30, date(2026, 2, 28)),
        (Period(2024, 2), 31, date(2024, 2, 29)),
    ],
)
def test_a_short_month_ends_earlier(period: Period, number: int, day: date) -> None:
    assert period.day(number) == day


def test_months_follow_each_other_over_the_year() -> None:
    found = list(periods(date(2026, 11, 30), date(2027, 1, 1)))
    assert found == [Period(2026, 11), Period(2026, 12), Period(2027, 1)]


@pytest.mark.parametrize(
    ("today", "due"),
    [(date(2026, 11, 1), date(2026, 11, 10)), (date(2026, 11, 9), date(2026, 11, 12))],
)
def test_a_late_bill_leaves_three_days(today: date, due: date) -> None:
    assert due_on(NOVEMBER, 10, today) == due


def test_tax_is_a_line_of_its_own() -> None:
    bill = draft([PLAN], NOVEMBER, tax_percent=11)
    assert [(line.name, line.category, line.total) for line in bill.lines] == [
        ("Home 50 Mbps", "Internet", 300_000),
        ("PPN 11%", "Tax", 33_000),
    ]
    assert (bill.amount, bill.tax, bill.discount) == (333_000, 33_000, 0)


@pytest.mark.parametrize(
    ("since", "total", "remark"),
    [
        (date(2026, 10, 31), 300_000, "-"),
        (date(2026, 11, 1), 300_000, "-"),
        (date(2026, 11, 2), 290_000, "2-30/11"),
        (date(2026, 11, 16), 150_000, "16-30/11"),
        (date(2026, 11, 30), 10_000, "30-30/11"),
    ],
)
def test_a_plan_that_began_in_the_month_is_charged_by_its_days(since: date, total: int, remark: str) -> None:
    (line,) = draft([Charge("P", "Internet", 300_000, 1, since=since)], NOVEMBER, tax_percent=0).lines
    assert (line.total, line.remark) == (total, remark)
    assert line.total == line.price * line.quantity - line.discount


def test_discounts_never_make_a_bill_ask_for_less_than_nothing() -> None:
    bill = draft([PLAN, Charge("Promo", "Discount", -400_000, 1)], NOVEMBER, tax_percent=11)
    assert (bill.amount, bill.tax) == (0, 0)
    assert sum(line.total for line in bill.lines) - bill.discount == bill.amount


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(st.integers(-500_000, 2_000_000), st.integers(1, 5), st.integers(0, 100_000)), max_size=5
    ),
    st.integers(0, 100),
    st.integers(1, 30),
)
def test_a_bill_asks_for_its_lines(charges: list[tuple[int, int, int]], percent: int, day: int) -> None:
    since = date(2026, 11, day)
    bill = draft(
        [Charge("x", "Internet", price, count, off, since) for price, count, off in charges],
        NOVEMBER,
        tax_percent=percent,
    )
    assert bill.amount == sum(line.total for line in bill.lines) - bill.discount
    assert bill.amount >= 0
    assert all(line.total == line.price * line.quantity - line.discount for line in bill.lines)
