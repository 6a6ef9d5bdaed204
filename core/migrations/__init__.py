"""Schema changes, numbered, the same files for SQLite and PostgreSQL.

Asking for the version does not load Alembic: a process that only serves never needs it.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from core.platform.clock import SystemClock
from core.platform.uow import open_uow

_VERSIONS = Path(__file__).parent / "versions"


def newest() -> str:
    """The newest version there is; files are named after their versions: `0001_foundation.py`."""
    return max(path.name.split("_")[0] for path in _VERSIONS.glob("[0-9]*.py"))


async def present(url: str) -> str | None:
    """The version a database is at; None when it was never migrated. Raises what its driver raises when it is not there."""
    uow = open_uow(url, SystemClock())
    try:
        async with uow.read() as tx:
            found = await tx.scalar(text("SELECT version_num FROM alembic_version"))
    except DatabaseError as error:
        if "alembic_version" not in str(error.orig):
            raise
        return None
    finally:
        await uow.aclose()
    return None if found is None else str(found)


async def versions(url: str) -> tuple[str | None, str]:
    """The version a database is at, and the newest one there is."""
    return await present(url), newest()
