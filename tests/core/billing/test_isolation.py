"""Who owes past the day of grace is cut off, who asks for time keeps the line, who pays has it back."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, update

from core.audit.tables import audit_log
from core.billing.isolation import isolate_late
from core.billing.tables import billing_terms, invoices, promises
from core.network import switching
from core.network.tables import line_states
from core.platform.errors import Conflict, Invalid
from core.settings import Settings
from core.subscriptions.tables import subscriptions
from tests.core.conftest import Shop

JOHN, SITI, WARUNG, AGUS, DEWI, BAMBANG = range(1, 7)
WARUNGS = "261001001"


async def closed(shop: Shop) -> set[int]:
    rows = await shop.all(select(subscriptions.c.customer_id).where(subscriptions.c.isolated_at.is_not(None)))
    return {row.customer_id for row in rows}


def go_to(shop: Shop, month: int, day: int, hour: int = 3) -> None:
    shop.clock.move_to(datetime(2026, month, day, hour, tzinfo=UTC))


async def test_a_line_closes_on_the_day_after_its_isolation_day(shop: Shop, settings: Settings) -> None:
    siti = await shop.one(select(invoices.c.isolate_on).where(invoices.c.customer_id == SITI))
    assert siti.isolate_on == date(2026, 12, 7)
    go_to(shop, 12, 7)
    assert await isolate_late(shop.uow, settings) == 0
    go_to(shop, 12, 8)
    assert await isolate_late(shop.uow, settings) == 3
    assert await closed(shop) == {SITI, WARUNG, AGUS, BAMBANG}
    reasons = await shop.all(select(line_states.c.desired, line_states.c.reason))
    assert {tuple(row) for row in reasons} == {("isolated", "unpaid")}
    assert await isolate_late(shop.uow, settings) == 0


async def test_nobody_is_cut_off_at_night(shop: Shop, settings: Settings) -> None:
    go_to(shop, 12, 8, 13)  # eight in the evening
    assert await isolate_late(shop.uow, settings) == 0
    go_to(shop, 12, 9, 0)  # seven in the morning
    assert await isolate_late(shop.uow, settings) == 0
    go_to(shop, 12, 9, 1)
    assert await isolate_late(shop.uow, settings) == 3


async def test_who_is_free_or_whose_terms_say_so_stays_open(shop: Shop, settings: Settings) -> None:
    await shop.change(update(subscriptions).where(subscriptions.c.customer_id == SITI).values(status="free"))
    async with shop.uow.write() as tx:
        await tx.insert(billing_terms, customer_id=AGUS, isolates=False)
    go_to(shop, 12, 8)
    await isolate_late(shop.uow, settings)
    assert await closed(shop) == {WARUNG, BAMBANG}


async def test_a_payment_at_the_same_moment_leaves_the_line_open(shop: Shop, settings: Settings) -> None:
    go_to(shop, 12, 8)
    bill = await shop.one(select(invoices).where(invoices.c.customer_id == SITI))
    await asyncio.gather(
        *(isolate_late(shop.uow, settings) for _ in range(3)),
        shop.billing.confirm_payment([bill.id], bill.amount, actor="staff:3", reference="K"),
    )
    assert SITI not in await closed(shop)


async def test_neither_money_nor_time_opens_a_line_that_staff_closed(shop: Shop) -> None:
    warungs = await shop.one(select(subscriptions.c.id).where(subscriptions.c.customer_id == WARUNG))
    async with shop.uow.write() as tx:
        await switching.restore(tx, warungs.id, key="1")
        await switching.isolate(tx, warungs.id, reason="staff", key="2")
        await switching.provision(tx, warungs.id, key="3")
    assert await shop.billing.time_on_offer(WARUNG) is None
    with pytest.raises(Conflict, match="promise_not_needed"):
        await shop.billing.ask_for_time(WARUNG, actor="customer:3")
    bill = await shop.one(select(invoices).where(invoices.c.number == WARUNGS))
    await shop.billing.confirm_payment([bill.id], bill.amount, actor="staff:3", reference="K")
    assert WARUNG in await closed(shop)


# --- time to pay


async def test_asking_for_time_opens_the_line_for_three_days(shop: Shop, settings: Settings) -> None:
    assert await shop.billing.time_on_offer(WARUNG) == date(2026, 11, 25)
    given = await shop.billing.ask_for_time(WARUNG, actor="customer:3")
    assert (given.until, given.bills, given.is_reopened) == (date(2026, 11, 25), 1, True)
    assert WARUNG not in await closed(shop)
    (bill,) = await shop.billing.bills_of("28900002", unpaid_only=True)
    assert bill.invoice.isolate_on == date(2026, 11, 25)
    go_to(shop, 11, 25)
    await isolate_late(shop.uow, settings)
    assert WARUNG not in await closed(shop)
    go_to(shop, 11, 26)
    await isolate_late(shop.uow, settings)
    assert WARUNG in await closed(shop)


async def test_time_is_given_once_a_bill(shop: Shop, settings: Settings) -> None:
    first, *rest = await asyncio.gather(
        *(shop.billing.ask_for_time(WARUNG, actor="customer:3") for _ in range(4)), return_exceptions=True
    )
    refused = [each for each in (first, *rest) if isinstance(each, Conflict)]
    assert [each.reason for each in refused] in (["promise_not_needed"] * 3, ["promise_used"] * 3)
    assert len(await shop.all(select(promises))) == 1
    go_to(shop, 11, 26)
    await isolate_late(shop.uow, settings)
    assert await shop.billing.time_on_offer(WARUNG) is None
    with pytest.raises(Conflict, match="promise_used"):
        await shop.billing.ask_for_time(WARUNG, actor="customer:3")


async def test_time_is_offered_only_where_it_helps(shop: Shop) -> None:
    for nobody_threatened in (SITI, DEWI, JOHN):  # due later, paid, and never cut off
        assert await shop.billing.time_on_offer(nobody_threatened) is None
        with pytest.raises(Conflict, match="promise_not_needed"):
            await shop.billing.ask_for_time(nobody_threatened, actor="staff:3")
    for days in (0, 4, -1):
        with pytest.raises(Invalid, match="days"):
            await shop.billing.ask_for_time(WARUNG, actor="customer:3", days=days)


async def test_a_promise_is_recorded_and_a_later_payment_is_nothing_special(shop: Shop) -> None:
    await shop.billing.ask_for_time(WARUNG, actor="customer:3", days=2)
    row = (await shop.all(select(audit_log).order_by(audit_log.c.id)))[-1]
    assert (row.actor, row.action, row.details) == ("customer:3", "time_given", {"until": "2026-11-24"})
    bill = await shop.one(select(invoices).where(invoices.c.number == WARUNGS))
    await shop.billing.confirm_payment([bill.id], bill.amount, actor="staff:3", reference="K")
    assert await shop.billing.time_on_offer(WARUNG) is None
