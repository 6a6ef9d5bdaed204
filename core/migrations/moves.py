"""Moving a database from one version of the schema to another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from core.platform.async_engines import postgres_engine, threaded_sqlite_engine
from core.platform.db import is_sqlite

_HERE = Path(__file__).parent
#: Two processes starting at once must not both migrate: the second waits, on PostgreSQL for this lock.
_MIGRATION_LOCK = 5_629_531


def config() -> Config:
    """Alembic's configuration; which database is meant goes along as a connection."""
    settings = Config()
    settings.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    return settings


async def upgrade(url: str) -> None:
    """Bring the schema to the newest version, all or nothing; harmless when it is there already."""
    await _migrate(url, lambda settings: command.upgrade(settings, "head"))


async def downgrade(url: str, version: str) -> None:
    """Take the schema back to `version` (`base`: nothing is left); what only newer versions hold is lost."""
    await _migrate(url, lambda settings: command.downgrade(settings, version))


async def _migrate(url: str, move: Callable[[Config], None]) -> None:
    engine = (
        threaded_sqlite_engine(url, migrates=True) if is_sqlite(url) else postgres_engine(url, pool_size=1)
    )
    try:
        async with engine.begin() as connection:
            if not is_sqlite(url):
                await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            await connection.run_sync(_with_connection, move)
            if is_sqlite(url):
                await _check_references(connection)
    finally:
        await engine.dispose()


def _with_connection(connection: Connection, move: Callable[[Config], None]) -> None:
    settings = config()
    settings.attributes["connection"] = connection
    move(settings)


async def _check_references(connection: AsyncConnection) -> None:
    """SQLite enforces no foreign key while tables are rebuilt, so they are checked before the commit."""
    broken = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).all()
    if broken:
        raise RuntimeError(f"the migration leaves {len(broken)} rows that refer to nothing")
