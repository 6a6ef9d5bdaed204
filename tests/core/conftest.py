"""A small provider to try use cases on: the demo's people and papers on each database, the books checked at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Select, select

from core.billing import books
from core.billing.usecases import Billing
from core.catalog.usecases import Catalog
from core.customers.usecases import Customers
from core.network.types import ConnectionReport, Line
from core.network.usecases import Network
from core.platform.clock import ManualClock
from core.platform.errors import Unavailable
from core.platform.outbox import State, outbox
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork
from core.settings import Settings
from core.subscriptions.usecases import Subscriptions
from core.testing.demo.catalogue import load_catalogue
from core.testing.demo.papers import load_bills, load_tickets
from core.testing.demo.people import load_customers
from core.testing.demo.rows import advance_sequences
from core.tickets.usecases import Tickets


class Routers:
    """A `RouterGateway` that remembers what it was asked, and sees nothing while it is dark."""

    def __init__(self) -> None:
        self.asked: list[tuple[Line, frozenset[str]]] = []
        self.is_dark = False

    async def look(self, line: Line, sections: frozenset[str]) -> ConnectionReport:
        self.asked.append((line, sections))
        if self.is_dark:
            raise Unavailable("router")
        return ConnectionReport(line, None, None, None)


@dataclass(frozen=True)
class Shop:
    """The use cases of a provider with the demo's data, and a way to look into its database."""

    uow: UnitOfWork
    clock: ManualClock
    customers: Customers
    subscriptions: Subscriptions
    catalog: Catalog
    billing: Billing
    tickets: Tickets
    network: Network
    routers: Routers

    async def all(self, statement: Select[Any]) -> list[Any]:
        async with self.uow.read() as tx:
            return list(await tx.all(statement))

    async def one(self, statement: Select[Any]) -> Any:
        (row,) = await self.all(statement)
        return row

    async def change(self, statement: Any) -> None:
        """Put the database into a state that no use case reaches."""
        async with self.uow.write() as tx:
            assert await tx.execute(statement) > 0

    async def queued(self, topic: str) -> list[dict[str, Any]]:
        """Payloads waiting to go out, oldest first."""
        leaving = (outbox.c.topic == topic, outbox.c.state != State.STOPPED)
        rows = await self.all(select(outbox.c.payload).where(*leaving).order_by(outbox.c.id))
        return [row.payload for row in rows]

    async def check_books(self) -> None:
        """The invariant of design §3.1: transactions balance, and what the books say is owed is what is unpaid."""
        assert await books.faults(self.uow) == ()


@pytest.fixture
async def shop(
    uow: UnitOfWork, clock: ManualClock, settings: Settings, keyring: Keyring
) -> AsyncIterator[Shop]:
    async with uow.write() as tx:
        await load_catalogue(tx, keyring)
        await load_customers(tx, "no password is checked here", keyring)
        await load_bills(tx, settings.zone, isolation_after_days=settings.isolation_after_days)
        await load_tickets(tx, settings.zone)
        await advance_sequences(tx)
    routers = Routers()
    provider = Shop(
        uow,
        clock,
        customers=Customers(uow, settings, keyring),
        subscriptions=Subscriptions(uow, settings, keyring),
        catalog=Catalog(uow),
        billing=Billing(uow, settings),
        tickets=Tickets(uow, settings),
        network=Network(uow, routers),
        routers=routers,
    )
    yield provider
    await provider.check_books()
