"""What a recharge will mean, found out before anything is written: where, for how much, until when."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, select

from core.coupons.tables import coupons
from core.coupons.usecases import as_coupon
from core.network.tables import routers
from core.platform.errors import Conflict, NotFound
from core.platform.secrets import Keyring
from core.platform.uow import ReadTx
from core.preferences.types import Preferences
from core.prepaid import expiry, pricing
from core.prepaid.people import Holder
from core.prepaid.plans import RADIUS
from core.prepaid.types import Means, PrepaidPlan, Quote, Source, Unit
from core.settings import Settings
from core.subscriptions.tables import subscriptions
from core.subscriptions.types import ServiceStatus


class Desk(Struct, frozen=True):
    """What every recharge needs beside the transaction."""

    settings: Settings
    keyring: Keyring
    preferences: Preferences


class Recharge(Struct, frozen=True, kw_only=True):
    """What is wanted. `router` is a router's name or `radius`; empty means the plan's own. `key` makes a repeat harmless."""

    plan_id: int
    means: Means
    key: str
    router: str = ""
    note: str = ""
    coupon: str = ""
    brings_linked: bool = True


class Place(Struct, frozen=True):
    """A router, or RADIUS, which is none of ours."""

    router_id: int | None
    name: str


class Request(Struct, frozen=True):
    """A recharge with whom, what and where it is about."""

    wanted: Recharge
    holder: Holder
    plan: PrepaidPlan
    place: Place


class Deal(Struct, frozen=True):
    """A request with everything that was found out for it; `row` is what the customer has there, running or ended."""

    request: Request
    row: Row[Any] | None
    quote: Quote
    begins: datetime
    ends: datetime


async def place_named(tx: ReadTx, name: str) -> Place:
    """Raises `NotFound("router")`."""
    if name in {"", RADIUS}:
        return Place(None, RADIUS)
    router_id = await tx.scalar(select(routers.c.id).where(routers.c.alias == name))
    if router_id is None:
        raise NotFound("router")
    return Place(int(router_id), name)


async def deal_of(tx: ReadTx, desk: Desk, request: Request) -> Deal:
    """Raises `Conflict("billed_monthly")`, and what coupons raise."""
    row = await _held(tx, request)
    now = tx.now.astimezone(desk.settings.zone)
    told = await _quote(tx, desk.preferences, request, now.date(), is_first=row is None)
    terms, holder = request.plan.terms, request.holder
    of_plan = None if terms.is_prepaid else terms.fixed_day
    day = expiry.fixed_day(holder.attributes.get(pricing.FIXED_DAY), of_plan)
    month_end = desk.preferences.month_end
    if row is not None and _is_extended(row, request.plan, desk.preferences):
        running_until = row.expires_at.astimezone(desk.settings.zone)
        ends = expiry.extended(running_until, terms.validity, terms.unit, day=day, month_end=month_end)
    else:
        ends = expiry.ends_at(now, terms.validity, terms.unit, day=day, month_end=month_end)
    return Deal(request, row, told, now, ends)


async def _held(tx: ReadTx, request: Request) -> Row[Any] | None:
    own, router_id = subscriptions.c, request.place.router_id
    at = own.router_id.is_(None) if router_id is None else own.router_id == router_id
    row = await tx.first(
        select(subscriptions)
        .where(own.customer_id == request.holder.id, own.mode == request.plan.terms.kind.mode, at)
        .order_by(own.expires_at.is_(None), own.id.desc())
        .limit(1)
    )
    if row is not None and row.expires_at is None and row.status != ServiceStatus.INACTIVE:
        raise Conflict("billed_monthly")
    return row


def _is_extended(row: Row[Any], plan: PrepaidPlan, preferences: Preferences) -> bool:
    """The same plan while it runs gets longer; anything else begins now."""
    runs_on = row.expires_at is not None and (row.status, row.plan_id) == (ServiceStatus.ACTIVE, plan.id)
    return preferences.same_plan_extends and runs_on


async def _quote(
    tx: ReadTx, preferences: Preferences, request: Request, today: date, *, is_first: bool
) -> Quote:
    plan, holder, means = request.plan, request.holder, request.wanted.means
    price, bills, source = plan.price, pricing.bills_in(holder.attributes), means.source
    if plan.terms.unit is Unit.PERIOD:  # the first cycle is asked for at its end, with the second
        price = 0 if is_first else pricing.next_price(holder.attributes, price)
        bills = {} if is_first else bills
    if source is Source.VOUCHER and pricing.is_gift_voucher(means.channel):
        source = Source.NOTHING
    discount = 0
    if request.wanted.coupon:
        discount = await _discount(tx, preferences, request.wanted.coupon, price, today)
    return pricing.quote(price, bills, source, tax_percent=preferences.tax_percent, discount=discount)


async def _discount(tx: ReadTx, preferences: Preferences, code: str, price: int, today: date) -> int:
    if not preferences.coupons:
        raise Conflict("coupons_off")
    row = await tx.first(select(coupons).where(coupons.c.code == code).with_for_update())
    if row is None:
        raise NotFound("coupon")
    return pricing.discount_of(as_coupon(row), price, today)
