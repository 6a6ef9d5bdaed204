"""Sixty-four writers at once through the unit of work on SQLite, against bare sqlite3 doing the same statements inline.

Prints one JSON line. Takes about seven seconds.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
import time
from pathlib import Path

from core.migrations.moves import upgrade
from core.platform import outbox
from core.platform.clock import SystemClock
from core.platform.numbering import day_counters
from core.platform.sqlite import SqliteUnitOfWork

WRITERS = 64
ROUNDS = 3
ROUND_S = 1.0

_INSERT = (
    "INSERT INTO outbox (topic, payload, key, priority, state, sensitive, attempts, due_at, created_at)"
    " VALUES ('bench', '{}', ?, 20, 'pending', 0, 0, '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000')"
    " ON CONFLICT DO NOTHING"
)
_UPDATE = "UPDATE day_counters SET last = last + 1 WHERE name = 'bench'"


async def ours(uow: SqliteUnitOfWork, number: int) -> list[float]:
    """How long each transaction took, its wait included, in seconds."""
    took: list[float] = []
    deadline = time.perf_counter() + ROUND_S

    async def write(writer: int) -> None:
        count = 0
        while (begun := time.perf_counter()) < deadline:
            async with uow.write() as tx:
                await outbox.post(tx, "bench", {}, key=f"{number}-{writer}-{count}")
                await tx.execute(
                    day_counters.update()
                    .where(day_counters.c.name == "bench")
                    .values(last=day_counters.c.last + 1)
                )
            count += 1
            took.append(time.perf_counter() - begun)

    await asyncio.gather(*(write(writer) for writer in range(WRITERS)))
    return took


def floor(connection: sqlite3.Connection, number: int) -> int:
    """How many transactions one connection makes with nothing around it."""
    count, deadline = 0, time.perf_counter() + ROUND_S
    while time.perf_counter() < deadline:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(_INSERT, (f"floor-{number}-{count}",))
        connection.execute(_UPDATE)
        connection.execute("COMMIT")
        count += 1
    return count


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "loket.db"
        url = f"sqlite+aiosqlite:///{path}"
        await upgrade(url)
        uow = SqliteUnitOfWork(url, SystemClock())
        async with uow.write() as tx:
            await tx.insert_new(day_counters, name="bench", day=tx.now.date(), last=0)
        bare = sqlite3.connect(path, isolation_level=None)
        for pragma in ("synchronous=NORMAL", "wal_autocheckpoint=0", "cache_size=-16384", "foreign_keys=ON"):
            bare.execute(f"PRAGMA {pragma}")
        took, floors = list[float](), 0
        for number in range(ROUNDS):
            took += await ours(uow, number)
            floors += floor(bare, number)
        bare.close()
        await uow.aclose()
    took.sort()
    print(
        json.dumps(
            {
                "benchmark": "writes",
                "writers": WRITERS,
                "tx_per_s": round(len(took) / ROUNDS / ROUND_S),
                "floor_tx_per_s": round(floors / ROUNDS / ROUND_S),
                "ratio_to_floor": round(len(took) / floors, 3),
                "p50_ms": round(took[len(took) // 2] * 1000, 1),
                "p99_ms": round(took[int(len(took) * 0.99)] * 1000, 1),
                "goals": {"tx_per_s": 1000, "p99_ms": 150},
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
