"""Engines of asyncio drivers: asyncpg for PostgreSQL, aiosqlite in its own thread for what may take long on SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import Executable, Row, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from core.platform.db import SQLITE_PRAGMAS


def threaded_sqlite_engine(url: str | URL, *, migrates: bool = False) -> AsyncEngine:
    """A SQLite engine in aiosqlite's own thread: for what may take long, so that the event loop never waits.

    One that `migrates` does so in one transaction, with foreign keys unenforced: a table is rebuilt by dropping it.
    """
    engine = create_async_engine(
        make_url(url).set(drivername="sqlite+aiosqlite"), poolclass=NullPool, hide_parameters=True
    )

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in SQLITE_PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        if migrates:
            connection.isolation_level = None
            cursor.execute("PRAGMA foreign_keys=OFF")
            cursor.execute("PRAGMA busy_timeout=60000")
        cursor.close()

    if migrates:
        event.listen(
            engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE")
        )
    return engine


def postgres_engine(url: str | URL, *, pool_size: int = 8) -> AsyncEngine:
    """An asyncpg engine with a small pool; statements are cached by the driver."""
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        pool_recycle=1800,
        skip_autocommit_rollback=True,
        hide_parameters=True,
    )


async def stream(engine: AsyncEngine, statement: Executable, batch: int) -> AsyncIterator[Sequence[Row[Any]]]:
    """Read a result of any size in batches."""
    async with engine.connect() as connection:
        result = await connection.stream(statement)
        async for rows in result.partitions(batch):
            yield rows
