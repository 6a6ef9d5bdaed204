"""The unit of work: one short transaction per use case. What runs and commits it stands in `sqlite` and `postgres`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Column, Executable, Row, Table

from core.platform import prepared
from core.platform.clock import Clock
from core.platform.db import is_sqlite
from core.platform.prepared import Prepared
from core.platform.statements import OVER, Params, Runner


class ReadTx:
    """Reads. Each statement sees the latest commit; what must be consistent is one joined query."""

    def __init__(self, runner: Runner, now: datetime) -> None:
        self._runner = runner
        #: The instant of this unit of work, aware UTC; use cases never ask a clock themselves.
        self.now = now

    async def all(self, statement: Executable, params: Params = None) -> Sequence[Row[Any]]:
        return (await self._runner.run(statement, params)).all()

    async def first(self, statement: Executable, params: Params = None) -> Row[Any] | None:
        return (await self._runner.run(statement, params)).first()

    async def scalar(self, statement: Executable, params: Params = None) -> Any:
        """The first column of the first row, or None."""
        return (await self._runner.run(statement, params)).scalar()

    async def rows(self, query: Prepared, **params: Any) -> Sequence[Any]:
        """All rows of a prepared query; each column is an attribute."""
        return await self._runner.rows(query, params)

    def end(self) -> None:
        """Called on leaving the unit of work: what is kept of it beyond that can touch the database no more."""
        self._runner = OVER


class WriteTx(ReadTx):
    """Reads and writes of one transaction. Leaving the block commits; an exception rolls everything back."""

    def __init__(self, runner: Runner, now: datetime) -> None:
        super().__init__(runner, now)
        #: Set by `core.platform.outbox.post`: the dispatcher is woken when this transaction has committed.
        self.has_posted = False

    @property
    def on_postgres(self) -> bool:
        """For the rare statement that only one of the databases needs."""
        return self._runner.dialect == "postgresql"

    async def execute(self, statement: Executable, params: Params = None) -> int:
        """Run a statement and return how many rows it changed."""
        return (await self._runner.run(statement, params)).rowcount

    async def change(self, statement: Prepared, **params: Any) -> int:
        """Run a prepared statement and return how many rows it changed."""
        return await self._runner.changed(statement, params)

    async def insert(self, table: Table, **values: Any) -> int:
        """Insert one row and return its integer primary key."""
        rows = await self._runner.rows(prepared.inserting_keyed(table, tuple(values)), values)
        return int(rows[0][0])

    async def insert_new(self, table: Table, **values: Any) -> bool:
        """Insert one row unless a unique constraint already holds it; tells whether it was new.

        The transaction stays usable either way, on both databases: this is how twins are told apart.
        """
        return bool(await self._inserted(table, values))

    async def insert_once(self, table: Table, **values: Any) -> int | None:
        """`insert_new`, telling the new row's integer primary key; None when there was one already."""
        rows = await self._inserted(table, values)
        return int(rows[0][0]) if rows else None

    async def _inserted(self, table: Table, values: Mapping[str, Any]) -> Sequence[Any]:
        statement = prepared.inserting_new(self._runner.dialect, table, tuple(values))
        return await self._runner.rows(statement, values)

    async def insert_all(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows that all have the same columns; none is well too."""
        if rows:
            await self._runner.changed_by_all(prepared.inserting(table, tuple(rows[0])), rows)

    async def insert_all_new(
        self, table: Table, rows: Sequence[Mapping[str, Any]], *columns: Column[Any]
    ) -> Sequence[Row[Any]]:
        """Insert rows as `insert_new` does, and return these columns of those that were new."""
        return await self.all(prepared.only_new(self._runner.dialect, table).returning(*columns), rows)


class UnitOfWork(Protocol):
    """What use cases are given to reach the database. Units of work do not nest: a second one inside is refused."""

    def read(self) -> AbstractAsyncContextManager[ReadTx]:
        """Reads through bounded, indexed queries."""
        ...

    def write(self) -> AbstractAsyncContextManager[WriteTx]:
        """One transaction; no network wait belongs inside.

        Raises `Unavailable` when the database is down or too busy, `Invalid("unstorable")` for a value that no column
        of its kind could ever hold.
        """
        ...

    def scan(self, statement: Executable, *, batch: int = 500) -> AsyncIterator[Sequence[Row[Any]]]:
        """Stream a result of any size in batches, away from the event loop."""
        ...

    async def aclose(self) -> None: ...


class NoNesting:
    """Refuses a unit of work inside another of the same task: it would wait for its own lock, or see half of it."""

    def __init__(self) -> None:
        self._inside = set[asyncio.Task[Any] | None]()

    @contextmanager
    def entered(self) -> Iterator[None]:
        task = asyncio.current_task()
        if task in self._inside:
            raise RuntimeError("a use case opened a unit of work inside another one")
        self._inside.add(task)
        try:
            yield
        finally:
            self._inside.discard(task)


Nudge = Callable[[], None]


def no_nudge() -> None:
    return None


def open_uow(url: str, clock: Clock, *, nudge: Nudge = no_nudge, synchronous: str = "NORMAL") -> UnitOfWork:
    """The unit of work for a database URL; connections open at first use."""
    # A process loads the one of its database: the other's drivers would cost it ten MiB.
    if is_sqlite(url):
        from core.platform.sqlite import SqliteUnitOfWork  # noqa: PLC0415

        return SqliteUnitOfWork(url, clock, nudge=nudge, synchronous=synchronous)
    from core.platform.postgres import PostgresUnitOfWork  # noqa: PLC0415

    return PostgresUnitOfWork(url, clock, nudge=nudge)
