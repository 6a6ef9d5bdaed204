"""The unit of work on SQLite: statements run on the event loop's own thread (docs/adr/0003-sql-on-the-event-loop.md).

One writer at a time in the process; another process's lock is waited for without blocking the event loop.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Executable, Row, Table
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import OperationalError

from core.platform.clock import Clock
from core.platform.db import sqlite_engine
from core.platform.errors import Invalid, Unavailable
from core.platform.prepared import Prepared
from core.platform.statements import Params
from core.platform.uow import NoNesting, Nudge, ReadTx, WriteTx, no_nudge

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

_LOCK_WAIT_S = 10.0
_LOCK_STEP_S = 0.002


@cache
def _inserting_new(table: Table) -> Insert:
    return insert(table).on_conflict_do_nothing()


class Inline:
    """A SQLite connection used on the event loop's own thread."""

    dialect = "sqlite"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def run(self, statement: Executable, params: Params) -> CursorResult[Any]:
        try:
            return self._connection.execute(statement, params)
        except (OverflowError, UnicodeEncodeError) as error:
            raise Invalid("unstorable") from error

    async def rows(self, prepared: Prepared, params: Mapping[str, Any]) -> Sequence[Any]:
        try:
            return prepared.rows(self._driver, params)
        except (OverflowError, UnicodeEncodeError) as error:
            raise Invalid("unstorable") from error

    @property
    def _driver(self) -> sqlite3.Connection:
        driver: sqlite3.Connection = self._connection.connection.dbapi_connection  # type: ignore[assignment]
        return driver

    def inserting_new(self, table: Table) -> Insert:
        return _inserting_new(table)


class SqliteUnitOfWork:
    """One writer and one reader connection for the whole process, opened at first use."""

    def __init__(
        self, url: str, clock: Clock, *, nudge: Nudge = no_nudge, synchronous: str = "NORMAL"
    ) -> None:
        self._clock, self._nudge = clock, nudge
        self._writer_engine = sqlite_engine(url, synchronous=synchronous)
        self._reader_engine = sqlite_engine(url, read_only=True)
        self._url = url
        self._slow: AsyncEngine | None = None
        self._turn = asyncio.Lock()
        self._nesting = NoNesting()
        self._writer: Connection | None = None
        self._reader: Connection | None = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadTx]:
        if self._reader is None:
            self._reader = self._reader_engine.connect()
        tx = ReadTx(Inline(self._reader), self._clock.now())
        with self._nesting.entered():
            try:
                yield tx
            finally:
                tx.end()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteTx]:
        await asyncio.sleep(
            0
        )  # nothing below may ever wait, and a caller in a loop would let nobody else run
        with self._nesting.entered():
            async with self._turn:
                connection = await self._begun()
                tx = WriteTx(Inline(connection), self._clock.now())
                try:
                    yield tx
                    connection.commit()
                except BaseException:
                    connection.rollback()
                    raise
                finally:
                    tx.end()
        if tx.has_posted:
            self._nudge()

    async def _begun(self) -> Connection:
        """Take the write lock, giving other processes their turn without holding up the event loop."""
        if self._writer is None:
            self._writer = self._writer_engine.connect()
        deadline = asyncio.get_running_loop().time() + _LOCK_WAIT_S
        while True:
            try:
                self._writer.begin()
            except OperationalError as error:
                if not _is_busy(error):
                    raise
                if asyncio.get_running_loop().time() > deadline:
                    raise Unavailable("database_busy", retry_after_s=1) from error
                await asyncio.sleep(_LOCK_STEP_S)
            else:
                return self._writer

    def scan(self, statement: Executable, *, batch: int = 500) -> AsyncIterator[Sequence[Row[Any]]]:
        from core.platform.async_engines import stream  # noqa: PLC0415 - as below

        return stream(self._threaded(), statement, batch)

    def _threaded(self) -> AsyncEngine:
        """The engine for what may take long; most processes never need it, and it costs them six MiB."""
        from core.platform.async_engines import threaded_sqlite_engine  # noqa: PLC0415

        self._slow = self._slow or threaded_sqlite_engine(self._url)
        return self._slow

    async def checkpoint(self) -> None:
        """Move the write-ahead log into the database file, in another thread: nobody waits for the disk."""
        async with self._threaded().connect() as connection:
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")

    async def aclose(self) -> None:
        for connection in (self._reader, self._writer):
            if connection is not None:
                connection.close()
        self._reader = self._writer = None
        if self._slow is not None:
            await self._slow.dispose()


def _is_busy(error: OperationalError) -> bool:
    """Whether another process holds the lock. The low byte is the primary code, the rest says why."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
