"""What coupons are made of."""

from __future__ import annotations

import enum
from datetime import date, datetime

from msgspec import Struct


class Kind(enum.StrEnum):
    FIXED = "fixed"
    PERCENT = "percent"


class Terms(Struct, frozen=True, kw_only=True):
    """What staff decide of a coupon. `value_hundredths` is in hundredths of a rupiah or of a percent; days are included."""

    code: str
    kind: Kind
    value_hundredths: int
    description: str
    max_uses: int  # 0 for any number
    smallest_order: int
    largest_discount: int
    is_active: bool
    starts_on: date
    ends_on: date


class Coupon(Struct, frozen=True, kw_only=True):
    """A coupon with what has become of it."""

    id: int
    terms: Terms
    uses: int
    created_at: datetime
    updated_at: datetime


class CouponFilter(Struct, frozen=True, kw_only=True):
    """Which coupons a list shows; `search` looks into the code."""

    search: str = ""
    is_active: bool | None = None
    limit: int = 5
    offset: int = 0


class CouponPage(Struct, frozen=True):
    """Some coupons, and how many there are in all."""

    coupons: tuple[Coupon, ...]
    total: int
