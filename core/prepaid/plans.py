"""Plans that are sold by validity: read with their terms, offered, linked."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import Row, Select, func, select

from core.catalog.tables import plan_categories, plans, regions
from core.network.tables import routers
from core.platform.errors import NotFound
from core.platform.uow import ReadTx, WriteTx
from core.prepaid.tables import plan_customers, plan_links, prepaid_plans
from core.prepaid.types import PlanKind, PrepaidPlan, Terms, Unit, Visibility

RADIUS = "radius"
_CATEGORY = "Prepaid"

PLANS: Select[Any] = (
    select(
        plans.c.name,
        plans.c.price,
        plans.c.is_active,
        plans.c.address_pool,
        func.coalesce(routers.c.alias, "").label("router"),
        *prepaid_plans.c,
    )
    .join_from(prepaid_plans, plans, plans.c.id == prepaid_plans.c.plan_id)
    .outerjoin(routers, routers.c.id == prepaid_plans.c.router_id)
)


async def plan_of(tx: ReadTx, plan_id: int) -> PrepaidPlan:
    """Raises `NotFound("plan")`, also for a plan that is billed by the month."""
    row = await tx.first(PLANS.where(prepaid_plans.c.plan_id == plan_id))
    if row is None:
        raise NotFound("plan")
    return as_plan(row)


async def linked_to(tx: ReadTx, plan_id: int) -> tuple[int, ...]:
    """The enabled plans that come along with one."""
    pairs = (
        select(plan_links.c.linked_plan_id)
        .join(plans, plans.c.id == plan_links.c.linked_plan_id)
        .where(plan_links.c.plan_id == plan_id, plans.c.is_active)
        .order_by(plan_links.c.linked_plan_id)
    )
    return tuple(row.linked_plan_id for row in await tx.all(pairs))


async def is_shown_to(tx: ReadTx, plan: PrepaidPlan, customer_id: int) -> bool:
    """Whether a customer may choose a plan; staff and vouchers do not ask."""
    if plan.terms.visibility is Visibility.ALL:
        return True
    pair = (plan_customers.c.plan_id == plan.id, plan_customers.c.customer_id == customer_id)
    is_named = await tx.scalar(select(plan_customers.c.plan_id).where(*pair)) is not None
    return is_named is (plan.terms.visibility is Visibility.CUSTOM)


async def offer(
    tx: WriteTx,
    name: str,
    price: int,
    terms: Terms,
    *,
    is_enabled: bool = True,
    rate_limit: str | None = None,
) -> int:
    """Add a plan that is sold by validity; it stands in no list of monthly plans. Returns its id."""
    plan_id = await tx.insert(
        plans,
        region_id=await _first_region(tx),
        category_id=await _category(tx),
        name=name,
        description="",
        price=price,
        is_public=False,
        is_active=is_enabled,
        rate_limit=rate_limit,
    )
    await tx.execute(prepaid_plans.insert(), {"plan_id": plan_id} | asdict(terms))
    return plan_id


async def link(tx: WriteTx, plan_id: int, others: Collection[int]) -> None:
    """Let a plan bring these along, and no others; unknown ones and itself are left out."""
    links = plan_links.c
    await tx.execute(
        plan_links.delete().where((links.plan_id == plan_id) | (links.linked_plan_id == plan_id))
    )
    known = await tx.all(select(prepaid_plans.c.plan_id).where(prepaid_plans.c.plan_id.in_(others)))
    ids = sorted({row.plan_id for row in known} - {plan_id})
    rows = [
        pair
        for other in ids
        for pair in (
            {"plan_id": plan_id, "linked_plan_id": other},
            {"plan_id": other, "linked_plan_id": plan_id},
        )
    ]
    if rows:
        await tx.execute(plan_links.insert(), rows)


def as_plan(row: Row[Any]) -> PrepaidPlan:
    """A row of `PLANS`."""
    values = {name: getattr(row, name) for name in Terms.__struct_fields__}
    typed = {
        "kind": PlanKind(row.kind),
        "unit": Unit(row.unit),
        "visibility": Visibility(row.visibility),
    }
    router = RADIUS if row.is_radius else row.router
    return PrepaidPlan(
        row.plan_id, row.name, row.price, row.is_active, row.address_pool, router, Terms(**values | typed)
    )


async def _first_region(tx: WriteTx) -> int:
    region_id = await tx.scalar(select(func.min(regions.c.id)))
    return int(region_id) if region_id is not None else await tx.insert(regions, name="Default")


async def _category(tx: WriteTx) -> int:
    known = select(func.min(plan_categories.c.id)).where(plan_categories.c.name == _CATEGORY)
    category_id = await tx.scalar(known)
    return int(category_id) if category_id is not None else await tx.insert(plan_categories, name=_CATEGORY)
