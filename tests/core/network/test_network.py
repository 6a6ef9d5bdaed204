"""Whose line is looked at, what is asked of its router, and what is said when nobody can see it."""

from __future__ import annotations

import pytest

from core.network.tables import routers
from core.network.types import Line
from core.network.usecases import SECTIONS
from core.platform.errors import Forbidden, NotFound, Unavailable
from core.subscriptions.tables import subscriptions
from tests.core.conftest import Shop

JOHN, WARUNG, RINA = 1, 3, 7


async def test_the_own_line_is_looked_at_through_its_router(shop: Shop) -> None:
    asked = frozenset({"usage"})
    report = await shop.network.report_for(JOHN, "ISP00123", asked)
    line = Line("ISP00123", "John Doe", "PPPOE", 1, "RT-01", "john_pppoe", "REG50M", is_isolated=False)
    assert report.line == line
    assert shop.routers.asked == [(line, asked)]


async def test_no_sections_mean_all_of_them(shop: Shop) -> None:
    await shop.network.report_for(JOHN, "ISP00123", frozenset())
    assert shop.routers.asked[0][1] == SECTIONS


async def test_an_isolated_line_is_said_to_be_isolated(shop: Shop) -> None:
    report = await shop.network.report_for(WARUNG, "28900002", SECTIONS)
    assert (report.line.is_isolated, report.line.mode, report.line.user) == (True, "STATIC", "10.20.0.5")


async def test_a_router_that_cannot_be_seen_is_unavailable_and_never_offline(shop: Shop) -> None:
    shop.routers.is_dark = True
    with pytest.raises(Unavailable, match="router"):
        await shop.network.report_for(JOHN, "ISP00123", SECTIONS)


async def test_refusals_ask_no_router(shop: Shop) -> None:
    with pytest.raises(NotFound, match="customer"):
        await shop.network.report_for(JOHN, "nobody", SECTIONS)
    with pytest.raises(Forbidden, match="not_yours"):
        await shop.network.report_for(JOHN, "28900001", SECTIONS)
    with pytest.raises(Forbidden, match="not_yours"):
        await shop.network.report_for(RINA, "ISP00123", SECTIONS)
    assert shop.routers.asked == []


@pytest.mark.parametrize("missing", [{"router_id": None}, {"mode": None}])
async def test_a_line_without_a_router_has_none_to_ask(shop: Shop, missing: dict[str, None]) -> None:
    johns = subscriptions.c.customer_id == JOHN
    await shop.change(subscriptions.update().where(johns).values(**missing))
    with pytest.raises(NotFound, match="router"):
        await shop.network.report_for(JOHN, "ISP00123", SECTIONS)


async def test_a_customer_without_a_subscription_has_no_router(shop: Shop) -> None:
    await shop.change(subscriptions.delete().where(subscriptions.c.customer_id == JOHN))
    with pytest.raises(NotFound, match="router"):
        await shop.network.report_for(JOHN, "ISP00123", SECTIONS)


async def test_a_router_out_of_service_is_not_asked(shop: Shop) -> None:
    await shop.change(routers.update().where(routers.c.id == 1).values(is_active=False))
    with pytest.raises(NotFound, match="router"):
        await shop.network.report_for(JOHN, "ISP00123", SECTIONS)
    assert shop.routers.asked == []
