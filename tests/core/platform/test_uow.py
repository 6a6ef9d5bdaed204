"""The unit of work in one process: all or nothing, no nesting, readers beside a writer, bad values refused."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from core.customers.tables import customers
from core.platform.clock import ManualClock
from core.platform.errors import Invalid, Unavailable
from core.platform.numbering import day_counters
from core.platform.postgres import PostgresUnitOfWork
from core.platform.sqlite import SqliteUnitOfWork
from core.platform.uow import ReadTx, UnitOfWork, WriteTx, open_uow


async def add(tx: WriteTx, name: str, last: int = 0) -> None:
    await tx.execute(day_counters.insert().values(name=name, day=tx.now.date(), last=last))


async def names(uow: UnitOfWork) -> set[str]:
    async with uow.read() as tx:
        return {row.name for row in await tx.all(select(day_counters.c.name))}


async def test_leaving_the_block_commits(uow: UnitOfWork) -> None:
    async with uow.write() as tx:
        await add(tx, "kept")
    assert await names(uow) == {"kept"}


async def test_an_exception_rolls_everything_back(uow: UnitOfWork) -> None:
    async def fail() -> None:
        async with uow.write() as tx:
            await add(tx, "lost")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with uow.write() as tx:
        await add(tx, "after")
    assert await names(uow) == {"after"}


async def test_a_cancellation_at_any_moment_spoils_no_later_transaction(
    uow: UnitOfWork, database_url: str, clock: ManualClock
) -> None:
    """Also one that comes while a transaction begins or ends: its connection must not be handed on half way."""

    async def write(name: str) -> None:
        async with uow.write() as tx:
            await tx.insert_new(day_counters, name=name, day=tx.now.date(), last=0)

    loop = asyncio.get_running_loop()
    for turn in range(200):
        task = asyncio.create_task(write(f"cut-{turn}"))
        loop.call_later(turn % 50 * 0.0001, task.cancel)
        await asyncio.gather(task, return_exceptions=True)
    expected = {f"kept-{turn}" for turn in range(20)}
    for name in sorted(expected):
        await write(name)
    another = open_uow(database_url, clock)
    try:
        assert expected <= await names(another)
    finally:
        await another.aclose()


async def test_a_cancelled_transaction_leaves_nothing_and_gives_its_turn_on(uow: UnitOfWork) -> None:
    inside = asyncio.Event()

    async def hang() -> None:
        async with uow.write() as tx:
            await add(tx, "half done")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with uow.write() as tx:
        await add(tx, "next")
    assert await names(uow) == {"next"}


async def test_somebody_who_gives_up_waiting_for_the_turn_holds_nobody_up(uow: UnitOfWork) -> None:
    async def write(name: str) -> None:
        async with uow.write() as tx:
            await add(tx, name)

    async with uow.write() as tx:
        waiting = asyncio.create_task(write("impatient"))
        await asyncio.sleep(0.01)
        if isinstance(uow, SqliteUnitOfWork):
            waiting.cancel()
        await add(tx, "first")
    await asyncio.wait([waiting])
    await write("third")
    assert {"first", "third"} <= await names(uow)


@pytest.mark.parametrize("outer", ["read", "write"])
@pytest.mark.parametrize("inner", ["read", "write"])
async def test_units_of_work_do_not_nest(uow: UnitOfWork, outer: str, inner: str) -> None:
    async def nest() -> None:
        async with getattr(uow, outer)(), getattr(uow, inner)():
            pass

    with pytest.raises(RuntimeError, match="inside another"):
        await nest()
    async with uow.write() as tx:  # and the refusal leaves no lock behind
        await add(tx, "fine")


async def test_what_outlives_its_unit_of_work_reaches_the_database_no_more(uow: UnitOfWork) -> None:
    kept: list[ReadTx] = []
    async with uow.write() as written:
        kept.append(written)
    async with uow.read() as glance:
        kept.append(glance)
    for tx in kept:
        with pytest.raises(RuntimeError, match="over"):
            await tx.scalar(select(1))


async def test_sixty_four_writers_that_read_first_lose_no_update(uow: UnitOfWork) -> None:
    async with uow.write() as tx:
        await add(tx, "sum")
    counter = day_counters.c

    async def raise_it() -> None:
        for _ in range(4):
            async with uow.write() as tx:
                row = select(counter.last).where(counter.name == "sum").with_for_update()
                last = await tx.scalar(row)
                await asyncio.sleep(0)
                await tx.execute(day_counters.update().where(counter.name == "sum").values(last=last + 1))

    await asyncio.gather(*(raise_it() for _ in range(64)))
    async with uow.read() as glance:
        assert await glance.scalar(select(counter.last)) == 256


async def test_readers_see_the_last_commit_while_somebody_writes(uow: UnitOfWork) -> None:
    async with uow.write() as first:
        await add(first, "before")

    async def look() -> set[str]:
        return await names(uow)

    async with uow.write() as tx:
        await add(tx, "unfinished")
        assert await asyncio.create_task(look()) == {"before"}
    assert await look() == {"before", "unfinished"}


async def test_a_unit_of_work_keeps_one_instant(uow: UnitOfWork, clock: ManualClock) -> None:
    async with uow.write() as tx:
        assert tx.now == clock.now()
        assert tx.now.utcoffset() is not None


async def test_scan_streams_more_than_one_batch_and_may_be_left_early(uow: UnitOfWork) -> None:
    async with uow.write() as tx:
        for number in range(250):
            await add(tx, f"{number:03d}")
    statement = select(day_counters.c.name).order_by(day_counters.c.name)
    batches = [[row.name for row in rows] async for rows in uow.scan(statement, batch=100)]
    assert [len(batch) for batch in batches] == [100, 100, 50]
    assert batches[-1][-1] == "249"
    streaming = uow.scan(statement, batch=100)
    assert len(await anext(streaming)) == 100
    await streaming.aclose()  # type: ignore[attr-defined] # an async generator, promised as an iterator only
    async with uow.write() as tx:
        await add(tx, "not blocked")


async def test_a_scan_sees_one_moment_while_others_write(uow: UnitOfWork) -> None:
    async with uow.write() as tx:
        for number in range(20):
            await add(tx, f"old-{number}")
    seen = 0
    async for rows in uow.scan(select(day_counters.c.name), batch=5):
        seen += len(rows)
        async with uow.write() as tx:
            await add(tx, f"new-{seen}")
    assert seen == 20


async def test_a_twin_is_told_apart_without_spoiling_the_transaction(uow: UnitOfWork) -> None:
    async with uow.write() as tx:
        row = {"name": "one", "day": tx.now.date(), "last": 1}
        assert await tx.insert_new(day_counters, **row) is True
        assert await tx.insert_new(day_counters, **row) is False
        await add(tx, "two")
    assert await names(uow) == {"one", "two"}


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30, -(10**30)])
async def test_a_number_no_row_can_have_matches_nothing(uow: UnitOfWork, number: int) -> None:
    async with uow.read() as tx:
        found = select(func.count()).where(customers.c.id == number)
        assert await tx.scalar(found) == 0
        found = select(func.count()).where(customers.c.identity_type_id.in_([number]))
        assert await tx.scalar(found) == 0


async def test_a_text_that_is_no_unicode_is_refused_and_the_next_one_stored(uow: UnitOfWork) -> None:
    async def store(name: str) -> None:
        async with uow.write() as tx:
            await add(tx, name)

    with pytest.raises(Invalid, match="unstorable"):
        await store("half \ud800")
    await store("whole")
    assert await names(uow) == {"whole"}


@pytest.mark.postgres
@pytest.mark.parametrize("name", ["x" * 33, "nul \0"])
async def test_postgresql_refuses_what_a_column_cannot_hold(
    postgres_url: str, clock: ManualClock, name: str
) -> None:
    uow = open_uow(postgres_url, clock)

    async def store() -> None:
        async with uow.write() as tx:
            await add(tx, name)

    with pytest.raises(Invalid, match="unstorable"):
        await store()
    await uow.aclose()


async def test_a_database_that_is_down_is_unavailable(clock: ManualClock) -> None:
    uow = PostgresUnitOfWork("postgresql+asyncpg://nobody@127.0.0.1:1/nothing", clock)
    for unit in (uow.read, uow.write):
        with pytest.raises(Unavailable, match="database_down"):
            async with unit():
                pass
    await uow.aclose()


async def test_the_reader_of_sqlite_cannot_write(sqlite_url: str, clock: ManualClock) -> None:
    uow = open_uow(sqlite_url, clock)
    async with uow.read() as tx:
        with pytest.raises(Exception, match="readonly"):
            await tx.all(day_counters.delete())
    await uow.aclose()


async def test_a_commit_that_posted_nothing_nudges_nobody(database_url: str, clock: ManualClock) -> None:
    nudges: list[int] = []
    uow = open_uow(database_url, clock, nudge=lambda: nudges.append(1))
    async with uow.write() as tx:
        await add(tx, "quiet")
    assert nudges == []
    async with uow.write() as tx:
        tx.has_posted = True
        assert nudges == []
    assert nudges == [1]
    await uow.aclose()
