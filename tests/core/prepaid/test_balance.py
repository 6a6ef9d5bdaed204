"""Balance: topped up, given back, moved (phpnuxbill-2 contract §A6, §F2.3)."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from core.billing.tables import ledger_entries
from core.customers.accounts import AccountStatus
from core.platform.errors import Conflict, DomainError
from tests.core.prepaid.conftest import CASH, STAFF, Shop


async def test_a_deposit_is_the_customers_credit_and_comes_once(shop: Shop) -> None:
    who = await shop.customer()
    for _ in range(2):
        sold = await shop.prepaid.deposit(who, 50_000, CASH, STAFF, key="deposit", note="hand")
        assert sold.balance == 50_000
    (sale,) = await shop.sales(who)
    assert (sale.kind, sale.plan_name, sale.price, sale.note) == ("Balance", "Balance", 50_000, "hand")


async def test_less_than_nothing_is_handed_back_as_far_as_there_is_any(shop: Shop) -> None:
    who = await shop.customer(balance=50_000)
    with pytest.raises(Conflict, match="credit_spent"):
        await shop.prepaid.deposit(who, -50_001, CASH, STAFF, key="too much")
    sold = await shop.prepaid.deposit(who, -20_000, CASH, STAFF, key="back")
    assert sold.balance == 30_000
    assert [sale.price for sale in await shop.sales(who)] == [50_000, -20_000]
    again = await shop.prepaid.deposit(who, -20_000, CASH, STAFF, key="back")
    assert (again.is_new, again.balance) == (False, 30_000)


async def test_balance_moves_whole_and_once(shop: Shop) -> None:
    await shop.prefer(balance=True, balance_transfer=True)
    one, two = await shop.customer("one", balance=50_000), await shop.customer("two")
    for is_new in (True, False):
        moved = await shop.prepaid.transfer(one, two, 20_000, key="move")
        assert (moved.balance, moved.is_new) == (30_000, is_new)
    assert await shop.balance(two) == 20_000
    (sent,), _ = await shop.prepaid.orders_of(one, limit=5)
    (received,), _ = await shop.prepaid.orders_of(two, limit=5)
    assert (sent.plan_name, sent.gateway, received.plan_name, received.gateway) == (
        "Send Balance",
        "two",
        "Receive Balance",
        "one",
    )
    async with shop.services.uow.read() as tx:
        between = select(func.sum(ledger_entries.c.amount)).where(ledger_entries.c.account == "transfers")
        assert await tx.scalar(between) == 0


async def test_why_balance_does_not_move(shop: Shop) -> None:
    one, two = await shop.customer("one", balance=50_000), await shop.customer("two")
    banned = await shop.customer("three", status=AccountStatus.BANNED)
    with pytest.raises(Conflict, match="balance_off"):
        await shop.prepaid.transfer(one, two, 1, key="off")
    await shop.prefer(balance=True, balance_transfer=True, smallest_transfer=10_000)
    for target, amount, reason in (
        (two, -20_000, "amount"),
        (two, 0, "amount"),
        (two, 50_001, "insufficient_balance"),
        (two, 9_999, "below_smallest_transfer"),
        (one, 20_000, "own_account"),
        (banned, 20_000, "receiver_banned"),
    ):
        with pytest.raises(DomainError) as refused:
            await shop.prepaid.transfer(one, target, amount, key=f"{target}-{amount}")
        assert refused.value.reason == reason
    assert (await shop.balance(one), await shop.balance(two)) == (50_000, 0)


async def test_moves_in_both_directions_at_once_lose_nothing(shop: Shop) -> None:
    await shop.prefer(balance=True, balance_transfer=True)
    one, two = await shop.customer("one", balance=50_000), await shop.customer("two", balance=50_000)
    moves = [
        shop.prepaid.transfer(*pair, 30_000, key=f"{turn}-{pair}")
        for turn in range(3)
        for pair in ((one, two), (two, one))
    ]
    outcomes = await asyncio.gather(*moves, return_exceptions=True)
    assert {type(each).__name__ for each in outcomes} <= {"Moved", "Conflict"}
    balances = await shop.balance(one), await shop.balance(two)
    assert sum(balances) == 100_000
    assert min(balances) >= 0
