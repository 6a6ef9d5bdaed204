"""The unit of work on PostgreSQL, through asyncpg."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from sqlalchemy import Executable, Row, Table
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.platform.async_engines import postgres_engine, stream
from core.platform.clock import Clock
from core.platform.errors import DomainError, Invalid, Unavailable
from core.platform.prepared import Prepared
from core.platform.statements import Params
from core.platform.uow import NoNesting, Nudge, ReadTx, WriteTx, no_nudge


@cache
def _inserting_new(table: Table) -> Insert:
    return insert(table).on_conflict_do_nothing()


class Awaited:
    """A PostgreSQL connection reached through asyncpg."""

    dialect = "postgresql"

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def run(self, statement: Executable, params: Params) -> CursorResult[Any]:
        try:
            return await self._connection.execute(statement, params)
        except DBAPIError as error:
            if refusal := _refusal_in(error):
                raise refusal from error
            raise

    async def rows(self, prepared: Prepared, params: Mapping[str, Any]) -> Sequence[Any]:
        return (await self.run(prepared.statement, params)).all()

    def inserting_new(self, table: Table) -> Insert:
        return _inserting_new(table)


class PostgresUnitOfWork:
    """Pooled connections: reads in autocommit, writes in READ COMMITTED with row locks where two may meet."""

    def __init__(self, url: str, clock: Clock, *, nudge: Nudge = no_nudge) -> None:
        self._clock, self._nudge = clock, nudge
        self._engine = postgres_engine(url)
        self._reads = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._nesting = NoNesting()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadTx]:
        with self._nesting.entered():
            async with _connected(self._reads) as connection:
                tx = ReadTx(Awaited(connection), self._clock.now())
                try:
                    yield tx
                finally:
                    tx.end()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteTx]:
        with self._nesting.entered():
            async with _connected(self._engine) as connection, connection.begin():
                tx = WriteTx(Awaited(connection), self._clock.now())
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
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    connection = engine.connect()
    try:
        await connection.start()
    except (OSError, PoolTimeout, DBAPIError) as error:
        raise Unavailable("database_down") from error
    try:
        yield connection
    finally:
        await asyncio.shield(connection.close())  # a cancelled request must not keep its connection


def _refusal_in(error: DBAPIError) -> DomainError | None:
    """The refusal behind PostgreSQL's error, if it is neither a bug of ours nor a constraint (SQLSTATE appendix A)."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state.startswith("22"):  # data exception: too long, out of range, a character text cannot have
        return Invalid("unstorable")
    if state.startswith("40") or state == "55P03":  # deadlock, serialisation, lock timeout
        return Unavailable("database_busy", retry_after_s=1)
    if state.startswith(("08", "53", "57")) or error.connection_invalidated:
        return Unavailable("database_down")
    return None
