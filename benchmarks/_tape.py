"""What a unit of work on SQLite says to its connections, in order, so that the driver alone can be made to say it again."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any, Self

from msgspec import Struct
from sqlalchemy import event
from typing_extensions import override

from core.platform.sqlite import SqliteUnitOfWork


class Spoken(Struct, frozen=True):
    """A statement with its values, and which connection it went to."""

    connection: int
    sql: str
    values: Sequence[Any] | Mapping[str, Any] = ()


class Cost(Struct, frozen=True):
    """Seconds."""

    cpu: float
    wall: float


class Watch:
    """Measures a block."""

    cost: Cost

    def __enter__(self) -> Self:
        self._begun = Cost(time.process_time(), time.perf_counter())
        return self

    def __exit__(self, *_error: object) -> None:
        self.cost = Cost(time.process_time() - self._begun.cpu, time.perf_counter() - self._begun.wall)


class Tape:
    """Every statement of a unit of work that has not been used yet: SQLAlchemy's and the prepared ones alike."""

    def __init__(self, uow: SqliteUnitOfWork) -> None:
        self._spoken: list[Spoken] = []
        self._connections = 0
        for engine in (uow._reader_engine, uow._writer_engine):  # noqa: SLF001 - below them the two kinds meet
            event.listen(engine, "do_connect", self._connect)

    def _connect(self, _dialect: object, _record: object, _args: object, named: dict[str, Any]) -> None:
        named["factory"] = partial(_Connection, self._spoken, self._connections)
        self._connections += 1

    def replay(self, path: Path) -> Cost:
        """Say all of it to bare connections to a file that stands where the recorded one stood; what setting them up costs is left out."""
        with ExitStack() as stack:
            connections = [
                stack.enter_context(closing(sqlite3.connect(path, isolation_level=None, timeout=0)))
                for _ in range(self._connections)
            ]
            setting_up = [each for each in self._spoken if each.sql.startswith("PRAGMA")]
            _say(setting_up, connections)
            rest = [each for each in self._spoken if not each.sql.startswith("PRAGMA")]
            with Watch() as watch:
                _say(rest, connections)
        return watch.cost

    def statements(self) -> int:
        """How many there were, the ends of transactions included."""
        return sum(not each.sql.startswith("PRAGMA") for each in self._spoken)


def _say(spoken: Sequence[Spoken], connections: Sequence[sqlite3.Connection]) -> None:
    for each in spoken:
        connections[each.connection].execute(each.sql, each.values).fetchall()


class _Connection(sqlite3.Connection):
    """Writes down what it is told."""

    def __init__(self, spoken: list[Spoken], number: int, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._spoken, self._number = spoken, number

    def hear(self, sql: str, values: Any) -> None:
        self._spoken.append(Spoken(self._number, sql, values))

    @override
    def cursor(self, *_factory: Any) -> Any:
        return _Cursor(self)

    @override
    def execute(self, sql: str, values: Any = (), /) -> Any:
        return self.cursor().execute(sql, values)

    @override
    def executemany(self, sql: str, rows: Any, /) -> Any:
        return self.cursor().executemany(sql, rows)

    @override
    def commit(self) -> None:
        self._end("COMMIT")

    @override
    def rollback(self) -> None:
        self._end("ROLLBACK")

    def _end(self, word: str) -> None:
        if self.in_transaction:  # the driver asks the same before it says the word
            self.execute(word)


class _Cursor(sqlite3.Cursor):
    """The only way to the database, whoever runs a statement."""

    def __init__(self, connection: _Connection) -> None:
        super().__init__(connection)
        self._hear = connection.hear

    @override
    def execute(self, sql: str, values: Any = (), /) -> Self:
        self._hear(sql, values)
        super().execute(sql, values)
        return self

    @override
    def executemany(self, sql: str, rows: Any, /) -> Self:
        for row in rows:
            self.execute(sql, row)
        return self
