"""Ends of packages: on time, in batches, renewed, put off (phpnuxbill-2 contract §A10-A12, §F3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.network.types import Isolation
from core.network.wishes import wish_of
from core.platform.errors import Conflict, Invalid, NotFound
from core.prepaid.types import PlanKind, Terms, Unit
from core.subscriptions.tables import subscriptions
from tests.core.prepaid.conftest import STAFF, Shop


async def test_packages_end_on_time_and_once(shop: Shop) -> None:
    plan = await shop.plan()
    sold = [await shop.sell(await shop.customer(f"c{n}"), plan) for n in range(5)]
    shop.clock.move(timedelta(days=30, seconds=-1))
    assert await shop.prepaid.expire_due() == 0
    shop.clock.move(timedelta(seconds=1))
    assert await shop.prepaid.expire_due(batch=2) == 5
    assert await shop.prepaid.expire_due() == 0
    for each in sold:
        assert not (await shop.running(each)).is_on
        assert await shop.line(each) == "absent"


async def test_a_package_is_renewed_from_the_balance(shop: Shop) -> None:
    await shop.prefer(balance=True, tax_percent="10")
    plan = await shop.plan()
    rich, poor = await shop.customer("rich", balance=250_000), await shop.customer("poor", balance=9)
    proud = await shop.customer("proud", balance=250_000, auto_renewal=False)
    linked = await shop.plan("along", kind=PlanKind.HOTSPOT)
    sold = {who: await shop.sell(who, plan) for who in (rich, poor, proud)}
    await shop.prepaid.link(plan, [linked])
    shop.clock.move(timedelta(days=30))
    assert await shop.prepaid.expire_due() == 3
    sale = (await shop.sales(rich))[-1]
    assert (sale.method, sale.price, sale.plan_name) == ("Customer - Balance", 100_000, "30 days")
    assert await shop.balance(rich) == 140_000
    assert [(await shop.running(sold[who])).is_on for who in (rich, poor, proud)] == [True, False, False]
    assert (await shop.balance(poor), await shop.balance(proud)) == (9, 250_000)
    assert await shop.line(sold[rich]) == "open"
    assert await shop.prepaid.expire_due() == 0


async def test_an_ended_line_falls_back_to_the_follow_up_plan(shop: Shop) -> None:
    terms = Terms(kind=PlanKind.PPPOE, validity=1, unit=Unit.DAYS, router_id=shop.router_id)
    slow = await shop.prepaid.offer("slow", 0, terms, rate_limit="1M/1M")
    plan, who = await shop.plan(follow_up_plan_id=slow), await shop.customer()
    sold = await shop.sell(who, plan)
    shop.clock.move(timedelta(days=30))
    await shop.prepaid.expire_due()
    assert await shop.line(sold) == "open"

    async def profile() -> str | None:
        async with shop.services.uow.read() as tx:
            wish = await wish_of(tx, sold.subscription_id or 0, Isolation())
        assert wish is not None
        return wish.desired.profile

    assert await profile() == "slow"
    assert (await shop.running(sold)).plan_name == "30 days"
    await shop.sell(who, plan)
    assert await profile() is None


async def test_a_package_is_deactivated_by_its_customer_or_staff(shop: Shop) -> None:
    who, other = await shop.customer(), await shop.customer("siti")
    sold = await shop.sell(who, await shop.plan())
    package = sold.subscription_id or 0
    with pytest.raises(NotFound):
        await shop.prepaid.deactivate(package, customer_id=other, actor=f"customer:{other}")
    ended = await shop.prepaid.deactivate(package, customer_id=who, actor=f"customer:{who}")
    assert (ended.is_on, ended.expires_at) == (False, shop.clock.now())
    assert await shop.line(sold) == "absent"
    with pytest.raises(NotFound):
        await shop.prepaid.deactivate(package, customer_id=None, actor=STAFF.actor)


async def test_staff_extend_what_has_ended(shop: Shop) -> None:
    who = await shop.customer()
    sold = await shop.sell(who, await shop.plan())
    package = sold.subscription_id or 0
    with pytest.raises(Conflict, match="package_runs"):
        await shop.prepaid.extend(package, 3, actor="staff:1")
    shop.clock.move(timedelta(days=32))
    await shop.prepaid.expire_due()
    for days in (0, 366):
        with pytest.raises(Invalid, match="days"):
            await shop.prepaid.extend(package, days, actor="staff:1")
    until = await shop.prepaid.extend(package, 3, actor="staff:1")
    assert until == shop.clock.now() + timedelta(days=3)
    assert (await shop.running(sold)).is_on
    assert await shop.line(sold) == "open"


async def test_a_customer_extends_once_a_month(shop: Shop) -> None:
    who = await shop.customer()
    package = (await shop.sell(who, await shop.plan())).subscription_id or 0

    async def refused() -> str:
        with pytest.raises(Conflict) as refusal:
            await shop.prepaid.extend_own(package, who)
        return refusal.value.reason

    assert await refused() == "extension_off"
    await shop.prefer(extends_expired=True, extension_days=2)
    assert await refused() == "package_runs"
    shop.clock.move(timedelta(days=31))  # 23 December
    await shop.prepaid.expire_due()
    until = await shop.prepaid.extend_own(package, who)
    assert f"{until:%Y-%m-%d %H:%M:%S}" == "2026-12-25 10:00:00"
    shop.clock.move(timedelta(days=3))
    await shop.prepaid.expire_due()
    assert await refused() == "extended_already"
    shop.clock.move(timedelta(days=365))  # the same month of another year
    assert await shop.prepaid.extend_own(package, who) > shop.clock.now()


async def test_an_extension_moves_no_money(shop: Shop) -> None:
    who = await shop.customer()
    sold = await shop.sell(who, await shop.plan())
    shop.clock.move(timedelta(days=40))
    await shop.prepaid.expire_due()
    await shop.prepaid.extend(sold.subscription_id or 0, 5, actor="staff:1")
    assert len(await shop.sales(who)) == 1
    async with shop.services.uow.read() as tx:
        (row,) = await tx.all(select(subscriptions))
    assert row.status == "active"
