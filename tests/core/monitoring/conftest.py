"""A network to watch: the demo's lines, their two routers as simulators, and the scanner, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.adapters.routeros import Limits, RouterOsGateway
from core.customers.tables import customers
from core.messaging.notices import TEXT_TOPIC
from core.monitoring.incidents import Incidents
from core.monitoring.scanning import Scanning, Visit
from core.monitoring.tables import line_samples, line_sightings, router_scans
from core.monitoring.usecases import Monitoring
from core.network.tables import routers
from core.platform.secrets import Keyring
from core.settings import Settings
from core.subscriptions.tables import subscriptions
from sandbox.routeros import ApiUser, PppActive, Router, Simulator, demo_router
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
    settings: Settings

    @property
    def scanning(self) -> Scanning:
        return Scanning(self.shop.uow, self.gateway)

    async def scan(self, minutes: float = 0) -> tuple[Visit, ...]:
        """Let time pass, then scan."""
        self.shop.clock.move(timedelta(minutes=minutes))
        return (await self.scanning.run()).visits

    async def round(self, minutes: float = 1) -> None:
        """What the schedule does: scan and conclude."""
        self.shop.clock.move(timedelta(minutes=minutes))
        await Incidents(self.shop.uow, self.settings).conclude(await self.scanning.run())

    async def rounds(self, count: int) -> None:
        for _ in range(count):
            await self.round()

    @property
    def monitoring(self) -> Monitoring:
        return Monitoring(self.shop.uow, self.settings)

    async def texts(self) -> list[str]:
        return [each["text"] for each in await self.shop.queued(TEXT_TOPIC)]

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
async def watch(shop: Shop, keyring: Keyring, settings: Settings) -> AsyncIterator[Watch]:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(Simulator(demo_router()))
        second = await stack.enter_async_context(
            Simulator(Router(identity="RT-02", users=(ApiUser("loket", "loket"),)))
        )
        for router_id, simulator in ((1, first), (2, second)):
            await shop.change(routers.update().where(routers.c.id == router_id).values(port=simulator.port))
        gateway = RouterOsGateway(shop.uow, keyring, shop.clock, limits=LIMITS, allow_loopback=True)
        stack.push_async_callback(gateway.aclose)
        yield Watch(shop, first, second, gateway, settings)


async def settle(watch: Watch, box: str, count: int, region_id: int = 1) -> list[str]:
    """Neighbours on the first router, all online, joined to the fibre in one box; returns their users."""
    users = [f"{box.lower()}-{number:02}" for number in range(count)]
    async with watch.shop.uow.write() as tx:
        for user in users:
            customer_id = await tx.insert(
                customers, uid=user, name=user, region_id=region_id, image="", created_at=tx.now
            )
            await tx.insert(
                subscriptions,
                customer_id=customer_id,
                plan_id=12,
                router_id=1,
                quantity=1,
                price=300_000,
                discount=0,
                status="active",
                mode="PPPOE",
                line_user=user,
                odp=box,
                created_at=tx.now,
            )
    plug_in(watch, users)
    return users


def plug_in(watch: Watch, users: Sequence[str]) -> None:
    for number, user in enumerate(users):
        watch.first.state.dial_in(PppActive(user, f"10.99.0.{number}", uptime="5s", session_id=f"0x{number}"))


def unplug(watch: Watch, users: Sequence[str]) -> None:
    for user in users:
        [session] = watch.first.state.tables["/ppp/active"].select((f"?name={user}",))
        watch.first.state.end_session("/ppp/active", session)
