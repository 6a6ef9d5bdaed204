"""What can be asked of the catalogue."""

from __future__ import annotations

from sqlalchemy import select

from core.catalog.tables import plan_categories, plans, regions
from core.catalog.types import Plan, PlanCategory, Region
from core.platform.uow import UnitOfWork


class Catalog:
    """Each method is one use case and one read."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def regions(self) -> tuple[Region, ...]:
        async with self._uow.read() as tx:
            rows = await tx.all(select(regions).order_by(regions.c.id))
        return tuple(Region(row.id, row.name) for row in rows)

    async def plans_on_sale(self, region_id: int) -> tuple[Plan, ...]:
        """Public, active plans of a region, cheapest first; empty for an unknown region."""
        statement = (
            select(plans, plan_categories.c.name.label("category"))
            .join(plan_categories, plan_categories.c.id == plans.c.category_id)
            .where(plans.c.region_id == region_id, plans.c.is_public, plans.c.is_active)
            .order_by(plans.c.price, plans.c.id)
        )
        async with self._uow.read() as tx:
            rows = await tx.all(statement)
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
