"""What a package costs: price, additional bills, discount, tax (phpnuxbill-2 contract §A4, §A5, §A9). No database here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from core.coupons.types import Coupon, Kind
from core.platform.errors import Conflict
from core.prepaid.types import Quote, Source

#: The attributes of a customer that speak of money.
NEXT_PRICE, FIXED_DAY, BILL = "Invoice", "Expired Date", "Bill"

_BILL = re.compile(r"(?P<cost>\d{1,12})(?:\.0*)?(?::(?P<rest>\d{0,6}))?")
#: A voucher that was paid for as a gift already.
_GIFT_VOUCHER = re.compile(r"GC\d+C.{10}")


def tax_on(price: int, percent: str) -> int:
    """The tax on a price in whole rupiah; `percent` is a decimal as text, empty for none."""
    exact = Decimal(price) * Decimal(percent or 0) / 100
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def bills_in(attributes: Mapping[str, str]) -> dict[str, int]:
    """What is charged beside the plan: every time, or while instalments are left."""
    found: dict[str, int] = {}
    for name, value in attributes.items():
        bill = _BILL.fullmatch(value.strip()) if name.endswith(BILL) else None
        if bill is not None and (bill["rest"] is None or int(bill["rest"] or 0) > 0):
            found[name] = int(bill["cost"])
    return found


def after_paying(attributes: Mapping[str, str]) -> dict[str, str]:
    """The instalments of which one less is left."""
    found: dict[str, str] = {}
    for name in bills_in(attributes):
        bill = _BILL.fullmatch(attributes[name].strip())
        if bill is not None and bill["rest"]:
            found[name] = f"{bill['cost']}:{int(bill['rest']) - 1}"
    return found


def next_price(attributes: Mapping[str, str], price: int) -> int:
    """What the next cycle of a fixed period costs: as was noted at the one before, else the plan's price."""
    noted = attributes.get(NEXT_PRICE, "").strip().partition(".")[0]
    return int(noted) if noted.isdecimal() and int(noted) else price


def quote(
    price: int, bills: Mapping[str, int], source: Source, *, tax_percent: str, discount: int = 0
) -> Quote:
    """What a package costs; tax is asked of those who pay with money, on the plan's price after the discount."""
    if source is Source.NOTHING:
        return Quote(price=0, bills={})
    if source is Source.GIFT:
        return Quote(price=price, bills={}, discount=price)
    taxed = source in {Source.COUNTER, Source.BALANCE, Source.GATEWAY}
    tax = tax_on(price - discount, tax_percent) if taxed else 0
    return Quote(price=price, bills=bills, discount=discount, tax=tax)


def is_gift_voucher(code: str) -> bool:
    return _GIFT_VOUCHER.fullmatch(code) is not None


def discount_of(coupon: Coupon, price: int, today: date) -> int:
    """What a coupon takes off a price.

    Raises `Conflict` (`coupon_inactive`, `coupon_not_today`, `coupon_used_up`, `coupon_order_too_small`,
    `coupon_exceeds_price`), in this order.
    """
    terms = coupon.terms
    refusals = (
        ("coupon_inactive", not terms.is_active),
        ("coupon_not_today", not terms.starts_on <= today <= terms.ends_on),
        ("coupon_used_up", bool(terms.max_uses) and coupon.uses >= terms.max_uses),
        ("coupon_order_too_small", price < terms.smallest_order),
    )
    for reason, is_refused in refusals:
        if is_refused:
            raise Conflict(reason)
    discount = terms.value_hundredths // 100
    if terms.kind is Kind.PERCENT:
        share = (2 * price * terms.value_hundredths + 10_000) // 20_000
        discount = min(share, terms.largest_discount) if terms.largest_discount else share
    if discount >= price:
        raise Conflict("coupon_exceeds_price")
    return discount
