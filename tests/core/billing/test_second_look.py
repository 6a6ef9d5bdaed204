"""Many lines are not closed in one go before somebody has looked."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from core.audit.tables import audit_log
from core.billing import commands
from core.billing.commands import NewInvoice
from core.billing.isolation import isolate_late
from core.billing.second_look import Closing, about_to_close
from core.billing.types import InvoiceLine
from core.billing.usecases import Billing
from core.catalog.tables import plans
from core.customers.tables import customers
from core.identity.commands import create_staff
from core.identity.types import Role
from core.messaging.notices import TEXT_TOPIC
from core.settings import Settings
from core.subscriptions.tables import subscriptions
from tests.core.conftest import Shop

MANY = 30


async def move_in(shop: Shop, count: int = MANY) -> None:
    """Customers with a line each, whose bill of October is unpaid."""
    async with shop.uow.write() as tx:
        plan_id = await tx.scalar(select(plans.c.id).limit(1))
        for who in range(101, 101 + count):
            await tx.insert(
                customers,
                id=who,
                uid=f"c-{who}",
                service_number=f"17{who}",
                name=f"C {who}",
                image="x",
                created_at=tx.now,
            )
            plan = {"plan_id": plan_id, "quantity": 1, "price": 1000, "discount": 0, "status": "active"}
            await tx.insert(subscriptions, customer_id=who, created_at=tx.now, **plan)
            line = InvoiceLine("Paket", "Internet", 1000, 1, 0, 1000, "-")
            due, closes = date(2026, 11, 1), date(2026, 11, 11)
            await commands.issue(tx, NewInvoice(f"N-{who}", who, 2026, 10, due, closes, (line,)))


async def take_on(shop: Shop) -> None:
    """Somebody of the business who can be told."""
    async with shop.uow.write() as tx:
        await create_staff(
            tx, username="budi", name="Budi", phone="6281100000002", role=Role.ADMIN, password_hash=None
        )


async def closed(shop: Shop) -> int:
    mine = (subscriptions.c.customer_id > 100, subscriptions.c.isolated_at.is_not(None))
    return len(await shop.all(select(subscriptions.c.id).where(*mine)))


async def told(shop: Shop) -> list[str]:
    return [text["text"] for text in await shop.queued(TEXT_TOPIC) if "layanan akan diisolir" in text["text"]]


async def test_a_mass_isolation_waits_for_an_operator(shop: Shop, settings: Settings) -> None:
    await move_in(shop)
    await take_on(shop)
    assert [await isolate_late(shop.uow, settings) for _ in range(2)] == [0, 0]
    assert await closed(shop) == 0
    texts = await told(shop)
    assert texts, "staff are told"
    assert len(set(texts)) == 1, "the same to everybody"
    assert f"{MANY} dari " in texts[0]
    assert "Rp30.000" in texts[0]
    await isolate_late(shop.uow, settings)
    assert len(await told(shop)) == len(texts), "once a day"
    assert await shop.billing.isolate_confirmed(actor="operator") == MANY
    assert await closed(shop) == MANY
    rows = await shop.all(select(audit_log.c.actor).where(audit_log.c.action == "isolation_confirmed"))
    assert [row.actor for row in rows] == ["operator"]


async def test_a_confirmation_is_good_for_its_day(shop: Shop, settings: Settings) -> None:
    assert await shop.billing.isolate_confirmed(actor="operator") == 0
    await move_in(shop)
    assert (await about_to_close(shop.uow, settings)).is_confirmed
    shop.clock.move_to(datetime(2026, 11, 23, 3, tzinfo=UTC))
    assert await isolate_late(shop.uow, settings) == 0
    assert await closed(shop) == 0


async def test_what_is_usual_is_closed_unseen(shop: Shop, settings: Settings) -> None:
    await move_in(shop, 10)
    assert await isolate_late(shop.uow, settings) == 10
    assert await told(shop) == []


async def test_a_preview_names_some_and_counts_all(shop: Shop, settings: Settings) -> None:
    await move_in(shop)
    closing = await Billing(shop.uow, settings).about_to_isolate()
    assert (closing.lines, closing.owed, len(closing.samples)) == (MANY, MANY * 1000, 10)
    assert closing.samples[0] == ("17101", "C 101")


@pytest.mark.parametrize(
    ("lines", "active", "is_much"),
    [(10, 10, False), (11, 55, False), (11, 54, True), (200, 9999, False), (201, 9999, True), (0, 0, False)],
)
def test_both_limits_count(lines: int, active: int, *, is_much: bool, settings: Settings) -> None:
    limited = replace(settings, isolation_most=200, isolation_most_percent=20)
    assert Closing(lines, active, 0, (), is_confirmed=False).is_much(limited) is is_much
