"""Counters that hold under concurrency, lock for longer each time, and forget in the end."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.identity import counters
from core.identity.counters import Charge, Limit, charge, origin
from core.identity.tables import attempt_counters
from core.platform.clock import ManualClock
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork

MINUTE = timedelta(minutes=1)
PLAIN = Limit("plain", 3, MINUTE)
LOCKING = Limit("locking", 2, MINUTE, locks=(MINUTE, 5 * MINUTE, 60 * MINUTE))


async def spend(uow: UnitOfWork, *charges: Charge) -> int:
    async with uow.write() as tx:
        return await counters.spend(tx, *charges)


async def test_so_many_are_allowed_and_then_a_wait_is_named(uow: UnitOfWork, clock: ManualClock) -> None:
    each = Charge("a", PLAIN)
    assert [await spend(uow, each) for _ in range(3)] == [0, 0, 0]
    clock.move(timedelta(seconds=20.5))
    assert await spend(uow, each) == 40
    clock.move(timedelta(seconds=39.5))
    assert await spend(uow, each) == 0


async def test_one_bucket_does_not_touch_another(uow: UnitOfWork) -> None:
    for _ in range(4):
        await spend(uow, Charge("a", PLAIN))
    assert await spend(uow, Charge("b", PLAIN)) == 0


async def test_two_charges_are_made_together_or_not_at_all(uow: UnitOfWork) -> None:
    used_up, other = Charge("a", PLAIN), Charge("b", PLAIN)
    for _ in range(3):
        await spend(uow, used_up)
    assert await spend(uow, other, used_up) > 0
    assert [await spend(uow, other) for _ in range(4)] == [0, 0, 0, 60]


async def test_a_lock_is_longer_each_time(uow: UnitOfWork, clock: ManualClock) -> None:
    each = Charge("a", LOCKING)
    locks = []
    for _ in range(4):
        assert [await spend(uow, each) for _ in range(2)] == [0, 0]
        locks.append(await spend(uow, each))
        clock.move(timedelta(seconds=locks[-1]))
    assert locks == [60, 300, 3600, 3600]


async def test_knocking_at_a_locked_door_does_not_prolong_the_lock(
    uow: UnitOfWork, clock: ManualClock
) -> None:
    each = Charge("a", LOCKING)
    assert [await spend(uow, each) for _ in range(3)] == [0, 0, 60]
    clock.move(timedelta(seconds=30))
    assert [await spend(uow, each) for _ in range(5)] == [30] * 5
    clock.move(timedelta(seconds=30))
    assert await spend(uow, each) == 0


async def test_locks_are_forgotten_after_a_quiet_day(uow: UnitOfWork, clock: ManualClock) -> None:
    each = Charge("a", LOCKING)
    assert [await spend(uow, each) for _ in range(3)] == [0, 0, 60]
    clock.move(timedelta(days=1, minutes=2))
    assert [await spend(uow, each) for _ in range(3)] == [0, 0, 60]


async def test_what_is_given_back_can_be_spent_again(uow: UnitOfWork) -> None:
    each = Charge("a", PLAIN)
    for _ in range(3):
        await spend(uow, each)
    async with uow.write() as tx:
        await counters.give_back(tx, each)
    assert [await spend(uow, each) > 0 for _ in range(2)] == [False, True]


async def test_forgetting_ends_a_lock(uow: UnitOfWork) -> None:
    each = Charge("a", LOCKING)
    for _ in range(3):
        await spend(uow, each)
    async with uow.write() as tx:
        await counters.forget(tx, each)
    assert await spend(uow, each) == 0


async def test_asking_costs_nothing(uow: UnitOfWork) -> None:
    each = Charge("a", PLAIN)
    for _ in range(3):
        async with uow.read() as tx:
            assert await counters.seconds_to_wait(tx, each) == 0
        await spend(uow, each)
    async with uow.read() as tx:
        assert await counters.seconds_to_wait(tx, each) == 60


async def test_thirty_at_once_spend_no_more_than_allowed(uow: UnitOfWork) -> None:
    waits = await asyncio.gather(*(spend(uow, Charge("a", PLAIN)) for _ in range(30)))
    assert waits.count(0) == 3


async def test_thirty_at_once_earn_one_lock(uow: UnitOfWork) -> None:
    waits = await asyncio.gather(*(spend(uow, Charge("a", LOCKING)) for _ in range(30)))
    assert waits.count(0) == 2
    assert set(waits) == {0, 60}


async def test_pairs_in_either_order_do_not_block_each_other(uow: UnitOfWork) -> None:
    one, other = Charge("a", Limit("x", 100, MINUTE)), Charge("b", Limit("x", 100, MINUTE))
    pairs = [(one, other), (other, one)] * 10
    assert set(await asyncio.gather(*(spend(uow, *pair) for pair in pairs))) == {0}


async def test_nobody_can_be_read_out_of_a_bucket(uow: UnitOfWork, keyring: Keyring) -> None:
    await spend(uow, charge(keyring, PLAIN, "siti@example.com", "203.0.113.7"))
    async with uow.read() as tx:
        bucket = await tx.scalar(select(attempt_counters.c.bucket))
    assert re.fullmatch(r"plain:[0-9a-f]{64}", bucket)


@pytest.mark.parametrize(
    ("ip", "counted_as"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("whatsapp:628123456789", "whatsapp:628123456789"),
        ("", ""),
    ],
)
def test_one_household_is_one_origin(ip: str, counted_as: str) -> None:
    assert origin(ip) == counted_as
