"""The unit of work on SQLite: statements run on the event loop's own thread (docs/adr/0003-sql-on-the-event-loop.md).

One writer at a time in the process; another process's lock is waited for without blocking the event loop.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Executable, Row
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError

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


class Inline:
    """A SQLite connection used on the event loop's own thread: by SQLAlchemy, and for prepared statements by itself."""

    dialect = "sqlite"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.driver: sqlite3.Connection = connection.connection.dbapi_connection  # type: ignore[assignment]

    async def run(self, statement: Executable, params: Params) -> CursorResult[Any]:
        with _Understood():
            return self._connection.execute(statement, params)

    async def rows(self, prepared: Prepared, params: Mapping[str, Any]) -> Sequence[Any]:
        with _Understood():
            return prepared.rows(self.driver, params)

    def close(self) -> None:
        self._connection.close()

    async def changed(self, prepared: Prepared, params: Mapping[str, Any]) -> int:
        with _Understood():
            return prepared.changed(self.driver, params)

    async def changed_by_all(self, prepared: Prepared, rows: Sequence[Mapping[str, Any]]) -> None:
        with _Understood():
            prepared.changed_by_all(self.driver, rows)


class _Understood:
    """What the driver refuses, as SQLAlchemy and the core say it. A generator would cost as much as a read."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OverflowError | UnicodeEncodeError):
            raise Invalid("unstorable") from error
        if isinstance(error, sqlite3.IntegrityError):
            raise IntegrityError(None, None, error) from error


class Writer(Inline):
    """The connection that writes. Transactions are the driver's; SQLAlchemy takes part in those where it has run something."""

    def begin(self) -> None:
        # A transaction that reads first and writes later cannot wait for the lock; one that starts with it can.
        self.driver.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        if self._connection.in_transaction():
            self._connection.commit()
        else:
            self.driver.commit()

    def rollback(self) -> None:
        if self._connection.in_transaction():
            self._connection.rollback()
        else:
            self.driver.rollback()


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
        self._writer: Writer | None = None
        self._reader: Inline | None = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadTx]:
        if self._reader is None:
            self._reader = Inline(self._reader_engine.connect())
        tx = ReadTx(self._reader, self._clock.now())
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
                writer = await self._begun()
                tx = WriteTx(writer, self._clock.now())
                try:
                    yield tx
                    writer.commit()
                except BaseException:
                    writer.rollback()
                    raise
                finally:
                    tx.end()
        if tx.has_posted:
            self._nudge()

    async def _begun(self) -> Writer:
        """Take the write lock, giving other processes their turn without holding up the event loop."""
        if self._writer is None:
            self._writer = Writer(self._writer_engine.connect())
        deadline = asyncio.get_running_loop().time() + _LOCK_WAIT_S
        while True:
            try:
                self._writer.begin()
            except sqlite3.OperationalError as error:
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
        for inline in (self._reader, self._writer):
            if inline is not None:
                inline.close()
        self._reader = self._writer = None
        if self._slow is not None:
            await self._slow.dispose()


def _is_busy(error: sqlite3.OperationalError) -> bool:
    """Whether another process holds the lock. The low byte is the primary code, the rest says why."""
    return error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
