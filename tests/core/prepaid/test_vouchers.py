"""Vouchers: made without twins, spent once (phpnuxbill-2 contract §A8, §F2.15)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core.platform.errors import Conflict, Invalid, NotFound
from core.prepaid.tables import vouchers
from core.prepaid.types import PlanKind, Seller
from core.prepaid.vouchers import Batch, CodeStyle, Redeemed, VouchersWanted
from tests.core.prepaid.conftest import Shop

NOBODY = Seller(actor="nobody")


async def test_of_many_who_spend_a_code_one_has_it(shop: Shop) -> None:
    plan = await shop.plan()
    people = [await shop.customer(name) for name in ("one", "two", "three", "four")]
    (voucher,) = await shop.prepaid.make_vouchers(
        Batch(plan_id=plan, router="RT-01", count=1, length=10), by=1
    )
    outcomes = await asyncio.gather(
        *(shop.prepaid.redeem(voucher.code, who, NOBODY) for who in people), return_exceptions=True
    )
    (won,) = [each for each in outcomes if isinstance(each, Redeemed)]
    assert [each.reason for each in outcomes if isinstance(each, Conflict)] == ["voucher_used"] * 3
    (sale,) = [sale for who in people for sale in await shop.sales(who)]
    assert (sale.price, sale.method) == (100_000, f"Voucher - {voucher.code}")
    (spent,), _ = await shop.prepaid.vouchers(VouchersWanted(is_used=True))
    assert (spent.used_by, spent.used_at) == (won.holder.username, shop.clock.now())


async def test_somebody_without_an_account_comes_with_the_code_alone(shop: Shop) -> None:
    plan = await shop.plan("hour", 5_000, kind=PlanKind.HOTSPOT)
    (voucher,) = await shop.prepaid.make_vouchers(
        Batch(plan_id=plan, router="RT-01", count=1, length=10), by=1
    )
    redeemed = await shop.prepaid.redeem(f" {voucher.code}\n", None, NOBODY)
    running = await shop.prepaid.guest_package(voucher.code)
    assert running is not None
    assert (running.is_guest, running.username, running.is_on) == (True, voucher.code, True)
    assert await shop.line(redeemed.sold) == "open"
    shop.clock.move(timedelta(days=31))
    assert await shop.prepaid.expire_due() == 1
    ended = await shop.prepaid.guest_package(voucher.code)
    assert ended is not None
    assert not ended.is_on
    assert await shop.line(redeemed.sold) == "absent"


async def test_a_gift_voucher_is_recorded_as_paid_before(shop: Shop) -> None:
    plan, who = await shop.plan(), await shop.customer()
    async with shop.services.uow.write() as tx:
        await tx.insert(
            vouchers,
            code="GC12CABCDEFGHIJ",
            plan_id=plan,
            kind="PPPOE",
            router_id=shop.router_id,
            created_at=tx.now,
        )
    await shop.prepaid.redeem("GC12CABCDEFGHIJ", who, NOBODY)
    assert [sale.price for sale in await shop.sales(who)] == [0]


async def test_codes_are_as_asked_for_and_never_twins(shop: Shop) -> None:
    plan = await shop.plan(kind=PlanKind.HOTSPOT)

    async def made(style: CodeStyle, count: int, **more: object) -> set[str]:
        batch = Batch(plan_id=plan, router="radius", count=count, length=6, style=style, **more)  # type: ignore[arg-type]
        return {each.code for each in await shop.prepaid.make_vouchers(batch, by=1)}

    digits = await made(CodeStyle.DIGITS, 500, prefix="A-")
    assert len(digits) == 500
    assert all(code[:2] == "A-" and code[2:].isdigit() and len(code) == 8 for code in digits)
    assert all(code == code.upper() for code in await made(CodeStyle.UPPER, 20))
    assert all(code == code.lower() for code in await made(CodeStyle.LOWER, 20))
    with pytest.raises(NotFound):
        await shop.prepaid.redeem(next(iter(digits)).lower(), await shop.customer(), NOBODY)


async def test_what_no_batch_may_ask_for(shop: Shop) -> None:
    plan = await shop.plan()
    for changes, reason in (
        ({"count": 0}, "voucher_count"),
        ({"count": 1001}, "voucher_count"),
        ({"length": 5, "style": CodeStyle.DIGITS}, "voucher_length"),
        ({"length": 33}, "voucher_length"),
        ({"prefix": "<b>"}, "voucher_prefix"),
    ):
        usual = {"plan_id": plan, "router": "RT-01", "count": 1, "length": 10}
        with pytest.raises(Invalid) as refused:
            await shop.prepaid.make_vouchers(Batch(**usual | changes), by=1)  # type: ignore[arg-type]
        assert refused.value.reason == reason


async def test_spent_vouchers_go_once_nothing_runs_on_them(shop: Shop) -> None:
    plan, who = await shop.plan(), await shop.customer()
    batch = Batch(plan_id=plan, router="RT-01", count=2, length=10, name="November")
    first, second = await shop.prepaid.make_vouchers(batch, by=1)
    await shop.prepaid.redeem(first.code, who, NOBODY)
    shop.clock.move(timedelta(days=100))
    assert await shop.prepaid.delete_spent_vouchers(timedelta(days=90)) == 0
    await shop.prepaid.redeem(second.code, who, NOBODY)
    assert await shop.prepaid.delete_spent_vouchers(timedelta(days=90)) == 1
    assert [each.code for each in (await shop.prepaid.vouchers(VouchersWanted()))[0]] == [second.code]
