"""What a line shall be is stored with its reason; one job per wish follows, and the latest wish is the one that counts."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.network import switching
from core.network.switching import APPLY_TOPIC
from core.network.tables import line_states
from core.platform.errors import NotFound
from core.platform.outbox import outbox
from core.subscriptions.tables import subscriptions
from tests.core.conftest import Shop

JOHN, WARUNG = 1, 3


async def state(shop: Shop, subscription_id: int) -> Any:
    return await shop.one(select(line_states).where(line_states.c.subscription_id == subscription_id))


async def is_isolated(shop: Shop, subscription_id: int) -> bool:
    row = await shop.one(select(subscriptions.c.isolated_at).where(subscriptions.c.id == subscription_id))
    return row.isolated_at is not None


async def test_an_isolation_is_stored_and_queued_at_once(shop: Shop) -> None:
    async with shop.uow.write() as tx:
        assert await switching.isolate(tx, JOHN, reason="overdue", key="dunning-1")
    row = await state(shop, JOHN)
    assert (row.desired, row.reason, row.revision, row.applied_revision) == ("isolated", "overdue", 1, 0)
    assert (row.wanted_at, row.news) == (shop.clock.now(), "isolated")
    assert await is_isolated(shop, JOHN)
    job = await shop.one(select(outbox).where(outbox.c.topic == APPLY_TOPIC))
    assert (job.payload, job.ordering_key) == ({"subscription_id": JOHN}, "line:1")


async def test_the_same_reason_counts_once_however_late_it_comes_again(shop: Shop) -> None:
    for wish in ("isolate", "restore", "isolate again"):
        async with shop.uow.write() as tx:
            if wish == "restore":
                assert await switching.restore(tx, JOHN, key="payment-7")
            else:
                fresh = await switching.isolate(tx, JOHN, reason="overdue", key="dunning-1")
                assert fresh is (wish == "isolate")
    row = await state(shop, JOHN)
    assert (row.desired, row.revision, row.reason) == ("open", 2, None)
    assert not await is_isolated(shop, JOHN)
    assert len(await shop.queued(APPLY_TOPIC)) == 2


async def _isolated_in_vain(shop: Shop) -> None:
    async with shop.uow.write() as tx:
        await switching.isolate(tx, JOHN, reason="overdue", key="dunning-1")
        raise NotFound("plan")


async def test_a_wish_that_is_rolled_back_leaves_nothing(shop: Shop) -> None:
    with pytest.raises(NotFound):
        await _isolated_in_vain(shop)
    assert not await is_isolated(shop, JOHN)
    assert await shop.queued(APPLY_TOPIC) == []


async def test_closed_and_opened_before_the_router_knew_is_no_news(shop: Shop) -> None:
    async with shop.uow.write() as tx:
        await switching.isolate(tx, JOHN, reason="overdue", key="a")
    async with shop.uow.write() as tx:
        await switching.restore(tx, JOHN, key="b")
    assert (await state(shop, JOHN)).news is None
    async with shop.uow.write() as tx:
        await switching.restore(tx, WARUNG, key="c")
    assert (await state(shop, WARUNG)).news == "reopened"
    async with shop.uow.write() as tx:
        await switching.isolate(tx, WARUNG, reason="overdue", key="d")
    assert (await state(shop, WARUNG)).news is None


async def test_a_changed_plan_leaves_an_isolated_line_isolated(shop: Shop) -> None:
    async with shop.uow.write() as tx:
        await switching.provision(tx, WARUNG, key="plan-1")
        await switching.provision(tx, JOHN, key="plan-1")
    assert [(await state(shop, line)).desired for line in (WARUNG, JOHN)] == ["isolated", "open"]
    assert [(await state(shop, line)).news for line in (WARUNG, JOHN)] == [None, None]


async def test_a_removed_line_tells_nobody_anything(shop: Shop) -> None:
    async with shop.uow.write() as tx:
        await switching.isolate(tx, JOHN, reason="overdue", key="a")
    async with shop.uow.write() as tx:
        await switching.remove(tx, JOHN, key="ended")
    row = await state(shop, JOHN)
    assert (row.desired, row.news) == ("absent", None)


async def test_bills_do_not_bring_a_removed_line_back(shop: Shop) -> None:
    async with shop.uow.write() as tx:
        await switching.remove(tx, WARUNG, key="ended")
        await switching.restore(tx, WARUNG, key="paid")
        await switching.isolate(tx, WARUNG, reason="overdue", key="late")
    assert ((await state(shop, WARUNG)).desired, (await state(shop, WARUNG)).revision) == ("absent", 1)
    async with shop.uow.write() as tx:
        await switching.restore(tx, WARUNG, key="paid again")
        await switching.provision(tx, WARUNG, key="came back")
    assert (await state(shop, WARUNG)).desired == "open"


async def test_a_new_wish_wakes_the_job_that_waits_for_its_next_try(shop: Shop) -> None:
    async with shop.uow.write() as tx:
        await switching.isolate(tx, JOHN, reason="overdue", key="a")
        await tx.execute(outbox.update().values(due_at=tx.now + timedelta(hours=1), attempts=9))
    async with shop.uow.write() as tx:
        await switching.restore(tx, JOHN, key="b")
    jobs = await shop.all(select(outbox).where(outbox.c.topic == APPLY_TOPIC).order_by(outbox.c.id))
    assert [job.due_at for job in jobs] == [shop.clock.now(), shop.clock.now()]
    assert jobs[0].attempts == 9


async def test_wishes_at_once_all_count(shop: Shop) -> None:
    async def wish(number: int) -> None:
        async with shop.uow.write() as tx:
            if number % 2:
                await switching.restore(tx, JOHN, key=f"pay-{number}")
            else:
                await switching.isolate(tx, JOHN, reason="overdue", key=f"late-{number}")

    await asyncio.gather(*map(wish, range(10)))
    row = await state(shop, JOHN)
    assert row.revision == 10
    assert await is_isolated(shop, JOHN) is (row.desired == "isolated")
    assert len(await shop.queued(APPLY_TOPIC)) == 10
