"""What packages cost (phpnuxbill-2 contract §A4, §A5, §A9)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from core.coupons.types import Coupon, Kind, Terms
from core.platform.errors import Conflict
from core.prepaid.pricing import (
    after_paying,
    bills_in,
    discount_of,
    is_gift_voucher,
    next_price,
    quote,
    tax_on,
)
from core.prepaid.types import Source

DAY = date(2026, 11, 22)


def coupon(**changes: object) -> Coupon:
    terms = {
        "code": "HEMAT",
        "kind": Kind.FIXED,
        "value_hundredths": 2_000_000,
        "description": "",
        "max_uses": 0,
        "smallest_order": 0,
        "largest_discount": 0,
        "is_active": True,
        "starts_on": DAY,
        "ends_on": DAY,
    }
    uses = changes.pop("uses", 0)
    at = datetime(2026, 11, 1, tzinfo=UTC)
    return Coupon(id=1, terms=Terms(**terms | changes), uses=uses, created_at=at, updated_at=at)  # type: ignore[arg-type]


def test_tax_stays_outside_what_is_recorded() -> None:
    told = quote(100_000, {"Router Bill": 5_000}, Source.BALANCE, tax_percent="10")
    assert (told.recorded, told.tax, told.total) == (105_000, 10_000, 115_000)
    assert tax_on(12_345, "0.5") == 62
    assert tax_on(12_345, "") == 0


def test_who_brings_no_money_is_asked_no_tax() -> None:
    assert quote(100_000, {}, Source.VOUCHER, tax_percent="10").total == 100_000
    free = quote(100_000, {"Router Bill": 5_000}, Source.NOTHING, tax_percent="10")
    assert (free.recorded, free.total) == (0, 0)


def test_tax_is_asked_of_the_price_after_the_discount() -> None:
    told = quote(100_000, {"Router Bill": 5_000}, Source.GATEWAY, tax_percent="10", discount=20_000)
    assert (told.recorded, told.tax, told.total) == (105_000, 8_000, 93_000)


def test_bills_are_charged_every_time_or_until_they_are_paid_off() -> None:
    attributes = {"Router Bill": "5000:2", "Tower Bill": "7000", "Old Bill": "1000:0", "Note": "9"}
    assert bills_in(attributes) == {"Router Bill": 5_000, "Tower Bill": 7_000}
    assert after_paying(attributes) == {"Router Bill": "5000:1"}
    assert after_paying({"Router Bill": "5000:1"}) == {"Router Bill": "5000:0"}
    assert bills_in({"Router Bill": "5000:0", "Bad Bill": "-5", "Worse Bill": "x:1"}) == {}


def test_the_next_price_of_a_period() -> None:
    assert next_price({"Invoice": "70000"}, 300_000) == 70_000
    assert next_price({"Invoice": "70000.00"}, 300_000) == 70_000
    assert next_price({"Invoice": "0"}, 300_000) == 300_000
    assert next_price({}, 300_000) == 300_000


def test_a_gift_voucher_is_known_by_its_code() -> None:
    assert is_gift_voucher("GC12CABCDEFGHIJ")
    assert not is_gift_voucher("GC12CABCDEFGHI")
    assert not is_gift_voucher("gc12CABCDEFGHIJ")


def test_what_a_coupon_takes_off() -> None:
    assert discount_of(coupon(), 100_000, DAY) == 20_000
    share = {"kind": Kind.PERCENT, "value_hundredths": 1_250}
    assert discount_of(coupon(**share), 100_000, DAY) == 12_500
    assert discount_of(coupon(**share, largest_discount=9_000), 100_000, DAY) == 9_000


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"is_active": False}, "coupon_inactive"),
        ({"ends_on": date(2026, 11, 21)}, "coupon_not_today"),
        ({"max_uses": 2, "uses": 2}, "coupon_used_up"),
        ({"smallest_order": 100_001}, "coupon_order_too_small"),
        ({"value_hundredths": 10_000_000}, "coupon_exceeds_price"),
    ],
)
def test_why_a_coupon_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(Conflict) as refused:
        discount_of(coupon(**changes), 100_000, DAY)
    assert refused.value.reason == reason
