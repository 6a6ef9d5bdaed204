"""What is on sale where."""

from __future__ import annotations

import pytest

from core.catalog.types import Plan, PlanCategory, Region
from tests.core.conftest import Shop


async def test_regions_are_listed_in_their_order(shop: Shop) -> None:
    assert await shop.catalog.regions() == (Region(1, "Region Jakarta"), Region(2, "Region Bandung"))


async def test_only_public_active_plans_of_the_region_are_on_sale_cheapest_first(shop: Shop) -> None:
    internet = PlanCategory(3, "Internet")
    assert await shop.catalog.plans_on_sale(1) == (
        Plan(12, 1, "Home 50 Mbps", "Unlimited broadband", 300_000, internet),
        Plan(13, 1, "Home 100 Mbps", "Unlimited broadband", 450_000, internet),
    )
    assert [plan.id for plan in await shop.catalog.plans_on_sale(2)] == [21]


@pytest.mark.parametrize("region", [0, -1, 3, 2**63, 10**40])
async def test_an_unknown_region_sells_nothing(shop: Shop, region: int) -> None:
    assert await shop.catalog.plans_on_sale(region) == ()
