"""Recharges in all their paths, on both databases (phpnuxbill-2 contract §A2, §A4-A7, §F3)."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from core.billing.run import run_monthly
from core.billing.tables import invoices, ledger_entries, payments
from core.coupons.types import Kind
from core.coupons.types import Terms as CouponTerms
from core.customers.accounts import AccountStatus
from core.platform.errors import Conflict, DomainError, Forbidden, NotFound
from core.platform.ids import new_id
from core.prepaid.deals import Recharge
from core.prepaid.types import Means, PlanKind, Source, Unit
from tests.core.prepaid.conftest import BALANCE, CASH, FREE, SALES, STAFF, Shop


async def test_a_first_recharge_is_a_settled_bill_and_an_open_line(shop: Shop) -> None:
    who, plan = await shop.customer(line_username="tono@ppp"), await shop.plan()
    sold = await shop.sell(who, plan)
    assert (sold.number, sold.paid, shop.local(sold)) == ("INV-1", 100_000, "2026-12-22 10:00:00")
    running = await shop.running(sold)
    assert (running.is_on, running.router, running.kind, running.method) == (
        True,
        "RT-01",
        "PPPOE",
        "Cash - Budi",
    )
    assert await shop.line(sold) == "open"
    (sale,) = await shop.sales(who)
    assert (sale.number, sale.price, sale.username, sale.staff_id) == ("INV-1", 100_000, "tono", 1)
    async with shop.services.uow.read() as tx:
        bill = await tx.first(select(invoices).where(invoices.c.number == "INV-1"))
        paid = await tx.first(select(payments))
    assert bill is not None
    assert (bill.status, bill.amount, bill.is_monthly) == ("paid", 100_000, False)
    assert paid is not None
    assert (paid.source, paid.amount, paid.invoice_id) == ("counter", 100_000, bill.id)


async def test_a_repeat_changes_nothing(shop: Shop) -> None:
    who, plan = await shop.customer(), await shop.plan()
    first = await shop.sell(who, plan, key="again")
    shop.clock.move(timedelta(days=1))
    second = await shop.sell(who, plan, key="again")
    assert (second.is_new, second.sale_id, second.expires_at) == (False, first.sale_id, first.expires_at)
    assert len(await shop.sales(who)) == 1
    other = await shop.customer("siti")
    with pytest.raises(Conflict, match="reference_reused"):
        await shop.sell(other, plan, key="again")


async def test_two_at_once_with_one_key_are_one(shop: Shop) -> None:
    who, plan = await shop.customer(balance=500_000), await shop.plan()
    both = await asyncio.gather(*(shop.sell(who, plan, BALANCE, key="tap") for _ in range(4)))
    assert sum(sold.is_new for sold in both) == 1
    assert await shop.balance(who) == 400_000


async def test_the_same_plan_is_extended_only_while_it_runs_and_where_that_is_wanted(shop: Shop) -> None:
    who, plan, other = await shop.customer(), await shop.plan(), await shop.plan("another")
    await shop.sell(who, plan)
    shop.clock.move(timedelta(days=1))
    assert shop.local(await shop.sell(who, plan)) == "2026-12-23 10:00:00"
    await shop.prefer(same_plan_extends=True)
    longer = await shop.sell(who, plan)
    assert shop.local(longer) == "2027-01-22 10:00:00"
    changed = await shop.sell(who, other)
    assert shop.local(changed) == "2026-12-23 10:00:00"
    assert changed.subscription_id == longer.subscription_id  # one per customer, router and kind
    shop.clock.move(timedelta(days=31))
    await shop.prepaid.expire_due()
    assert shop.local(await shop.sell(who, other)) == "2027-01-23 10:00:00"


async def test_each_router_and_kind_has_a_package_of_its_own(shop: Shop) -> None:
    who = await shop.customer()
    one = await shop.sell(who, await shop.plan())
    two = await shop.sell(who, await shop.plan("spot", kind=PlanKind.HOTSPOT))
    three = await shop.sell(who, await shop.plan("radius", router_id=None, is_radius=True))
    assert len({one.subscription_id, two.subscription_id, three.subscription_id}) == 3
    assert (await shop.running(three)).router == "radius"


async def test_price_bills_and_tax_from_the_balance(shop: Shop) -> None:
    """Plan 100000 + bill 5000 + tax 10 %: the balance pays 115000, the sale says 105000."""
    who, plan = await shop.customer(balance=115_000), await shop.plan()
    await shop.prefer(tax_percent="10")
    await shop.attribute(who, Router_Bill="5000:2")
    sold = await shop.sell(who, plan, BALANCE)
    assert (sold.paid, sold.balance, await shop.balance(who)) == (115_000, 0, 0)
    sale = (await shop.sales(who))[-1]
    assert (sale.price, sale.note) == (105_000, "Router Bill : Rp. 5.000\n30 days : Rp. 100.000")
    assert await shop.attributes(who) == {"Router Bill": "5000:1"}
    async with shop.services.uow.read() as tx:
        taxed = select(func.sum(ledger_entries.c.amount)).where(ledger_entries.c.account == "tax")
        assert await tx.scalar(taxed) == -10_000


async def test_an_instalment_ends(shop: Shop) -> None:
    who, plan = await shop.customer(), await shop.plan()
    await shop.attribute(who, Router_Bill="5000:2")
    prices = [(await shop.sell(who, plan)).paid for _ in range(3)]
    assert prices == [105_000, 105_000, 100_000]
    assert await shop.attributes(who) == {"Router Bill": "5000:0"}


async def test_too_little_balance_buys_nothing_at_all(shop: Shop) -> None:
    who, plan = await shop.customer(balance=99_999), await shop.plan()
    with pytest.raises(Conflict, match="insufficient_balance"):
        await shop.sell(who, plan, BALANCE)
    assert (await shop.balance(who), len(await shop.sales(who))) == (99_999, 1)


async def test_balance_is_not_spent_twice(shop: Shop) -> None:
    who, plan = await shop.customer(balance=150_000), await shop.plan()
    spot = await shop.plan("spot", kind=PlanKind.HOTSPOT)
    outcomes = await asyncio.gather(
        *(shop.sell(who, each, BALANCE) for each in (plan, spot)), return_exceptions=True
    )
    assert sum(isinstance(each, Conflict) for each in outcomes) == 1
    assert await shop.balance(who) == 50_000


async def test_free_of_charge_costs_nothing_and_leaves_bills_alone(shop: Shop) -> None:
    who, plan = await shop.customer(), await shop.plan()
    await shop.attribute(who, Router_Bill="5000:2")
    sold = await shop.sell(who, plan, FREE)
    assert sold.paid == 0
    assert [sale.price for sale in await shop.sales(who)] == [0]
    assert await shop.attributes(who) == {"Router Bill": "5000:2"}


async def test_a_period_is_asked_for_at_its_end(shop: Shop) -> None:
    who = await shop.customer()
    plan = await shop.plan("monthly", 300_000, unit=Unit.PERIOD, validity=1, is_prepaid=False, fixed_day=1)
    first = await shop.sell(who, plan)  # 22 November until 1 December: nine days
    assert (first.paid, shop.local(first)) == (0, "2026-12-01 23:59:59")
    assert await shop.attributes(who) == {"Invoice": "90000"}
    await shop.prefer(same_plan_extends=True)
    second = await shop.sell(who, plan)
    assert (second.paid, shop.local(second)) == (90_000, "2027-01-01 23:59:59")
    assert await shop.attributes(who) == {"Invoice": "300000"}
    free = await shop.sell(who, plan, FREE)
    assert (free.paid, await shop.attributes(who)) == (0, {"Invoice": "300000"})


async def test_a_plan_of_balance_tops_up(shop: Shop) -> None:
    who = await shop.customer()
    plan = await shop.plan("50 thousand", 50_000, kind=PlanKind.BALANCE, router_id=None)
    sold = await shop.sell(who, plan)
    assert (sold.balance, sold.subscription_id) == (50_000, None)
    (sale,) = await shop.sales(who)
    assert (sale.kind, sale.router, sale.plan_name) == ("Balance", "balance", "50 thousand")


async def test_linked_plans_come_along_once_each(shop: Shop) -> None:
    """A, B and C hang together; the buyer pays for A alone."""
    who = await shop.customer(balance=100_000)
    a = await shop.plan("A")
    b = await shop.plan("B", 70_000, kind=PlanKind.HOTSPOT)
    c = await shop.plan("C", 30_000, kind=PlanKind.VPN)
    await shop.prepaid.link(b, [a, c])
    sold = await shop.sell(who, a, BALANCE)
    found = [(sale.plan_name, sale.price, sale.note) for sale in (await shop.sales(who))[1:]]
    assert found == [
        ("A", 100_000, ""),
        ("B", 70_000, "Linked activation from A"),
        ("C", 30_000, "Linked activation from A"),
    ]
    assert (sold.balance, await shop.balance(who)) == (0, 0)
    async with shop.services.uow.read() as tx:
        assert await tx.scalar(select(func.sum(payments.c.amount))) == 200_000  # deposit, then package


async def test_a_welcome_is_recorded_but_nobody_pays_for_it(shop: Shop) -> None:
    who, plan = await shop.customer(), await shop.plan(is_enabled=False)
    welcome = Means(gateway="Welcome", channel="Auto", source=Source.GIFT)
    sold = await shop.sell(who, plan, welcome, SALES)
    assert (sold.paid, (await shop.sales(who))[0].price) == (0, 100_000)


async def test_a_coupon_is_counted_on_the_server(shop: Shop) -> None:
    who, plan = await shop.customer(balance=200_000), await shop.plan()
    terms = CouponTerms(
        code="HEMAT",
        kind=Kind.FIXED,
        value_hundredths=2_000_000,
        description="",
        max_uses=1,
        smallest_order=0,
        largest_discount=0,
        is_active=True,
        starts_on=date(2026, 11, 22),
        ends_on=date(2026, 11, 22),
    )
    coupon_id = await shop.services.coupons.add(terms, actor="staff:1")
    with pytest.raises(Conflict, match="coupons_off"):
        await shop.sell(who, plan, BALANCE, coupon="HEMAT")
    await shop.prefer(coupons=True)
    sold = await shop.sell(who, plan, BALANCE, coupon="HEMAT")
    assert (sold.paid, (await shop.sales(who))[-1].price) == (80_000, 100_000)
    assert (await shop.services.coupons.of(coupon_id)).uses == 1
    with pytest.raises(Conflict, match="coupon_used_up"):
        await shop.sell(who, plan, BALANCE, coupon="HEMAT")


async def test_who_may_not_buy_and_what_is_not_sold(shop: Shop) -> None:
    who, plan = await shop.customer(), await shop.plan()
    off = await shop.plan("off", is_enabled=False)
    suspended = await shop.customer("susi", status=AccountStatus.SUSPENDED)
    refusals: list[tuple[int, int, Means, type[DomainError], str]] = [
        (suspended, plan, CASH, Conflict, "account_status"),
        (who, off, CASH, Forbidden, "plan_disabled"),
        (who, 9999, CASH, NotFound, "plan"),
        (9999, plan, CASH, NotFound, "customer"),
    ]
    for customer_id, plan_id, means, kind, reason in refusals:
        with pytest.raises(kind) as refused:
            await shop.sell(customer_id, plan_id, means, SALES)
        assert refused.value.reason == reason
    with pytest.raises(NotFound, match="router"):
        await shop.sell(who, plan, router="RT-99")
    assert (await shop.sell(who, off, CASH, STAFF)).paid == 100_000
    assert len(await shop.sales(who)) == 1


async def test_a_price_is_quoted_as_it_will_be_asked(shop: Shop) -> None:
    who, plan = await shop.customer(), await shop.plan()
    await shop.prefer(tax_percent="11")
    await shop.attribute(who, Tower_Bill="7000")
    told = await shop.prepaid.quote(who, Recharge(plan_id=plan, means=CASH, key=new_id("q")))
    assert (told.price, told.bills, told.tax, told.total) == (
        100_000,
        {"Tower Bill": 7_000},
        11_000,
        118_000,
    )
    assert (await shop.sell(who, plan)).paid == told.total


async def test_prepaid_packages_are_not_billed_by_the_month(shop: Shop) -> None:
    who = await shop.customer()
    await shop.sell(who, await shop.plan())
    shop.clock.move(timedelta(days=25))
    assert await run_monthly(shop.services.uow, shop.services.settings) == 0
