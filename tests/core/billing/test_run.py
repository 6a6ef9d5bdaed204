"""The monthly run writes each bill once: run again, run twice at once, killed in the middle, late by months."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select, update

from core.billing import books
from core.billing.run import run_monthly
from core.billing.tables import billing_terms, extra_charges, invoice_lines, invoices
from core.catalog.tables import regions
from core.customers.tables import customers
from core.platform.clock import ManualClock
from core.platform.uow import UnitOfWork
from core.settings import Settings
from core.subscriptions.tables import plan_orders, subscriptions
from tests.core.conftest import Shop

JOHN, SITI, WARUNG, AGUS, DEWI, BAMBANG = range(1, 7)
ROOT = Path(__file__).parents[3]


async def bills(shop: Shop, customer_id: int, year: int, month: int) -> list[Any]:
    found = select(invoices).where(
        invoices.c.customer_id == customer_id, invoices.c.year == year, invoices.c.month == month
    )
    return await shop.all(found)


async def lines(shop: Shop, invoice_id: int) -> list[tuple[str, str, int]]:
    found = select(invoice_lines).where(invoice_lines.c.invoice_id == invoice_id).order_by(invoice_lines.c.id)
    return [(row.name, row.category, row.total) for row in await shop.all(found)]


def go_to(shop: Shop, year: int, month: int, day: int) -> None:
    shop.clock.move_to(datetime(year, month, day, 2, tzinfo=UTC))


async def test_bills_are_written_ten_days_before_they_are_due(shop: Shop, settings: Settings) -> None:
    await run_monthly(shop.uow, settings)
    go_to(shop, 2026, 11, 29)
    assert await run_monthly(shop.uow, settings) == 0
    go_to(shop, 2026, 11, 30)
    assert await run_monthly(shop.uow, settings) == 6
    (bill,) = await bills(shop, JOHN, 2026, 12)
    assert (bill.number, bill.amount, bill.status) == ("261130001", 300_000, "unpaid")
    assert (bill.due_on, bill.isolate_on) == (date(2026, 12, 10), date(2026, 12, 20))
    assert await lines(shop, bill.id) == [("Home 50 Mbps", "Internet", 300_000)]
    (shown,) = [found for found in await shop.billing.invoices_of(JOHN) if found.month == 12]
    assert shown.payment_codes["va_bni"] == "999001ISP00123"


async def test_running_again_writes_nothing(shop: Shop, settings: Settings) -> None:
    go_to(shop, 2026, 11, 30)
    assert await run_monthly(shop.uow, settings) > 0
    assert await run_monthly(shop.uow, settings) == 0
    go_to(shop, 2026, 12, 1)
    assert await run_monthly(shop.uow, settings) == 0


async def test_two_runs_at_once_write_each_bill_once(shop: Shop, settings: Settings) -> None:
    go_to(shop, 2026, 11, 30)
    counts = await asyncio.gather(*(run_monthly(shop.uow, settings, batch=2) for _ in range(4)))
    assert sum(counts) == 6
    for customer_id in (JOHN, SITI, WARUNG, AGUS, DEWI, BAMBANG):
        assert len(await bills(shop, customer_id, 2026, 12)) == 1


async def test_each_customer_has_a_due_day(shop: Shop, settings: Settings) -> None:
    async with shop.uow.write() as tx:
        await tx.execute(billing_terms.insert(), [{"customer_id": SITI, "due_day": 31}])
    await run_monthly(shop.uow, settings)
    go_to(shop, 2027, 2, 18)
    await run_monthly(shop.uow, settings)
    (siti,) = await bills(shop, SITI, 2027, 2)
    assert siti.due_on == date(2027, 2, 28)


async def test_months_that_were_missed_are_billed_with_time_to_pay(shop: Shop, settings: Settings) -> None:
    await run_monthly(shop.uow, settings)
    go_to(shop, 2027, 1, 20)
    assert await run_monthly(shop.uow, settings) == 12
    assert [len(await bills(shop, JOHN, *month)) for month in ((2026, 12), (2027, 1))] == [1, 1]
    (december,) = await bills(shop, JOHN, 2026, 12)
    assert december.due_on == date(2027, 1, 23)


async def test_the_first_month_is_charged_by_its_days(shop: Shop, settings: Settings) -> None:
    await run_monthly(shop.uow, settings)
    await shop.change(
        update(subscriptions).where(subscriptions.c.customer_id == DEWI).values(active_from=None)
    )
    await shop.change(update(customers).where(customers.c.id == DEWI).values(activated_on=date(2026, 12, 17)))
    go_to(shop, 2026, 12, 18)
    await run_monthly(shop.uow, settings)
    (bill,) = await bills(shop, DEWI, 2026, 12)
    assert bill.amount == round(250_000 * 15 / 31)
    assert bill.due_on == date(2026, 12, 21)
    go_to(shop, 2026, 12, 31)
    await run_monthly(shop.uow, settings)
    (next_bill,) = await bills(shop, DEWI, 2027, 1)
    assert next_bill.amount == 250_000


async def test_what_is_free_waiting_or_ended_is_not_billed(shop: Shop, settings: Settings) -> None:
    for customer_id, status in ((SITI, "free"), (AGUS, "inactive"), (BAMBANG, "waiting")):
        await shop.change(
            update(subscriptions).where(subscriptions.c.customer_id == customer_id).values(status=status)
        )
    go_to(shop, 2026, 11, 30)
    await run_monthly(shop.uow, settings)
    found = [len(await bills(shop, who, 2026, 12)) for who in (JOHN, SITI, AGUS, BAMBANG)]
    assert found == [1, 0, 0, 0]


async def test_plans_charges_discounts_and_tax_stand_on_one_bill(shop: Shop, settings: Settings) -> None:
    def charge(name: str, price: int, *, recurring: bool, ends_on: date | None = None) -> dict[str, Any]:
        return {
            "customer_id": JOHN,
            "name": name,
            "category": "Lain",
            "price": price,
            "quantity": 1,
            "is_recurring": recurring,
            "starts_on": date(2026, 12, 1),
            "ends_on": ends_on,
        }

    async with shop.uow.write() as tx:
        second = {"customer_id": JOHN, "plan_id": 13, "quantity": 1, "price": 450_000, "discount": 50_000}
        await tx.insert(subscriptions, **second, status="active", created_at=tx.now)
        for row in (
            charge("IP publik", 50_000, recurring=True),
            charge("Pasang kabel", 100_000, recurring=False),
            charge("Promo", -25_000, recurring=True, ends_on=date(2026, 12, 31)),
        ):
            await tx.insert(extra_charges, **row)
        await tx.execute(update(regions).where(regions.c.id == 1).values(tax_percent=11))
    go_to(shop, 2026, 11, 30)
    await run_monthly(shop.uow, replace(settings, tax_percent=5))
    (december,) = await bills(shop, JOHN, 2026, 12)
    assert await lines(shop, december.id) == [
        ("Home 50 Mbps", "Internet", 300_000),
        ("Home 100 Mbps", "Internet", 400_000),
        ("IP publik", "Lain", 50_000),
        ("Pasang kabel", "Lain", 100_000),
        ("Promo", "Lain", -25_000),
        ("PPN 11%", "Tax", 90_750),
    ]
    assert december.amount == 915_750
    (dewis,) = await bills(shop, DEWI, 2026, 12)  # the other region has no rate of its own
    assert dewis.amount == 262_500
    go_to(shop, 2026, 12, 31)
    await run_monthly(shop.uow, settings)
    (january,) = await bills(shop, JOHN, 2027, 1)
    assert [name for name, *_ in await lines(shop, january.id)] == [
        "Home 50 Mbps",
        "Home 100 Mbps",
        "IP publik",
        "PPN 11%",
    ]


async def test_a_plan_that_changes_with_the_month_is_on_the_bill_written_before(
    shop: Shop, settings: Settings
) -> None:
    order = {"number": "O-1", "customer_id": JOHN, "kind": "change", "plan_id": 13, "price": 450_000}
    async with shop.uow.write() as tx:
        approved = {"status": "approved", "effective_on": date(2026, 12, 1), "created_at": tx.now}
        await tx.insert(plan_orders, **order, **approved)
    go_to(shop, 2026, 11, 30)
    await run_monthly(shop.uow, settings)
    (bill,) = await bills(shop, JOHN, 2026, 12)
    assert await lines(shop, bill.id) == [("Home 100 Mbps", "Internet", 450_000)]
    (sitis,) = await bills(shop, SITI, 2026, 12)
    assert sitis.amount == 300_000


async def test_what_was_paid_in_advance_pays_the_new_bills_first(shop: Shop, settings: Settings) -> None:
    await shop.billing.take_in_advance(JOHN, 400_000, actor="staff:3", reference="DP")
    go_to(shop, 2026, 11, 30)
    await run_monthly(shop.uow, settings)
    go_to(shop, 2026, 12, 31)
    await run_monthly(shop.uow, settings)
    (december,), (january,) = await bills(shop, JOHN, 2026, 12), await bills(shop, JOHN, 2027, 1)
    assert (december.status, january.status, january.settled) == ("paid", "unpaid", 100_000)
    assert await shop.billing.credit_of(JOHN) == 0
    (shown,) = [
        found for found in await shop.billing.invoices_of(JOHN) if found.month == 1 and found.year == 2027
    ]
    assert shown.amount == 200_000


async def test_a_bill_of_nothing_is_paid_at_once(shop: Shop, settings: Settings) -> None:
    await shop.change(
        update(subscriptions).where(subscriptions.c.customer_id == JOHN).values(discount=300_000)
    )
    go_to(shop, 2026, 11, 30)
    await run_monthly(shop.uow, settings)
    (bill,) = await bills(shop, JOHN, 2026, 12)
    assert (bill.amount, bill.status) == (0, "paid")


async def populate(uow: UnitOfWork, count: int) -> None:
    """More customers with a plan each than a run can bill in one go."""
    async with uow.write() as tx:
        rows = [
            {"id": 1000 + n, "uid": f"c-{n}", "name": f"C {n}", "image": "x", "created_at": tx.now}
            for n in range(count)
        ]
        await tx.execute(customers.insert(), [row | {"activated_on": date(2023, 1, 1)} for row in rows])
        plan = {"plan_id": 12, "quantity": 1, "price": 300_000, "discount": 0, "status": "active"}
        await tx.execute(
            subscriptions.insert(),
            [plan | {"customer_id": row["id"], "created_at": tx.now} for row in rows],
        )


async def test_more_than_999_bills_a_day_are_numbered_on(shop: Shop, settings: Settings) -> None:
    await populate(shop.uow, 1005)
    go_to(shop, 2026, 11, 30)
    await run_monthly(shop.uow, settings)
    numbers = [
        row.number
        for row in await shop.all(
            select(invoices.c.number).where(invoices.c.month == 12).order_by(invoices.c.id)
        )
    ]
    assert (numbers[0], numbers[-1]) == ("261130001", "2611301011")
    assert len(set(numbers)) == 1011


async def test_bills_written_around_midnight_carry_the_day_of_the_business(
    shop: Shop, settings: Settings
) -> None:
    shop.clock.move_to(datetime(2026, 11, 30, 17, 0, tzinfo=UTC))  # midnight in Jakarta: 1 December
    await run_monthly(shop.uow, settings)
    (bill,) = await bills(shop, JOHN, 2026, 12)
    assert bill.number.startswith("261201")


_PROGRAM = """
import asyncio, sys
from datetime import UTC, datetime
from core.billing.run import run_monthly
from core.platform.clock import ManualClock
from core.platform.uow import open_uow
from core.settings import load

