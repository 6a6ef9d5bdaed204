"""Coupons (phpnuxbill-1 contract §7.7)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation

from api.nuxbill import replies
from api.nuxbill.actions import ADMIN, GET, POST, SALES, SUPERADMIN, Controller, Likeness, Param
from api.nuxbill.call import Call
from api.nuxbill.paginator import paging
from api.nuxbill.replies import Done, Page, Refused, Reply
from api.nuxbill.rows import day, moment, money
from core.coupons.types import Coupon, CouponFilter, Kind, Terms
from core.platform.errors import Conflict, NotFound

coupons = Controller("coupons", roles=(SUPERADMIN, ADMIN, SALES))

_MENU = "crm"
_FORM = (
    Param("code", "Letters and digits, at most 50, unique.", required=True),
    Param("type", "fixed or percent", required=True),
    Param("value", "More than 0; a percentage at most 100.", required=True),
    Param("description", required=True),
    Param("max_usage", "0 for any number."),
    Param("min_order_amount", required=True),
    Param("max_discount_amount", required=True),
    Param("status", "active or inactive"),
    Param("start_date", required=True),
    Param("end_date", required=True),
)
_ONLY_REAL = (
    "Refuses what the original stores: unknown types, percentages above 100, an end before its start."
)


@coupons.action(
    takes=(Param("search"), Param("filter", "active or inactive"), Param("p")),
    gives="coupons, paginator",
    likeness=Likeness.DIFFERENT,
    because="The filter works.",
)
async def show_coupons(call: Call) -> Reply:
    """The coupons, five a page."""
    asked = paging(call, 5)
    only = {"active": True, "inactive": False}.get(call.text("filter"))
    wanted = CouponFilter(search=call.text("search"), is_active=only, limit=asked.limit, offset=asked.offset)
    found = await call.services.coupons.list(wanted)
    rows = [_row(each, call) for each in found.coupons]
    return Page("Coupons", _MENU, {"coupons": rows, "paginator": asked.described(call, found.total)})


@coupons.action("add", methods=GET)
async def show_form(_call: Call) -> Reply:
    """The empty form."""
    return Page("Add Coupon", _MENU)


@coupons.action("add-post", methods=POST, takes=_FORM, likeness=Likeness.STRICTER, because=_ONLY_REAL)
async def add(call: Call) -> Reply:
    """Make a coupon."""
    terms = _terms(call, _adding)
    try:
        coupon_id = await call.services.coupons.add(terms, actor=call.actor)
    except Conflict as error:
        raise Refused("Coupon Code already exists") from error
    return Done("Coupon has been added successfully", {"id": coupon_id})


@coupons.action(
    "edit", path=("id",), gives="coupon", likeness=Likeness.DIFFERENT, because="GET is allowed too."
)
async def show_coupon(call: Call) -> Reply:
    """One coupon."""
    coupon_id = call.path_id() or call.whole("id")
    if not coupon_id:
        raise Refused("Invalid Coupon ID")
    try:
        found = await call.services.coupons.of(coupon_id)
    except NotFound as error:
        raise Refused("Coupon Not Found") from error
    return Page("Edit Coupon", _MENU, {"coupon": _row(found, call)})


@coupons.action(
    "edit-post",
    methods=POST,
    takes=(Param("id", "Or coupon_id, or the third segment.", required=True), *_FORM),
    likeness=Likeness.DIFFERENT,
    because="The original overwrites the first coupon of the table, whichever was meant.",
)
async def change(call: Call) -> Reply:
    """Change a coupon; how often it was used stays."""
    coupon_id = call.whole("id") or call.whole("coupon_id") or call.path_id()
    terms = _terms(call, _changing)
    try:
        await call.services.coupons.change(coupon_id, terms, actor=call.actor)
    except NotFound as error:
        raise Refused("Coupon Not Found") from error
    except Conflict as error:
        raise Refused("Coupon Code already exists") from error
    return Done("Coupon has been updated successfully")


@coupons.action(
    "delete",
    methods=POST,
    takes=(Param("couponIds", "The ids as a JSON array, or as couponIds[].", required=True),),
    gives="deleted",
    likeness=Likeness.DIFFERENT,
    because="Enveloped.",
)
async def delete(call: Call) -> Reply:
    """Delete coupons."""
    ids = _ids(call)
    if not ids:
        raise Refused("Invalid or missing coupon IDs.")
    gone = await call.services.coupons.delete(ids, actor=call.actor)
    return Done("Coupons Deleted Successfully.", {"deleted": gone})


@coupons.action(
    "status",
    methods=POST,
    takes=(Param("coupon_id", required=True), Param("status", "active or inactive", required=True)),
    likeness=Likeness.DIFFERENT,
    because="No csrf_token is needed, and no other status is stored.",
)
async def switch(call: Call) -> Reply:
    """Switch a coupon on or off."""
    coupon_id, status = call.whole("coupon_id"), call.text("status")
    if not coupon_id or status not in {"active", "inactive"}:
        raise Refused("Invalid request")
    try:
        await call.services.coupons.switch(coupon_id, is_active=status == "active", actor=call.actor)
    except NotFound as error:
        raise Refused("Coupon not found.") from error
    return Done("Coupon status updated successfully.")


def _adding(words: str) -> str:
    return f"Coupon {words}"


def _changing(words: str) -> str:
    """The second form's texts, which differ in their capitals; clients match on them."""
    return f"Coupon {words.lower()}"


