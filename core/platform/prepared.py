"""Queries that nearly every request asks: compiled once, run on SQLite without SQLAlchemy's per-call work.

For a read by primary key that work costs more than the read; the statement and its types stay SQLAlchemy's.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

_DIALECT = sqlite.dialect(paramstyle="named")


class Prepared:
    """A select with `bindparam`s, all of which are given at every run."""

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement

    def rows(self, connection: sqlite3.Connection, params: Mapping[str, Any]) -> list[Any]:
        """Run it on the driver; rows come as named tuples with Python's types in them."""
        found = connection.execute(self._sql, self._written(params)).fetchall()
        if not self._readers:
            return [self._row._make(row) for row in found]
        return [self._row._make(self._read(row)) for row in found]

    def _read(self, row: tuple[Any, ...]) -> list[Any]:
        values = list(row)
        for place, reader in self._readers:
            values[place] = reader(values[place])
        return values

    def _written(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            name: self._writers[name](value) if name in self._writers else value
            for name, value in {**self._constants, **params}.items()
        }

    @cached_property
    def _compiled(self) -> SQLCompiler:
        return self.statement.compile(dialect=_DIALECT)

    @cached_property
    def _sql(self) -> str:
        return str(self._compiled)

    @cached_property
    def _constants(self) -> Mapping[str, Any]:
        """Values that stand in the statement itself."""
        return {name: bind.value for name, bind in self._compiled.binds.items() if not bind.required}

    @cached_property
    def _writers(self) -> Mapping[str, Any]:
        """What turns Python's values into the driver's, for the parameters that need it."""
        kinds = {name: bind.type.dialect_impl(_DIALECT) for name, bind in self._compiled.binds.items()}
        writers = {name: kind.bind_processor(_DIALECT) for name, kind in kinds.items()}
        return {name: writer for name, writer in writers.items() if writer is not None}

    @cached_property
    def _row(self) -> Any:
        names = [str(column.key) for column in self.statement.selected_columns]
        return namedtuple("Row", names, rename=True)  # noqa: PYI024 - the fields are the statement's, known when it runs

    @cached_property
    def _readers(self) -> Sequence[tuple[int, Any]]:
        """What turns the driver's values into Python's, for the columns that need it: days, instants, truths."""
        kinds = enumerate(column.type.dialect_impl(_DIALECT) for column in self.statement.selected_columns)
        readers = ((place, kind.result_processor(_DIALECT, None)) for place, kind in kinds)
        return [(place, reader) for place, reader in readers if reader is not None]
