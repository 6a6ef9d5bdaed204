"""Reads of subscriptions and orders that use cases share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from core.catalog.tables import plans
from core.customers.tables import customers
from core.platform.uow import ReadTx
from core.subscriptions.rules import monthly
from core.subscriptions.tables import plan_orders, subscriptions
from core.subscriptions.types import CurrentPlan, OrderKind, OrderStatus, PlanOrder, ServiceStatus

_current = (
    select(
        subscriptions,
        plans.c.name.label("plan_name"),
        plans.c.region_id,
    )
    .join_from(subscriptions, plans, plans.c.id == subscriptions.c.plan_id)
    .order_by(subscriptions.c.status == ServiceStatus.INACTIVE, subscriptions.c.id)
    .limit(1)
)
_listed = (
    select(plan_orders, plans.c.name.label("plan_name"), customers.c.service_number, customers.c.name)
    .join_from(plan_orders, plans, plans.c.id == plan_orders.c.plan_id)
    .join(customers, customers.c.id == plan_orders.c.customer_id)
)
#: An order that is neither done nor given up.
OPEN = (OrderStatus.WAITING, OrderStatus.APPROVED)


async def subscription_of(tx: ReadTx, customer_id: int, *, lock: bool = False) -> Row[Any] | None:
    """The customer's first subscription that has not ended, else the first, with its plan's name and region."""
    statement = _current.where(subscriptions.c.customer_id == customer_id)
    return await tx.first(statement.with_for_update(of=subscriptions) if lock else statement)


async def current_plan(tx: ReadTx, customer_id: int) -> CurrentPlan | None:
    """What runs now, and the change that is under way."""
    row = await subscription_of(tx, customer_id)
    if row is None:
        return None
    changes = await open_orders(tx, customer_id, OrderKind.CHANGE)
    return CurrentPlan(
        plan_id=row.plan_id,
        plan_name=row.plan_name,
        region_id=row.region_id,
        monthly=monthly(row.quantity, row.price, row.discount),
        quantity=row.quantity,
        discount=row.discount,
        is_waiting=row.status == "waiting",
        change=changes[0] if changes else None,
    )


async def open_orders(tx: ReadTx, customer_id: int, kind: OrderKind) -> tuple[PlanOrder, ...]:
    """A customer's orders of a kind that are under way, newest first."""
    mine = (plan_orders.c.customer_id == customer_id, plan_orders.c.kind == kind)
    rows = await tx.all(
        _listed.where(*mine, plan_orders.c.status.in_(OPEN)).order_by(plan_orders.c.id.desc())
    )
    return tuple(as_order(row) for row in rows)


async def orders(tx: ReadTx, status: OrderStatus, *, limit: int) -> tuple[PlanOrder, ...]:
    """Orders in a state, oldest first."""
    rows = await tx.all(_listed.where(plan_orders.c.status == status).order_by(plan_orders.c.id).limit(limit))
    return tuple(as_order(row) for row in rows)


async def order_numbered(tx: ReadTx, number: str) -> Row[Any] | None:
    """An order by its number, locked until the end of a write."""
    return await tx.first(_listed.where(plan_orders.c.number == number).with_for_update(of=plan_orders))


async def order_seen(tx: ReadTx, number: str) -> PlanOrder | None:
    """An order by its number, to be looked at."""
    row = await tx.first(_listed.where(plan_orders.c.number == number))
    return None if row is None else as_order(row)


async def order_of_request(tx: ReadTx, request_id: str) -> PlanOrder | None:
    """What a request has ordered already."""
    row = await tx.first(_listed.where(plan_orders.c.request_id == request_id))
    return None if row is None else as_order(row)


def as_order(row: Row[Any]) -> PlanOrder:
    return PlanOrder(
        number=row.number,
        customer_id=row.customer_id,
        service_number=row.service_number,
        customer_name=row.name,
        kind=OrderKind(row.kind),
        status=OrderStatus(row.status),
        plan_id=row.plan_id,
        plan_name=row.plan_name,
        price=row.price,
        effective_on=row.effective_on,
        created_at=row.created_at,
    )
