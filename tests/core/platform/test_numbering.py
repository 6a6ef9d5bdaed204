"""Numbers that count from one every day."""

from __future__ import annotations

import asyncio
from datetime import date

from core.platform.numbering import day_counters, next_number
from core.platform.uow import UnitOfWork

DAY = date(2024, 1, 1)


async def number(uow: UnitOfWork, day: date = DAY, name: str = "ticket") -> str:
    async with uow.write() as tx:
        return await next_number(tx, name, day)


async def test_numbers_start_at_one_every_day_and_for_every_name(uow: UnitOfWork) -> None:
    assert [await number(uow) for _ in range(2)] == ["240101001", "240101002"]
    assert await number(uow, date(2024, 1, 2)) == "240102001"
    assert await number(uow, name="invoice") == "240101001"
    assert await number(uow) == "240101003"


async def test_the_number_after_999_grows_a_digit(uow: UnitOfWork) -> None:
    async with uow.write() as tx:
        await tx.execute(day_counters.insert().values(name="ticket", day=DAY, last=998))
    assert [await number(uow) for _ in range(2)] == ["240101999", "2401011000"]


async def test_simultaneous_numbers_differ_and_leave_no_gap(uow: UnitOfWork) -> None:
    numbers = await asyncio.gather(*(number(uow) for _ in range(20)))
    assert sorted(numbers) == [f"240101{each:03d}" for each in range(1, 21)]


async def test_a_rolled_back_number_is_given_again(uow: UnitOfWork) -> None:
    async def fail() -> None:
        async with uow.write() as tx:
            await next_number(tx, "ticket", DAY)
            raise ZeroDivisionError

    await asyncio.gather(fail(), return_exceptions=True)
    assert await number(uow) == "240101001"
