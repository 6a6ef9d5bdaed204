"""What a transaction asks of the connection it runs on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Executable, Insert, Table
from sqlalchemy.engine import CursorResult

from core.platform.prepared import Prepared

Params = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


class Runner(Protocol):
    """Executes one statement on an open connection."""

    dialect: str

    async def run(self, statement: Executable, params: Params) -> CursorResult[Any]: ...

    async def rows(self, prepared: Prepared, params: Mapping[str, Any]) -> Sequence[Any]: ...

    def inserting_new(self, table: Table) -> Insert:
        """The database's own way to insert a row unless a unique constraint already holds it."""
        ...


class Ended:
    """What is left of a connection after its unit of work."""

    dialect = "none"

    async def run(self, statement: Executable, params: Params) -> CursorResult[Any]:
        raise RuntimeError("the unit of work is over")

    async def rows(self, prepared: Prepared, params: Mapping[str, Any]) -> Sequence[Any]:
        raise RuntimeError("the unit of work is over")

    def inserting_new(self, table: Table) -> Insert:
        raise RuntimeError("the unit of work is over")


OVER = Ended()
