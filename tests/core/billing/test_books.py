"""The books are looked at every day, and staff hear of it when they do not add up."""

from __future__ import annotations

from sqlalchemy import select, update

from core.billing import books
from core.billing.tables import invoices
from core.identity.commands import create_staff
from core.identity.types import Role
from core.messaging.notices import TEXT_TOPIC
from core.office.overview import Sum, overview
from core.settings import Settings
from tests.core.conftest import Shop

OLD = "230130001"


async def test_staff_hear_once_a_day_of_books_that_do_not_add_up(shop: Shop, settings: Settings) -> None:
    async with shop.uow.write() as tx:
        await create_staff(
            tx, username="budi", name="Budi", phone="6281100000002", role=Role.ADMIN, password_hash=None
        )
    assert await books.check(shop.uow, settings) == 0
    assert await shop.queued(TEXT_TOPIC) == []
    await shop.change(update(invoices).where(invoices.c.number == OLD).values(settled=1))
    assert [await books.check(shop.uow, settings) for _ in range(2)] == [1, 1]
    [told] = await shop.queued(TEXT_TOPIC)
    assert "Pembukuan tidak cocok: ada 1 temuan." in told["text"]
    await shop.change(update(invoices).where(invoices.c.number == OLD).values(settled=0))


async def test_the_overview_counts_what_is_there(shop: Shop, settings: Settings) -> None:
    before = await overview(shop.uow, settings)
    owed = await shop.all(select(invoices.c.amount - invoices.c.settled).where(invoices.c.status == "unpaid"))
    assert before.unpaid == Sum(len(owed), sum(row[0] for row in owed))
    assert (before.lines, before.isolated, before.billed_through) == (6, 1, None)
    await shop.billing.settle(source="key:1", reference="R", invoice_number=OLD, service_number="ISP00123")
    after = await overview(shop.uow, settings)
    assert after.paid_today == Sum(before.paid_today.count + 1, before.paid_today.amount + 277_500)
    assert after.unpaid.amount == before.unpaid.amount - 277_500
    assert dict(after.waiting) == {TEXT_TOPIC: 1}
    assert after.parked == ()
