"""The unit of work beside real second processes: their locks, their deaths."""

from __future__ import annotations

import asyncio
import signal
import sys
import textwrap
import time

from sqlalchemy import select

from core.platform.clock import ManualClock
from core.platform.numbering import day_counters
from core.platform.uow import UnitOfWork, open_uow

_PRELUDE = """
import asyncio, sys
from sqlalchemy import select
from core.platform.clock import SystemClock
from core.platform.numbering import day_counters
from core.platform.uow import open_uow

uow = open_uow(sys.argv[1], SystemClock())

async def add(tx, name):
    await tx.execute(day_counters.insert().values(name=name, day=tx.now.date(), last=0))
"""

_RAISES_FIFTY_TIMES = """
async def main():
    print("begun", flush=True)
    for _ in range(50):
        async with uow.write() as tx:
            last = await tx.scalar(select(day_counters.c.last).with_for_update())
            await tx.execute(day_counters.update().values(last=last + 1))
    await uow.aclose()
"""

_DIES_HALF_DONE = """
async def main():
    async with uow.write() as tx:
        await add(tx, "committed")
    async with uow.write() as tx:
        await add(tx, "half")
        print("half done", flush=True)
        await asyncio.Event().wait()
"""

_HOLDS_THE_LOCK = """
async def main():
    async with uow.write() as tx:
        await add(tx, "holder")
        print("holding", flush=True)
        await asyncio.sleep(1.0)
    await uow.aclose()
"""


async def another_process(program: str, url: str) -> asyncio.subprocess.Process:
    source = f"{_PRELUDE}\n{textwrap.dedent(program)}\nasyncio.run(main())"
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", source, url, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )


async def said(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 30)).decode().strip()


async def names(uow: UnitOfWork) -> set[str]:
    async with uow.read() as tx:
        return {row.name for row in await tx.all(select(day_counters.c.name))}


async def test_writers_of_two_processes_wait_for_each_other_and_lose_nothing(
    database_url: str, clock: ManualClock
) -> None:
    uow = open_uow(database_url, clock)
    async with uow.write() as tx:
        await tx.execute(day_counters.insert().values(name="sum", day=tx.now.date(), last=0))
    processes = [await another_process(_RAISES_FIFTY_TIMES, database_url) for _ in range(2)]

    async def raise_it() -> None:
        for _ in range(5):
            async with uow.write() as tx:
                last = await tx.scalar(select(day_counters.c.last).with_for_update())
                await asyncio.sleep(0)
                await tx.execute(day_counters.update().values(last=last + 1))

    assert [await said(process) for process in processes] == ["begun", "begun"]
    await asyncio.gather(*(raise_it() for _ in range(64)))
    for process in processes:
        _, complaints = await asyncio.wait_for(process.communicate(), 60)
        assert (process.returncode, complaints) == (0, b"")
    assert await _sum(uow) == 64 * 5 + 2 * 50
    await uow.aclose()


async def _sum(uow: UnitOfWork) -> int:
    async with uow.read() as tx:
        return int(await tx.scalar(select(day_counters.c.last)))


async def test_another_processs_lock_does_not_hold_up_the_event_loop(
    sqlite_url: str, clock: ManualClock
) -> None:
    uow = open_uow(sqlite_url, clock)
    async with uow.read() as tx:
        await tx.scalar(select(1))
    holder = await another_process(_HOLDS_THE_LOCK, sqlite_url)
    assert await said(holder) == "holding"

    async def write() -> float:
        begun = time.perf_counter()
        async with uow.write() as tx:
            await tx.execute(day_counters.insert().values(name="waited", day=tx.now.date(), last=0))
        return time.perf_counter() - begun

    waiting = asyncio.create_task(write())
    longest, last = 0.0, time.perf_counter()
    while not waiting.done():
        async with uow.read() as tx:
            await tx.scalar(select(day_counters.c.last))
        await asyncio.sleep(0.001)
        longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
    assert await waiting > 0.5
    assert longest < 0.5
    await holder.communicate()
    assert await names(uow) == {"holder", "waited"}
    await uow.aclose()


async def test_a_killed_process_leaves_nothing_half_done(database_url: str, clock: ManualClock) -> None:
    victim = await another_process(_DIES_HALF_DONE, database_url)
    assert await said(victim) == "half done"
    victim.send_signal(signal.SIGKILL)
    await victim.communicate()
    uow = open_uow(database_url, clock)
    assert await names(uow) == {"committed"}
    async with uow.write() as tx:
        await tx.execute(day_counters.insert().values(name="next", day=tx.now.date(), last=0))
    assert await names(uow) == {"committed", "next"}
    await uow.aclose()
