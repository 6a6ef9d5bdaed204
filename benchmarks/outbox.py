"""How fast the dispatcher claims and settles when sending costs nothing, and when each send takes a tenth of a second.

Runs on SQLite, and on PostgreSQL where LOKET_TEST_POSTGRES_URL names a server. Prints one JSON line. Takes about ten
seconds.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from core.migrations.moves import upgrade
from core.platform import outbox
from core.platform.clock import SystemClock
from core.platform.dispatcher import Consumer, Dispatcher
from core.platform.outbox import Done, Job, Outcome
from core.platform.uow import UnitOfWork, open_uow

INSTANT_JOBS = 6000
SLOW_JOBS = 960
SEND_S = 0.1
AT_ONCE = 64


class Sink:
    """A consumer that takes `send_s` for each job and tells when it has had the last one."""

    def __init__(self, jobs: int, send_s: float) -> None:
        self.left, self.send_s, self.empty = jobs, send_s, asyncio.Event()

    async def __call__(self, _job: Job) -> Outcome:
        await asyncio.sleep(self.send_s)
        self.left -= 1
        if self.left == 0:
            self.empty.set()
        return Done("id")


@asynccontextmanager
async def sqlite() -> AsyncIterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite+aiosqlite:///{Path(folder) / 'loket.db'}"


@asynccontextmanager
async def postgres(server: str) -> AsyncIterator[str]:
    import asyncpg  # type: ignore[import-untyped] # noqa: PLC0415 - an optional package

    name = f"loket_bench_{uuid.uuid4().hex[:8]}"
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {name}")
    yield f"{server.rsplit('/', 1)[0].replace('postgresql://', 'postgresql+asyncpg://')}/{name}"
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


async def drained_per_s(uow: UnitOfWork, jobs: int, send_s: float) -> float:
    """Jobs a second through a running dispatcher, from its start to the last settlement."""
    async with uow.write() as tx:
        for number in range(jobs):
            key = f"{send_s}-{number}"
            await outbox.post(tx, "bench", {"text": "x" * 200}, key=key, ordering_key=key)
    sink = Sink(jobs, send_s)
    worker = Dispatcher(uow, SystemClock(), {"bench": Consumer(sink)}, concurrency=AT_ONCE)
    begun = time.perf_counter()
    working = asyncio.create_task(worker.run())
    await sink.empty.wait()
    working.cancel()
    await asyncio.wait([working])  # until the last tries are settled
    return jobs / (time.perf_counter() - begun)


async def rates(url: str) -> dict[str, float]:
    await upgrade(url)
    uow = open_uow(url, SystemClock())
    instant = await drained_per_s(uow, INSTANT_JOBS, 0)
    slow = await drained_per_s(uow, SLOW_JOBS, SEND_S)
    await uow.aclose()
    return {
        "claim_and_settle_per_s": round(instant),
        "slow_sends_per_s": round(slow),
        "slow_ratio_to_ceiling": round(slow / (AT_ONCE / SEND_S), 3),
    }


async def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    told: dict[str, object] = {"benchmark": "outbox", "at_once": AT_ONCE}
    async with sqlite() as url:
        told["sqlite"] = await rates(url)
    if server := os.environ.get("LOKET_TEST_POSTGRES_URL"):
        async with postgres(server) as url:
            told["postgres"] = await rates(url)
    print(json.dumps(told))


if __name__ == "__main__":
    asyncio.run(main())
