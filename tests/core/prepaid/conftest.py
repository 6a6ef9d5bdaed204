"""A small shop: one router, some plans, customers with balance."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from core.billing.books import faults
from core.bootstrap import bootstrap
from core.customers.accounts import open_account
from core.customers.tables import customers
from core.network.tables import line_states, routers
from core.platform.clock import ManualClock
from core.platform.ids import new_id
from core.prepaid import people
from core.prepaid.deals import Recharge
from core.prepaid.types import Means, PlanKind, Running, Sale, Seller, Sold, Source, Terms, Unit
from core.prepaid.usecases import Prepaid
from core.services import Services
from core.settings import Settings

CASH = Means(gateway="Cash", channel="Budi", source=Source.COUNTER)
BALANCE = Means(gateway="Customer", channel="Balance", source=Source.BALANCE)
FREE = Means(gateway="Recharge Zero", channel="Budi", source=Source.NOTHING)
STAFF = Seller(actor="staff:1", staff_id=1, may_sell_disabled=True)
SALES = Seller(actor="staff:5", staff_id=5)


@dataclass(frozen=True)
class Shop:
    services: Services
    clock: ManualClock
    router_id: int

    @property
    def prepaid(self) -> Prepaid:
        return self.services.prepaid

    async def customer(self, username: str = "tono", *, balance: int = 0, **account: Any) -> int:
        async with self.services.uow.write() as tx:
            row = {"name": username.title(), "image": "", "created_at": tx.now, "uid": new_id("cst")}
            customer_id = await tx.insert(customers, **row)
            await open_account(tx, customer_id, username, **account)
        if balance:
            await self.prepaid.deposit(customer_id, balance, CASH, STAFF, key=f"first-{username}")
        return customer_id

    async def plan(self, name: str = "30 days", price: int = 100_000, **terms: Any) -> int:
        usual: dict[str, Any] = {
            "kind": PlanKind.PPPOE,
            "validity": 30,
            "unit": Unit.DAYS,
            "router_id": self.router_id,
        }
        is_enabled = terms.pop("is_enabled", True)
        return await self.prepaid.offer(name, price, Terms(**usual | terms), is_enabled=is_enabled)

    async def sell(
        self, customer_id: int, plan_id: int, means: Means = CASH, seller: Seller = STAFF, **more: Any
    ) -> Sold:
        wanted = Recharge(plan_id=plan_id, means=means, **{"key": new_id("key")} | more)
        return await self.prepaid.recharge(customer_id, wanted, seller)

    async def prefer(self, **changes: Any) -> None:
        await self.services.preferences.change(changes, actor="staff:1")

    async def attribute(self, customer_id: int, **values: str) -> None:
        spelled = {name.replace("_", " "): value for name, value in values.items()}
        async with self.services.uow.write() as tx:
            await people.set_attributes(tx, customer_id, spelled)

    async def attributes(self, customer_id: int) -> dict[str, str]:
        async with self.services.uow.read() as tx:
            return await people.attributes_of(tx, customer_id)

    async def sales(self, customer_id: int) -> list[Sale]:
        """Oldest first."""
        found, total = await self.prepaid.sales_of(customer_id, limit=100)
        assert total == len(found)
        return list(reversed(found))

    async def running(self, sold: Sold) -> Running:
        found = await self.prepaid.package(sold.subscription_id or 0)
        assert found is not None
        return found

    async def balance(self, customer_id: int) -> int:
        return await self.prepaid.balance_of(customer_id)

    async def line(self, sold: Sold) -> str:
        """What the router shall make of a package's line."""
        wanted = line_states.c.desired
        async with self.services.uow.read() as tx:
            mine = line_states.c.subscription_id == sold.subscription_id
            return str(await tx.scalar(line_states.select().with_only_columns(wanted).where(mine)))

    def local(self, sold: Sold) -> str:
        return f"{sold.expires_at.astimezone(self.services.settings.zone):%Y-%m-%d %H:%M:%S}"


@pytest.fixture
async def shop(settings: Settings, clock: ManualClock) -> AsyncIterator[Shop]:
    async with bootstrap(settings, clock=clock) as services:
        async with services.uow.write() as tx:
            router_id = await tx.insert(
                routers,
                alias="RT-01",
                host="127.0.0.1",
                port=8728,
                transport="plain",
                username="x",
                password_sealed="x",
                is_active=True,
            )
        yield Shop(services, clock, router_id)
        assert await faults(services.uow) == ()  # whatever a test did, the books agree
