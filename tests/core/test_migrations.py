"""Migrations: the same files bring both databases to what the tables say, all or nothing, and back."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect

import core.migrations
from core.migrations import versions
from core.migrations.moves import downgrade, upgrade
from core.platform.async_engines import postgres_engine, threaded_sqlite_engine
from core.platform.db import is_sqlite
from core.schema import metadata

HEAD = max(path.name[:4] for path in Path(core.migrations.__path__[0], "versions").glob("[0-9]*.py"))


@pytest.fixture(params=["sqlite_url", pytest.param("fresh_postgres_url", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database whose schema the test may change."""
    return str(request.getfixturevalue(request.param))


async def looked_at(url: str, look: Any) -> Any:
    engine = threaded_sqlite_engine(url) if is_sqlite(url) else postgres_engine(url, pool_size=1)
    async with engine.connect() as connection:
        found = await connection.run_sync(look)
    await engine.dispose()
    return found


#: What stands in no model: a table of SQLite's full-text search and those behind it, an index over a function of ours.
UNMODELLED = ("customer_search_index", "ix_customer_search_grams")


def is_modelled(name: str | None, *_: object) -> bool:
    return name is None or not name.startswith(UNMODELLED)


def tables(connection: Connection) -> set[str]:
    return set(filter(is_modelled, inspect(connection).get_table_names())) - {"alembic_version"}


#: SQLite's reflection leaves such indexes out, and says so; a test of its own looks at one.
EXPRESSION_INDEX = "ignore:Skipped unsupported reflection of expression-based index"


@pytest.mark.filterwarnings(EXPRESSION_INDEX)
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
async def test_the_migrated_schema_is_what_the_tables_say(database_url: str) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": is_modelled}
        )
        return list(compare_metadata(context, metadata))

    assert await looked_at(database_url, differences) == []


async def test_emails_are_unique_whatever_their_capitals(sqlite_url: str) -> None:
    def definition(connection: Connection) -> str:
        query = "SELECT sql FROM sqlite_master WHERE name = 'uq_customers_email'"
        return str(connection.exec_driver_sql(query).scalar())

    assert await looked_at(sqlite_url, definition) == (
        "CREATE UNIQUE INDEX uq_customers_email ON customers (lower(email))"
    )


@pytest.mark.postgres
@pytest.mark.filterwarnings(EXPRESSION_INDEX)
async def test_the_databases_share_tables_columns_and_constraints(sqlite_url: str, postgres_url: str) -> None:
    def shape(connection: Connection) -> dict[str, Any]:
        seen = inspect(connection)
        return {
            table: (
                {column["name"]: column["nullable"] for column in seen.get_columns(table)},
                {unique["name"] for unique in seen.get_unique_constraints(table)},
                {(key["name"], key["referred_table"]) for key in seen.get_foreign_keys(table)},
            )
            for table in sorted(tables(connection))
        }

    assert await looked_at(sqlite_url, shape) == await looked_at(postgres_url, shape)


async def test_upgrading_again_is_harmless(database_url: str) -> None:
    before = await looked_at(database_url, tables)
    await upgrade(database_url)
    assert await looked_at(database_url, tables) == before == set(metadata.tables)
    assert await versions(database_url) == (HEAD, HEAD)


async def test_downgrading_leaves_nothing_and_upgrading_brings_it_back(database_url: str) -> None:
    await downgrade(database_url, "base")
    assert await looked_at(database_url, tables) == set()
    assert await versions(database_url) == (None, HEAD)
    await upgrade(database_url)
    assert await looked_at(database_url, tables) == set(metadata.tables)


@pytest.fixture
async def empty_url(database_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """A database nobody has migrated."""
    if is_sqlite(database_url):
        yield f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
    else:
        await downgrade(database_url, "base")
        yield database_url


async def test_two_processes_that_migrate_at_once_do_not_disturb_each_other(empty_url: str) -> None:
    program = (
        "import asyncio, sys; from core.migrations.moves import upgrade; asyncio.run(upgrade(sys.argv[1]))"
    )
    pair = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, empty_url, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    complaints = [(await asyncio.wait_for(process.communicate(), 60))[1] for process in pair]
    assert [process.returncode for process in pair] == [0, 0], complaints
    assert await looked_at(empty_url, tables) == set(metadata.tables)


async def test_a_migration_that_fails_midway_leaves_nothing_behind(empty_url: str) -> None:
    def obstruct(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE ticket_events (id INTEGER)")
        connection.commit()

    await looked_at(empty_url, obstruct)
    with pytest.raises(Exception, match="ticket_events"):
        await upgrade(empty_url)
    assert await looked_at(empty_url, tables) == {"ticket_events"}
