"""What tests stand on: real database files and servers, a clock that tests move, settings nobody else uses."""

from __future__ import annotations

import asyncio
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest

from core.migrations.moves import upgrade
from core.platform.clock import ManualClock
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork, open_uow
from core.schema import metadata
from core.settings import Settings, load

POSTGRES_URL = os.environ.get("LOKET_TEST_POSTGRES_URL", "postgresql://root@127.0.0.1:5432/postgres")
SECRET = "a-test-secret-of-more-than-thirty-two-characters"


async def _answers(url: str) -> str | None:
    try:
        connection = await asyncpg.connect(url, timeout=2)
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        return f"PostgreSQL does not answer: {type(error).__name__}"
    await connection.close()
    return None


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The URL of a PostgreSQL that answers; tests that need one are left out, and say so, where there is none."""
    if problem := asyncio.run(_answers(POSTGRES_URL)):
        pytest.skip(problem)
    return POSTGRES_URL


def _named(url: str, database: str) -> str:
    return f"{url.rsplit('/', 1)[0]}/{database}"


async def _run_sql(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """A migrated database that every test copies."""
    name = f"loket_template_{uuid.uuid4().hex[:12]}"
    asyncio.run(_run_sql(postgres_server, f"CREATE DATABASE {name}"))
    asyncio.run(upgrade(_named(postgres_server, name).replace("postgresql://", "postgresql+asyncpg://")))
    yield name
    asyncio.run(_run_sql(postgres_server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file that every test copies."""
    path = tmp_path_factory.mktemp("template") / "loket.db"
    asyncio.run(upgrade(f"sqlite+aiosqlite:///{path}"))
    return path


def _sqlite_copy(template: Path, folder: Path) -> str:
    for piece in template.parent.iterdir():
        shutil.copy(piece, folder / piece.name)
    return f"sqlite+aiosqlite:///{folder / template.name}"


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a fresh, migrated SQLite file."""
    return _sqlite_copy(sqlite_template, tmp_path)


@pytest.fixture
async def fresh_postgres_url(postgres_server: str, postgres_template: str) -> AsyncIterator[str]:
    """The URL of a migrated PostgreSQL database of the test's own, for tests that change its schema."""
    name = f"loket_{uuid.uuid4().hex[:12]}"
    await _run_sql(postgres_server, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    yield _named(postgres_server, name).replace("postgresql://", "postgresql+asyncpg://")
    await _run_sql(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """The database that tests use one after another: to empty it takes a fiftieth of the time to create one."""
    name = f"loket_{uuid.uuid4().hex[:12]}"
    asyncio.run(_run_sql(postgres_server, f"CREATE DATABASE {name} TEMPLATE {postgres_template}"))
    yield _named(postgres_server, name)
    asyncio.run(_run_sql(postgres_server, f"DROP DATABASE {name} WITH (FORCE)"))


def _emptying() -> Iterator[str]:
    """What leaves a database as its migration made it, whatever the test before left behind."""
    yield (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    for table in reversed(metadata.sorted_tables):
        yield str(table.delete())
    yield "SELECT setval(sequencename::regclass, 1, false) FROM pg_sequences WHERE last_value IS NOT NULL"


@pytest.fixture
async def postgres_url(postgres_database: str) -> str:
    """The URL of an empty, migrated PostgreSQL database."""
    await _run_sql(postgres_database, *_emptying())
    return postgres_database.replace("postgresql://", "postgresql+asyncpg://")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """Every test that asks for a database runs on both."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def clock() -> ManualClock:
    """Sunday 22 November 2026, ten in the morning in Jakarta; it moves when a test moves it."""
    return ManualClock(datetime(2026, 11, 22, 3, 0, tzinfo=UTC))


@pytest.fixture
async def uow(database_url: str, clock: ManualClock) -> AsyncIterator[UnitOfWork]:
    unit = open_uow(database_url, clock)
    yield unit
    await unit.aclose()


@pytest.fixture
def settings(database_url: str) -> Settings:
    return load({"LOKET_SECRET_KEY": SECRET, "LOKET_DATABASE_URL": database_url})


@pytest.fixture
def keyring() -> Keyring:
    return Keyring([SECRET])
