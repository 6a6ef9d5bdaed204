"""Statements of nearly every request: compiled once, run on the driver without SQLAlchemy's per-call work.

For a read or a write by primary key that work costs more than the statement; its text and its types stay SQLAlchemy's.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from sqlalchemy import Column, Delete, Float, Insert, Numeric, Select, Table, Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

_Convert = Callable[[Any], Any]
_STATUS_COUNT = -1  # asyncpg tells `UPDATE 3`, `INSERT 0 1`


class Prepared:
    """A statement with `bindparam`s, all of which are given at every run; an insert names its `columns` instead."""

    def __init__(
        self, statement: Select[Any] | Insert | Update | Delete, columns: Iterable[str] | None = None
    ) -> None:
        self.statement = statement
        self._columns = None if columns is None else list(columns)

    def rows(self, connection: sqlite3.Connection, params: Mapping[str, Any]) -> list[Any]:
        """Run it on SQLite; rows come as named tuples with Python's types in them."""
        form = self.on_sqlite
        return form.read(connection.execute(form.sql, form.named(params)).fetchall())

    def changed(self, connection: sqlite3.Connection, params: Mapping[str, Any]) -> int:
        """Run it on SQLite; returns how many rows it changed."""
        form = self.on_sqlite
        return connection.execute(form.sql, form.named(params)).rowcount

    def changed_by_all(self, connection: sqlite3.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it on SQLite once for each."""
        form = self.on_sqlite
        connection.executemany(form.sql, [form.named(row) for row in rows])

    async def fetch(self, connection: Any, params: Mapping[str, Any]) -> list[Any]:
        """`rows` on an asyncpg connection."""
        form = self.on_postgres
        return form.read(await connection.fetch(form.sql, *form.placed(params)))

    async def execute(self, connection: Any, params: Mapping[str, Any]) -> int:
        """`changed` on an asyncpg connection."""
        form = self.on_postgres
        status: str = await connection.execute(form.sql, *form.placed(params))
        return int(status.split()[_STATUS_COUNT])

    async def execute_all(self, connection: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        """`changed_by_all` on an asyncpg connection, in one round trip."""
        form = self.on_postgres
        await connection.executemany(form.sql, [form.placed(row) for row in rows])

    @cached_property
    def on_sqlite(self) -> Form:
        return Form(self.statement, self._columns, _sqlite())

    @cached_property
    def on_postgres(self) -> Form:
        return Form(self.statement, self._columns, _postgres())


@cache
def _sqlite() -> Dialect:
    return sqlite.dialect(paramstyle="named")


@cache
def _postgres() -> Dialect:
    untyped: Any = postgresql.asyncpg.dialect
    dialect: Dialect = untyped()
    return dialect


class Form:
    """A statement as one of the databases reads it, with what turns Python's values into the driver's and back."""

    def __init__(
        self, statement: Select[Any] | Insert | Update | Delete, columns: list[str] | None, dialect: Dialect
    ) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=columns)
        self.sql = str(compiled)
        self.constants = _constants(compiled)
        self._writers = _writers(compiled, dialect)
        self._order: Sequence[str] = compiled.positiontup or ()
        told = statement.exported_columns
        self._row = _row_of([str(column.key) for column in told])
        self._readers = _readers([column.type for column in told], dialect)

    def named(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The driver's values by name."""
        given = {**self.constants, **params}
        for name, writer in self._writers:
            given[name] = writer(given[name])
        return given

    def placed(self, params: Mapping[str, Any]) -> list[Any]:
        """The driver's values in the order of the statement's places."""
        given = self.named(params)
        return [given[name] for name in self._order]

    def read(self, found: Sequence[Any]) -> list[Any]:
        """The driver's rows with Python's types in them."""
        make = self._row._make
        return [make(self._converted(row) if self._readers else row) for row in found]

    def _converted(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for place, reader in self._readers:
            values[place] = reader(values[place])
        return values


def _constants(compiled: Any) -> dict[str, Any]:
    """Values that stand in the statement itself, and what an insert's table says of columns that it does not name."""
    standing = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
    defaults = {str(column.key): column.default.arg for column in compiled.insert_prefetch}
    return standing | defaults


def _writers(compiled: SQLCompiler, dialect: Dialect) -> list[tuple[str, _Convert]]:
    """For the parameters that need one."""
    kinds = ((name, bind.type.dialect_impl(dialect)) for name, bind in compiled.binds.items())
    writers = ((name, kind.bind_processor(dialect)) for name, kind in kinds)
    return [(name, writer) for name, writer in writers if writer is not None]


def _readers(kinds: Iterable[Any], dialect: Dialect) -> list[tuple[int, _Convert]]:
    """For the columns that need one: days, instants, truths. Numbers are left as the driver has them."""
    readers = (
        None
        if isinstance(kind, Numeric | Float)
        else kind.dialect_impl(dialect).result_processor(dialect, None)
        for kind in kinds
    )
    return [(place, reader) for place, reader in enumerate(readers) if reader is not None]


def _row_of(names: Sequence[str]) -> Any:
    return namedtuple("Row", names, rename=True)  # noqa: PYI024 - the fields are the statement's, known when it runs


@cache
def inserting(table: Table, columns: tuple[str, ...]) -> Prepared:
    """A row with these columns."""
    return Prepared(table.insert().inline(), columns)


@cache
def inserting_keyed(table: Table, columns: tuple[str, ...]) -> Prepared:
    """The same, telling its primary key."""
    return Prepared(table.insert().returning(_key_of(table)), columns)


@cache
def inserting_new(database: str, table: Table, columns: tuple[str, ...]) -> Prepared:
    """A row that no unique constraint holds already, telling its primary key."""
    return Prepared(only_new(database, table).returning(_key_of(table)), columns)


def only_new(database: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """The database's own way to insert a row unless a unique constraint already holds it."""
    insert = sqlite.insert if database == "sqlite" else postgresql.insert
    return insert(table).on_conflict_do_nothing()


def _key_of(table: Table) -> Column[Any]:
    return next(iter(table.primary_key.columns))