def _terms(call: Call, said: Callable[[str], str]) -> Terms:
    """Read the form; raises `Refused` with every problem at once."""
    code = re.sub("[^A-Za-z0-9]", "", call.posted("code"))[:50]
    kind, value = call.posted("type"), _hundredths(call.posted("value"))
    description = call.posted("description")
    uses, smallest, largest = (
        call.whole("max_usage"),
        call.money("min_order_amount"),
        call.money("max_discount_amount"),
    )
    status = call.posted("status", "active")
    starts, ends = _day(call.posted("start_date")), _day(call.posted("end_date"))
    checks = (
        (not code, said("Code is required")),
        (not kind, said("Type is required")),
        (bool(kind) and kind not in set(Kind), "Invalid coupon type"),
        (not value or (kind == Kind.PERCENT and value > 100 * 100), said("Value is required")),
        (not description, said("Description is required")),
        (uses < 0, "Coupon Maximum Usage must be greater than or equal to 0"),
        (smallest is None or smallest < 0, said("Minimum Order Amount is required")),
        (not largest or largest < 0, said("Maximum Discount Amount is required")),
        (status not in {"active", "inactive"}, said("Status is required")),
        (starts is None, said("Start Date is required")),
        (ends is None or (starts is not None and ends < starts), said("End Date is required")),
    )
    problems = [text for is_wrong, text in checks if is_wrong]
    if problems or value is None or smallest is None or largest is None or starts is None or ends is None:
        raise Refused(replies.lines(problems))
    return Terms(
        code=code,
        kind=Kind(kind),
        value_hundredths=value,
        description=description,
        max_uses=uses,
        smallest_order=smallest,
        largest_discount=largest,
        is_active=status == "active",
        starts_on=starts,
        ends_on=ends,
    )


def _hundredths(raw: str) -> int | None:
    """A positive number with at most two decimals."""
    try:
        number = Decimal(raw) * 100
    except InvalidOperation:
        return None
    is_sound = number.is_finite() and number > 0 and number == number.to_integral_value() and number < 10**12
    return int(number) if is_sound else None


def _day(raw: str) -> date | None:
    try:
        return date.fromisoformat(raw[:10])
    except ValueError:
        return None


def _ids(call: Call) -> set[int]:
    listed = call.texts("couponIds")
    if not listed:
        try:
            given = json.loads(call.posted("couponIds") or "[]")
        except ValueError:
            return set()
        listed = [str(each) for each in given] if isinstance(given, list) else []
    return {int(each) for each in listed if each.isdigit() and len(each) <= 15}


def _row(coupon: Coupon, call: Call) -> dict[str, object]:
    terms, zone = coupon.terms, call.services.settings.zone
    return {
        "id": coupon.id,
        "code": terms.code,
        "type": terms.kind,
        "value": (Decimal(terms.value_hundredths) / 100).quantize(Decimal("0.01")),
        "description": terms.description,
        "max_usage": terms.max_uses,
        "usage_count": coupon.uses,
        "status": "active" if terms.is_active else "inactive",
        "min_order_amount": money(terms.smallest_order),
        "max_discount_amount": money(terms.largest_discount),
        "start_date": day(terms.starts_on),
        "end_date": day(terms.ends_on),
        "created_at": moment(coupon.created_at, zone),
        "updated_at": moment(coupon.updated_at, zone),
    }
