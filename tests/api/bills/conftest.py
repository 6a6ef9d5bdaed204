"""The real app with the demo's partners on both databases, and the worker that settles what they pay."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from sqlalchemy import func, select

from core.billing import books
from core.billing.tables import ledger_entries
from core.bootstrap import bootstrap
from core.messaging.ports import Accepted, OutgoingText, SendOutcome
from core.partners import ledger as deposits
from core.partners.tables import deposit_entries, partner_inquiries, partner_reversals, partner_transactions
from core.platform.clock import ManualClock
from core.platform.dispatcher import Dispatcher
from core.services import Services
from core.settings import Settings
from core.testing.demo import load_demo
from core.workers import dispatcher
from tests.api.bills.partner import Partner

Work = Callable[[], Awaitable[int]]


@pytest.fixture(params=["demo_sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """Everything about money is proven on both databases."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def environment() -> dict[str, str]:
    return {"LOKET_CALLBACK_ALLOW_PRIVATE": "1"}


@pytest.fixture
async def services(settings: Settings, clock: ManualClock) -> AsyncIterator[Services]:
    """The use cases; the books are checked when the test is over."""
    async with bootstrap(settings, clock=clock) as found:
        await load_demo(found)  # the SQLite file holds it already
        yield found
        await check_books(found)


async def check_books(services: Services) -> None:
    """Nothing is unbalanced, no deposit differs from its entries, and what partners brought is what was collected."""
    assert await books.faults(services.uow) == ()
    async with services.uow.read() as tx:
        assert await deposits.faults(tx) == ()
        brought = await tx.scalar(
            select(func.coalesce(func.sum(ledger_entries.c.amount), 0)).where(
                ledger_entries.c.account.like("received:partner:%")
            )
        )
        collected = await tx.scalar(
            select(func.coalesce(func.sum(-deposit_entries.c.amount), 0)).where(
                deposit_entries.c.account == deposits.COLLECTED
            )
        )
        fees = await tx.scalar(
            select(func.coalesce(func.sum(partner_inquiries.c.admin + partner_inquiries.c.processing_fee), 0))
            .join(partner_transactions, partner_transactions.c.inquiry_id == partner_inquiries.c.id)
            .outerjoin(partner_reversals, partner_reversals.c.transaction_id == partner_transactions.c.id)
            .where(
                partner_transactions.c.state == "success",
                partner_inquiries.c.customer_id.is_not(None),
                partner_reversals.c.id.is_(None),
            )
        )
    assert collected == brought + fees


class Mute:
    """A text channel that takes everything."""

    async def send(self, message: OutgoingText, *, idempotency_key: str) -> SendOutcome:
        return Accepted(None)

    async def aclose(self) -> None:
        return None


@pytest.fixture
def worker(services: Services) -> Dispatcher:
    return dispatcher(services, {"whatsapp": Mute()})


@pytest.fixture
def work(worker: Dispatcher) -> Work:
    """Do everything that is due now."""
    return worker.drain


@pytest.fixture
def demo_partner(client: httpx.AsyncClient) -> Partner:
    return Partner(client)


@pytest.fixture
def poor_partner(client: httpx.AsyncClient) -> Partner:
    """Whose deposit is empty."""
    return Partner(client, "demo-empty")