async def main(url):
    uow = open_uow(url, ManualClock(datetime(2026, 11, 30, 2, tzinfo=UTC)))
    print("begun", flush=True)
    await run_monthly(uow, load({"LOKET_SECRET_KEY": "s" * 40, "LOKET_DATABASE_URL": url}), batch=5)

asyncio.run(main(sys.argv[1]))
"""


async def test_a_run_that_is_killed_goes_on_where_it_was(
    shop: Shop, settings: Settings, database_url: str
) -> None:
    await populate(shop.uow, 1200)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _PROGRAM,
        database_url,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    written = select(func.count().label("n")).where(invoices.c.month == 12)
    async with asyncio.timeout(60):
        while (await shop.one(written)).n < 50:  # noqa: ASYNC110 - no event crosses the border of a process
            await asyncio.sleep(0.01)
    process.kill()
    await process.wait()
    half = (await shop.one(written)).n
    assert 50 <= half < 1206
    go_to(shop, 2026, 11, 30)
    await run_monthly(shop.uow, settings)
    each = await shop.all(
        select(invoices.c.customer_id, func.count().label("n"))
        .where(invoices.c.month == 12)
        .group_by(invoices.c.customer_id)
    )
    assert len(each) == 1206
    assert {row.n for row in each} == {1}
    assert await books.faults(shop.uow) == ()


async def test_what_fell_due_before_the_first_run_was_billed_elsewhere(
    shop: Shop, settings: Settings
) -> None:
    assert await bills(shop, WARUNG, 2026, 11) == []
    await run_monthly(shop.uow, settings)
    go_to(shop, 2026, 11, 24)
    await run_monthly(shop.uow, settings)
    assert await bills(shop, WARUNG, 2026, 11) == []
    await shop.change(
        update(customers).where(customers.c.id == WARUNG).values(activated_on=date(2026, 11, 23))
    )
    await run_monthly(shop.uow, settings)
    (first,) = await bills(shop, WARUNG, 2026, 11)
    assert first.amount == 80_000


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=400)])
async def test_an_empty_installation_bills_nobody(
    uow: UnitOfWork, clock: ManualClock, settings: Settings, late: timedelta
) -> None:
    await run_monthly(uow, settings)
    clock.move(late)
    assert await run_monthly(uow, settings) == 0
