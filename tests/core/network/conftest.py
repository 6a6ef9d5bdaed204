"""The demo's lines with their two routers as simulators, and the jobs that switch them, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select

from core.adapters.routeros import Limits, RouterOsGateway
from core.billing import ledger
from core.messaging.notices import TEXT_TOPIC
from core.network import applying
from core.network.applying import CLEAR_TOPIC, LineClearing, LineSwitching
from core.network.reconciling import Reconciliation
from core.network.switching import APPLY_TOPIC
from core.network.tables import line_states, routers
from core.platform.clock import ManualClock
from core.platform.dispatcher import Consumer, Dispatcher
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork
from core.settings import Settings
from core.testing.demo.lines import load_lines
from sandbox.routeros import ApiUser, PppProfile, PppSecret, Router, Simulator, demo_router
from tests.core.conftest import Shop

#: Nothing is remembered and no router rests: time stands still in these tests.
LIMITS = Limits(switching_s=5, survey_s=5, rests_after=10**9)


def second_router() -> Router:
    return Router(
        identity="RT-02",
        users=(ApiUser("loket", "loket"),),
        secrets=(PppSecret("agus_pppoe", "agus-line", "REG100M"), PppSecret("somebody_else")),
        ppp_profiles=(PppProfile("REG100M", "100M/100M"),),
    )


@dataclass
class Works:
    """What a test holds: the shop, its routers, and the machinery that switches lines."""

    shop: Shop
    settings: Settings
    first: Simulator
    second: Simulator
    gateway: RouterOsGateway
    jobs: Dispatcher = field(init=False)
    reconciliation: Reconciliation = field(init=False)

    def __post_init__(self) -> None:
        uow = self.shop.uow
        switching = LineSwitching(uow, self.settings, self.gateway, ledger.owed_by)
        clearing = LineClearing(uow, self.settings, self.gateway)
        self.jobs = Dispatcher(
            uow,
            self.shop.clock,
            {
                APPLY_TOPIC: Consumer(switching, applying.RETRIES, deadline_s=applying.DEADLINE_S),
                CLEAR_TOPIC: Consumer(clearing, applying.RETRIES, deadline_s=applying.DEADLINE_S),
            },
            concurrency=applying.CONCURRENCY,
            chance=lambda: 0.5,
        )
        self.reconciliation = Reconciliation(uow, self.gateway, self.settings)

    async def state(self, subscription_id: int) -> Any:
        return await self.shop.one(
            select(line_states).where(line_states.c.subscription_id == subscription_id)
        )

    async def texts(self) -> list[str]:
        return [each["text"] for each in await self.shop.queued(TEXT_TOPIC)]


def row(simulator: Simulator, menu: str, name: str) -> dict[str, str]:
    table = simulator.state.tables[menu]
    [found] = table.select((f"?{table.key}={name}",))
    return found


def listed(simulator: Simulator) -> set[str]:
    """Addresses of isolated static lines."""
    return {each["address"] for each in simulator.state.tables["/ip/firewall/address-list"]}


async def point_at(uow: UnitOfWork, router_id: int, port: int) -> None:
    async with uow.write() as tx:
        await tx.execute(routers.update().where(routers.c.id == router_id).values(port=port))


@asynccontextmanager
async def switching_at(
    shop: Shop, settings: Settings, keyring: Keyring, limits: Limits = LIMITS
) -> AsyncIterator[Works]:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(Simulator(demo_router()))
        second = await stack.enter_async_context(Simulator(second_router()))
        await point_at(shop.uow, 1, first.port)
        await point_at(shop.uow, 2, second.port)
        async with shop.uow.write() as tx:
            await load_lines(tx)
        gateway = RouterOsGateway(shop.uow, keyring, shop.clock, limits=limits, allow_loopback=True)
        stack.push_async_callback(gateway.aclose)
        yield Works(shop, settings, first, second, gateway)


@pytest.fixture
async def works(shop: Shop, settings: Settings, keyring: Keyring, clock: ManualClock) -> AsyncIterator[Works]:
    async with switching_at(shop, settings, keyring) as made:
        yield made
