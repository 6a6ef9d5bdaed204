"""The unit of work on PostgreSQL, through asyncpg."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from asyncpg import IntegrityConstraintViolationError, InterfaceError, PostgresError  # type: ignore[import-untyped]
from sqlalchemy import Executable, Row
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.platform.async_engines import postgres_engine, stream
from core.platform.clock import Clock
from core.platform.errors import DomainError, Invalid, Unavailable
from core.platform.prepared import Prepared
from core.platform.statements import Params
from core.platform.uow import NoNesting, Nudge, ReadTx, WriteTx, no_nudge

#: What asyncpg raises; the last when the peer is gone.
_OF_THE_DRIVER = (PostgresError, InterfaceError, OSError)


class Awaited:
    """A PostgreSQL connection: reached through SQLAlchemy, and for prepared statements through asyncpg itself."""

    dialect = "postgresql"

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        #: SQLAlchemy leaves transactions to this one (its isolation level is AUTOCOMMIT), so both run in the same.
        self.driver: Any = _driver_of(connection)
        #: A transaction that was begun and whose end nobody has seen: cancelled while it began or ended.
        self.is_in_doubt = False

    async def run(self, statement: Executable, params: Params) -> CursorResult[Any]:
        try:
            return await self._connection.execute(statement, params)
        except DBAPIError as error:
            if refusal := _refusal_in(error):
                raise refusal from error
            raise

    async def rows(self, prepared: Prepared, params: Mapping[str, Any]) -> Sequence[Any]:
        try:
            return await prepared.fetch(self.driver, params)
        except _OF_THE_DRIVER as error:
            raise self._said(error) from error

    async def changed(self, prepared: Prepared, params: Mapping[str, Any]) -> int:
        try:
            return await prepared.execute(self.driver, params)
        except _OF_THE_DRIVER as error:
            raise self._said(error) from error

    async def changed_by_all(self, prepared: Prepared, rows: Sequence[Mapping[str, Any]]) -> None:
        try:
            await prepared.execute_all(self.driver, rows)
        except _OF_THE_DRIVER as error:
            raise self._said(error) from error

    def _said(self, error: Exception) -> Exception:
        """The refusal behind the driver's error; a broken constraint as SQLAlchemy says it; or the error itself."""
        if isinstance(error, IntegrityConstraintViolationError):
            return IntegrityError(None, None, error)
        return _refusal(getattr(error, "sqlstate", None), is_lost=self.driver.is_closed()) or error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Commits, or rolls back on an exception."""
        transaction = self.driver.transaction()
        self.is_in_doubt = True
        try:
            await transaction.start()
        except _OF_THE_DRIVER as error:
            raise self._said(error) from error
        try:
            yield
        except BaseException:
            if not self.driver.is_closed():
                await transaction.rollback()
                self.is_in_doubt = False
            raise
        try:
            await transaction.commit()
        except _OF_THE_DRIVER as error:
            raise self._said(error) from error
        self.is_in_doubt = False


class PostgresUnitOfWork:
    """Pooled connections: reads in autocommit, writes in READ COMMITTED with row locks where two may meet."""

    def __init__(self, url: str, clock: Clock, *, nudge: Nudge = no_nudge) -> None:
        self._clock, self._nudge = clock, nudge
        self._engine = postgres_engine(url)
        self._plain = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._nesting = NoNesting()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadTx]:
        with self._nesting.entered():
            async with _connected(self._plain) as runner:
                tx = ReadTx(runner, self._clock.now())
                try:
                    yield tx
                finally:
                    tx.end()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteTx]:
        with self._nesting.entered():
            async with _connected(self._plain) as runner, runner.transaction():
                tx = WriteTx(runner, self._clock.now())
                try:
                    yield tx
                finally:
                    tx.end()
        if tx.has_posted:
            self._nudge()

    def scan(self, statement: Executable, *, batch: int = 500) -> AsyncIterator[Sequence[Row[Any]]]:
        return stream(self._engine, statement, batch)

    async def aclose(self) -> None:
        await self._engine.dispose()


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[Awaited]:
    connection = engine.connect()
    try:
        await connection.start()
    except (OSError, PoolTimeout, DBAPIError) as error:
        raise Unavailable("database_down") from error
    runner = Awaited(connection)
    try:
        yield runner
    finally:
        # A cancelled request must not keep its connection.
        await asyncio.shield(_given_back(connection, is_in_doubt=runner.is_in_doubt))


async def _given_back(connection: AsyncConnection, *, is_in_doubt: bool) -> None:
    """To the pool, unless it is of no use any more.

    One whose transaction may still be open would make the next one a part of it, which nobody ever commits.
    """
    if not connection.invalidated and (is_in_doubt or _driver_of(connection).is_closed()):
        await connection.invalidate()
    await connection.close()


def _driver_of(connection: AsyncConnection) -> Any:
    fairy: Any = connection.sync_connection
    return fairy.connection.driver_connection


def _refusal_in(error: DBAPIError) -> DomainError | None:
    """The refusal behind SQLAlchemy's error."""
    return _refusal(getattr(error.orig, "sqlstate", None), is_lost=error.connection_invalidated)


def _refusal(sqlstate: str | None, *, is_lost: bool) -> DomainError | None:
    """What PostgreSQL refused, if it is neither a bug of ours nor a constraint (SQLSTATE appendix A)."""
    state = str(sqlstate or "")
    if state.startswith("22"):  # data exception: too long, out of range, a character text cannot have
        return Invalid("unstorable")
    if state.startswith("40") or state == "55P03":  # deadlock, serialisation, lock timeout
        return Unavailable("database_busy", retry_after_s=1)
    if state.startswith(("08", "53", "57")) or is_lost:
        return Unavailable("database_down")
    return None
