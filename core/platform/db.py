"""The database's common ground: naming of constraints, column types, engines with their settings."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Engine, Integer, MetaData, Text, create_engine, event
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine
from typing_extensions import override

#: Every table of every slice. Slices refer to each other's rows by foreign key on the table name only.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware UTC in Python on both databases; a naive value is refused before it can lie."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None or value.tzinfo is not None else value.replace(tzinfo=UTC)


class JsonText(TypeDecorator[Any]):
    """JSON kept as text: the same bytes on both databases, never queried inside.

    Escaped to ASCII, because half a surrogate pair is legal in a customer's JSON and nowhere else.
    """

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, separators=(",", ":"))

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class WholeNumber(TypeDecorator[int]):
    """An integer of 32 or 64 bits. A number beyond that is bound as NULL: no row has it, and none can be stored with it.

    Strangers name ids; the two drivers would each raise something else, at a different size.
    """

    impl = BigInteger
    cache_ok = True

    def __init__(self, bits: int = 64) -> None:
        super().__init__()
        self.bits = bits

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        is_short = dialect.name == "sqlite" or self.bits == 32  # SQLite's rowid is an INTEGER of any size
        return dialect.type_descriptor(Integer() if is_short else BigInteger())

    @override
    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        limit: int = 1 << (self.bits - 1)
        return value if value is not None and -limit <= value < limit else None


#: Integer primary keys: 64 bits on PostgreSQL, SQLite's own rowid there.
Key = WholeNumber()
#: Keys of short lists, and other numbers people ask by.
SmallKey = WholeNumber(32)
#: Whole rupiah: 32 bits would end at two thousand million.
Amount = WholeNumber()


class after_first_space(FunctionElement[str]):  # noqa: N801 - it is called like a function of SQL
    """What follows the first blank of a text, or all of it: how lists are sorted by last name on both databases."""

    name = "after_first_space"
    inherit_cache = True


@compiles(after_first_space)
def _compile_after_first_space(element: Any, compiler: Any, **kw: Any) -> str:
    found = {"sqlite": "instr({0}, ' ')", "postgresql": "strpos({0}, ' ')"}[compiler.dialect.name]
    text = compiler.process(element.clauses, **kw)
    return f"substr({text}, {found.format(text)} + 1)"


class by_dialect(FunctionElement[bool]):  # noqa: N801 - it is called like a function of SQL
    """One condition in two spellings: the first for SQLite, the second for PostgreSQL."""

    name = "by_dialect"
    inherit_cache = True  # without a type: a boolean one would be compared with 1, and no index used


@compiles(by_dialect)
def _compile_by_dialect(element: Any, compiler: Any, **kw: Any) -> str:
    sqlite, postgresql = element.clauses
    return str(compiler.process(sqlite if compiler.dialect.name == "sqlite" else postgresql, **kw))


#: The first holds while the others may need a lock. Checkpoints are left to the maintenance task, so that no request
#: waits for the disk to sync.
SQLITE_PRAGMAS = ("busy_timeout=5000", "journal_mode=WAL", "wal_autocheckpoint=0", "foreign_keys=ON")


def is_sqlite(url: str | URL) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


def sqlite_engine(url: str | URL, *, synchronous: str = "NORMAL", read_only: bool = False) -> Engine:
    """A SQLite engine whose connections run on the calling thread (docs/adr/0003): the caller holds them open.

    A writer's `busy_timeout` is 0: waiting for another process's lock is the unit of work's business, off the event
    loop. A reader meets a lock only while another process opens or closes the file, for milliseconds.
    """
    engine = create_engine(
        make_url(url).set(drivername="sqlite+pysqlite"),
        poolclass=NullPool,
        connect_args={"check_same_thread": False, "timeout": 0},
        hide_parameters=True,
    )
    pragmas = (*SQLITE_PRAGMAS, f"synchronous={synchronous}", "cache_size=-16384", "temp_store=MEMORY")
    ending = ("query_only=ON", "busy_timeout=1000") if read_only else ("busy_timeout=0",)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (*pragmas, *ending):
            connection.execute(f"PRAGMA {pragma}")

    return engine
