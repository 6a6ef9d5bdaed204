"""What can be asked of the catalogue."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from core.catalog.tables import plan_categories, plans, regions
from core.catalog.types import Plan, PlanCategory, Region
from core.platform.prepared import Prepared
from core.platform.uow import UnitOfWork

_REGIONS = Prepared(select(regions.c.id, regions.c.name).order_by(regions.c.id))
_ON_SALE = Prepared(
    select(
        plans.c.id,
        plans.c.region_id,
        plans.c.name,
        plans.c.description,
        plans.c.price,
        plans.c.category_id,
        plan_categories.c.name.label("category"),
    )
    .join(plan_categories, plan_categories.c.id == plans.c.category_id)
    .where(plans.c.region_id == bindparam("region_id"), plans.c.is_public, plans.c.is_active)
    .order_by(plans.c.price, plans.c.id)
)


class Catalog:
    """Each method is one use case and one read."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def regions(self) -> tuple[Region, ...]:
        async with self._uow.read() as tx:
            rows = await tx.rows(_REGIONS)
        return tuple(Region(row.id, row.name) for row in rows)

    async def plans_on_sale(self, region_id: int) -> tuple[Plan, ...]:
        """Public, active plans of a region, cheapest first; empty for an unknown region."""
        async with self._uow.read() as tx:
            rows = await tx.rows(_ON_SALE, region_id=region_id)
        return tuple(
            Plan(
                row.id,
                row.region_id,
                row.name,
                row.description,
                row.price,
                PlanCategory(row.category_id, row.category),
            )
            for row in rows
        )
