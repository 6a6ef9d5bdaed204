"""What a transaction asks of the connection it runs on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Executable
from sqlalchemy.engine import CursorResult

from core.platform.prepared import Prepared

Params = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


class Runner(Protocol):
    """Executes one statement on an open connection."""

    dialect: str

    async def run(self, statement: Executable, params: Params) -> CursorResult[Any]: ...

    async def rows(self, prepared: Prepared, params: Mapping[str, Any]) -> Sequence[Any]: ...

    async def changed(self, prepared: Prepared, params: Mapping[str, Any]) -> int: ...

    async def changed_by_all(self, prepared: Prepared, rows: Sequence[Mapping[str, Any]]) -> None: ...


class Ended:
    """What is left of a connection after its unit of work."""

    dialect = "none"

    async def run(self, statement: Executable, params: Params) -> CursorResult[Any]:
        raise RuntimeError("the unit of work is over")

    async def rows(self, prepared: Prepared, params: Mapping[str, Any]) -> Sequence[Any]:
        raise RuntimeError("the unit of work is over")

    async def changed(self, prepared: Prepared, params: Mapping[str, Any]) -> int:
        raise RuntimeError("the unit of work is over")

    async def changed_by_all(self, prepared: Prepared, rows: Sequence[Mapping[str, Any]]) -> None:
        raise RuntimeError("the unit of work is over")


OVER = Ended()
