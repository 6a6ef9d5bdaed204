"""Packages as lists show them: who has what, until when, how it was paid."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, Select, func, or_, select

from core.catalog.tables import plans
from core.customers.tables import customer_accounts, customers
from core.network.tables import routers
from core.platform.uow import ReadTx, WriteTx
from core.prepaid.plans import RADIUS
from core.prepaid.tables import prepaid_plans, purchases, recharges
from core.prepaid.types import Order, OrderStatus, PlanKind, Running
from core.subscriptions.tables import subscriptions
from core.subscriptions.types import ServiceStatus

_KINDS = {kind.mode: kind.value for kind in PlanKind}
_username = func.coalesce(customer_accounts.c.username, recharges.c.guest_code, "")
_router = func.coalesce(routers.c.alias, RADIUS)

_PACKAGES: Select[Any] = (
    select(
        subscriptions.c.id.label("subscription_id"),
        subscriptions.c.customer_id,
        subscriptions.c.plan_id,
        subscriptions.c.price,
        subscriptions.c.mode,
        subscriptions.c.router_id,
        subscriptions.c.status,
        subscriptions.c.isolated_at,
        subscriptions.c.expires_at,
        recharges.c.recharged_at,
        recharges.c.gateway,
        recharges.c.channel,
        recharges.c.staff_id,
        recharges.c.guest_code,
        _username.label("username"),
        customers.c.name.label("full_name"),
        plans.c.name.label("plan_name"),
        func.coalesce(prepaid_plans.c.account_kind, "Personal").label("plan_type"),
        func.coalesce(prepaid_plans.c.is_prepaid, True).label("is_prepaid"),
        _router.label("router"),
    )
    .join_from(recharges, subscriptions, subscriptions.c.id == recharges.c.subscription_id)
    .join(customers, customers.c.id == subscriptions.c.customer_id)
    .outerjoin(customer_accounts, customer_accounts.c.customer_id == customers.c.id)
    .join(plans, plans.c.id == subscriptions.c.plan_id)
    .outerjoin(prepaid_plans, prepaid_plans.c.plan_id == plans.c.id)
    .outerjoin(routers, routers.c.id == subscriptions.c.router_id)
)


class PackagesWanted(Struct, frozen=True, kw_only=True):
    """Which packages a list shows."""

    search: str = ""
    is_on: bool | None = None
    router: str = ""
    plan_id: int | None = None
    customer_id: int | None = None
    ended_by: datetime | None = None  # the latest end
    limit: int = 25
    offset: int = 0


async def package(tx: ReadTx, subscription_id: int, *, customer_id: int | None = None) -> Running | None:
    own = () if customer_id is None else (subscriptions.c.customer_id == customer_id,)
    row = await tx.first(_PACKAGES.where(subscriptions.c.id == subscription_id, *own))
    return None if row is None else _running(row)


async def page_of(tx: ReadTx, wanted: PackagesWanted) -> tuple[tuple[Running, ...], int]:
    """Newest first, and how many there are in all."""
    those = _conditions(wanted)
    page = _PACKAGES.where(*those).order_by(subscriptions.c.id.desc())
    rows = await tx.all(page.limit(wanted.limit).offset(wanted.offset))
    counted = _PACKAGES.where(*those).with_only_columns(func.count(), maintain_column_froms=True)
    return tuple(map(_running, rows)), int(await tx.scalar(counted))


def due(now: datetime, after: tuple[datetime, int] | None, limit: int) -> Select[Any]:
    """Packages whose time is over, those that ended first in front; `after` is where the last batch stopped."""
    own = subscriptions.c
    over = (own.status == ServiceStatus.ACTIVE, own.expires_at <= now)
    later = (
        ()
        if after is None
        else (or_(own.expires_at > after[0], (own.expires_at == after[0]) & (own.id > after[1])),)
    )
    return select(own.id, own.expires_at).where(*over, *later).order_by(own.expires_at, own.id).limit(limit)


async def orders_of(
    tx: ReadTx, customer_id: int, *, limit: int, offset: int
) -> tuple[tuple[Order, ...], int]:
    """A customer's purchases, newest first, and how many there are in all."""
    own = purchases.c.customer_id == customer_id
    page = select(purchases).where(own).order_by(purchases.c.id.desc()).limit(limit).offset(offset)
    rows = await tx.all(page)
    total = await tx.scalar(select(func.count()).select_from(purchases).where(own))
    return tuple(map(_order, rows)), int(total)


async def give_up_orders(tx: WriteTx, customer_id: int, before: datetime) -> None:
    """Cancel a customer's unpaid orders whose time is over, or that are older than that."""
    own = (purchases.c.customer_id == customer_id, purchases.c.status == OrderStatus.UNPAID)
    is_over = or_(purchases.c.expires_at < tx.now, purchases.c.created_at < before)
    await tx.execute(purchases.update().where(*own, is_over).values(status=OrderStatus.CANCELLED))


async def unpaid_order(tx: ReadTx, customer_id: int) -> Order | None:
    own = (purchases.c.customer_id == customer_id, purchases.c.status == OrderStatus.UNPAID)
    row = await tx.first(select(purchases).where(*own).order_by(purchases.c.id).limit(1))
    return None if row is None else _order(row)


def _conditions(wanted: PackagesWanted) -> tuple[ColumnElement[bool], ...]:
    found: list[ColumnElement[bool]] = []
    if wanted.search:
        looked_in = (
            _username,
            customers.c.name,
            customers.c.contact_address,
            customers.c.phone,
            customers.c.email,
        )
        found.append(or_(*(column.icontains(wanted.search, autoescape=True) for column in looked_in)))
    if wanted.is_on is not None:
        is_on = subscriptions.c.status == ServiceStatus.ACTIVE
        found.append(is_on if wanted.is_on else ~is_on)
    if wanted.router:
        found.append(_router == wanted.router)
    if wanted.plan_id is not None:
        found.append(subscriptions.c.plan_id == wanted.plan_id)
    if wanted.ended_by is not None:
        found.append(subscriptions.c.expires_at <= wanted.ended_by)
    if wanted.customer_id is not None:
        found.append(subscriptions.c.customer_id == wanted.customer_id)
    return tuple(found)


def _running(row: Row[Any]) -> Running:
    return Running(
        subscription_id=row.subscription_id,
        customer_id=row.customer_id,
        is_guest=row.guest_code is not None,
        username=row.username,
        full_name=row.full_name,
        plan_id=row.plan_id,
        plan_name=row.plan_name,
        price=row.price,
        kind=_KINDS.get(row.mode, row.mode),
        plan_type=row.plan_type,
        is_prepaid=bool(row.is_prepaid),
        router_id=row.router_id,
        router=row.router,
        method=f"{row.gateway} - {row.channel}",
        staff_id=row.staff_id,
        recharged_at=row.recharged_at,
        expires_at=row.expires_at,
        is_on=row.status == ServiceStatus.ACTIVE,
    )


def _order(row: Row[Any]) -> Order:
    facts = {name: getattr(row, name) for name in Order.__struct_fields__}
    return Order(**facts | {"status": OrderStatus(row.status)})
