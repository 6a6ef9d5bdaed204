"""A network to watch: the demo's lines, their two routers as simulators, and the scanner, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.adapters.routeros import Limits, RouterOsGateway
from core.monitoring.scanning import Scanning, Visit
from core.monitoring.tables import line_samples, line_sightings, router_scans
from core.network.tables import routers
from core.platform.secrets import Keyring
from core.subscriptions.tables import subscriptions
from sandbox.routeros import ApiUser, Router, Simulator, demo_router
from tests.core.conftest import Shop

#: No router rests: time stands still in these tests.
LIMITS = Limits(scan_s=2, record_kept_for=timedelta(0), rests_after=10**9)


@dataclass
class Watch:
    """What a test holds."""

    shop: Shop
    first: Simulator
    second: Simulator
    gateway: RouterOsGateway

    @property
    def scanning(self) -> Scanning:
        return Scanning(self.shop.uow, self.gateway)

    async def scan(self, minutes: float = 0) -> list[Visit]:
        """Let time pass, then scan."""
        self.shop.clock.move(timedelta(minutes=minutes))
        return await self.scanning.run()

    async def sighting(self, user: str) -> Any:
        found = select(line_sightings).join(
            subscriptions, subscriptions.c.id == line_sightings.c.subscription_id
        )
        rows = await self.shop.all(found.where(subscriptions.c.line_user == user))
        return rows[0] if rows else None

    async def samples(self, user: str) -> list[Any]:
        found = select(line_samples).join(subscriptions, subscriptions.c.id == line_samples.c.subscription_id)
        return await self.shop.all(
            found.where(subscriptions.c.line_user == user).order_by(line_samples.c.starts)
        )

    async def outcomes(self, router_id: int) -> list[str]:
        scans = select(router_scans.c.outcome).where(router_scans.c.router_id == router_id)
        return [row.outcome for row in await self.shop.all(scans.order_by(router_scans.c.started_at))]


def row(simulator: Simulator, menu: str, name: str) -> dict[str, str]:
    table = simulator.state.tables[menu]
    [found] = table.select((f"?{table.key}={name}",))
    return found


@pytest.fixture
async def watch(shop: Shop, keyring: Keyring) -> AsyncIterator[Watch]:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(Simulator(demo_router()))
        second = await stack.enter_async_context(
            Simulator(Router(identity="RT-02", users=(ApiUser("loket", "loket"),)))
        )
        for router_id, simulator in ((1, first), (2, second)):
            await shop.change(routers.update().where(routers.c.id == router_id).values(port=simulator.port))
        gateway = RouterOsGateway(shop.uow, keyring, shop.clock, limits=LIMITS, allow_loopback=True)
        stack.push_async_callback(gateway.aclose)
        yield Watch(shop, first, second, gateway)
