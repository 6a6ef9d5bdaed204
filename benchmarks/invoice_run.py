"""The monthly run on SQLite, against a bare bulk INSERT of the very rows it wrote into the same schema.

Prints one JSON line. Takes about twenty seconds; memory is what the run adds at its highest, for two sizes.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
import time
import tracemalloc
from datetime import UTC, date, datetime
from pathlib import Path

from core.billing.run import run_monthly
from core.catalog.tables import plan_categories, plans, regions
from core.customers.tables import customers
from core.migrations.moves import upgrade
from core.platform import logging
from core.platform.clock import ManualClock
from core.platform.sqlite import SqliteUnitOfWork
from core.settings import Settings, load
from core.subscriptions.tables import subscriptions

CUSTOMERS = 20_000
_NOW = datetime(2026, 11, 30, 1, tzinfo=UTC)
_WRITTEN = ("invoices", "invoice_lines", "ledger_entries")
_BATCH = 200


async def provider(folder: Path, name: str, count: int) -> tuple[str, SqliteUnitOfWork]:
    url = f"sqlite+aiosqlite:///{folder / name}"
    await upgrade(url)
    uow = SqliteUnitOfWork(url, ManualClock(_NOW))
    async with uow.write() as tx:
        await tx.insert(regions, id=1, name="R", tax_percent=11)
        await tx.insert(plan_categories, id=1, name="Internet")
        plan = {"region_id": 1, "category_id": 1, "description": "", "is_public": True, "is_active": True}
        await tx.insert(plans, id=1, name="Home", price=300_000, **plan)
        people = [_person(number) for number in range(1, count + 1)]
        await tx.execute(customers.insert(), people)
        await tx.execute(subscriptions.insert(), [_plan_of(person["id"]) for person in people])
    return url, uow


def _person(number: int) -> dict[str, object]:
    row = {"id": number, "uid": f"c{number}", "service_number": f"17{number:08d}", "region_id": 1}
    return row | {"name": f"C {number}", "image": "x", "activated_on": date(2023, 1, 1), "created_at": _NOW}


def _plan_of(customer_id: object) -> dict[str, object]:
    row = {"customer_id": customer_id, "plan_id": 1, "quantity": 1, "price": 300_000, "discount": 0}
    return row | {"status": "active", "created_at": _NOW}


async def ours(folder: Path, settings: Settings, count: int) -> tuple[float, str]:
    url, uow = await provider(folder, f"ours-{count}.db", count)
    begun = time.perf_counter()
    assert await run_monthly(uow, settings) == count
    took = time.perf_counter() - begun
    await uow.aclose()
    return took, url


async def peak(folder: Path, settings: Settings, count: int) -> float:
    """The most memory the run holds at once, in MiB."""
    _, uow = await provider(folder, f"peak-{count}.db", count)
    tracemalloc.start()
    await run_monthly(uow, settings)
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    await uow.aclose()
    return round(highest / 2**20, 1)


async def floor(folder: Path, url: str) -> float:
    """The same rows, as many a transaction, through bare sqlite3."""
    _, uow = await provider(folder, "floor.db", CUSTOMERS)
    await uow.aclose()
    source = sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///"))
    rows = {table: source.execute(f"SELECT * FROM {table} ORDER BY id").fetchall() for table in _WRITTEN}  # noqa: S608
    source.close()
    bare = sqlite3.connect(folder / "floor.db", isolation_level=None)
    for pragma in ("synchronous=NORMAL", "wal_autocheckpoint=0", "cache_size=-16384", "foreign_keys=ON"):
        bare.execute(f"PRAGMA {pragma}")
    begun = time.perf_counter()
    for start in range(0, CUSTOMERS, _BATCH):
        bare.execute("BEGIN IMMEDIATE")
        for table, all_rows in rows.items():
            each = len(all_rows) // CUSTOMERS
            part = all_rows[start * each : (start + _BATCH) * each]
            marks = ",".join("?" * len(part[0]))
            bare.executemany(f"INSERT INTO {table} VALUES ({marks})", part)  # noqa: S608
        bare.execute("COMMIT")
    took = time.perf_counter() - begun
    bare.close()
    return took


async def main() -> None:
    logging.configure("error", as_json=True)
    settings = load({"LOKET_SECRET_KEY": "s" * 40})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        took, url = await ours(folder, settings, CUSTOMERS)
        bare = await floor(folder, url)
        small, large = await peak(folder, settings, 1_000), await peak(folder, settings, 5_000)
    print(
        json.dumps(
            {
                "benchmark": "invoice_run",
                "invoices": CUSTOMERS,
                "invoices_per_s": round(CUSTOMERS / took),
                "floor_invoices_per_s": round(CUSTOMERS / bare),
                "ratio_to_floor": round(bare / took, 3),
                "peak_mib_of_1000": small,
                "peak_mib_of_5000": large,
                "goals": {"invoices_per_s": 1500},
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
