"""What can be done with preferences."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from sqlalchemy import select

from core.audit import log as audit
from core.platform.errors import Invalid
from core.platform.uow import UnitOfWork, WriteTx
from core.preferences.queries import FIELDS, fits, load
from core.preferences.tables import foreign_preferences, preferences
from core.preferences.types import Preferences

#: For how long a process may go on with what it has read; every request of some faces needs them.
FRESH_S = 1.0


class PreferenceBook:
    """Reads are cached for a second in each process: a change is seen by this one at once, by others just after."""

    def __init__(self, uow: UnitOfWork, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._uow, self._monotonic = uow, monotonic
        self._held: Preferences | None = None
        self._read_at = 0.0

    async def now(self) -> Preferences:
        """All preferences, at most a second old."""
        if self._held is None or self._monotonic() - self._read_at > FRESH_S:
            async with self._uow.read() as tx:
                self._held = await load(tx)
            self._read_at = self._monotonic()
        return self._held

    async def change(self, changes: Mapping[str, Any], *, actor: str) -> None:
        """Set preferences by name, all or none; audited. Raises `Invalid("unknown_preference")`, `Invalid("preference_value")`."""
        for name, value in changes.items():
            if name not in FIELDS:
                raise Invalid("unknown_preference")
            if not fits(name, value):
                raise Invalid("preference_value")
        async with self._uow.write() as tx:
            for name, value in changes.items():
                await _store(tx, preferences, name, msgspec.to_builtins(value))
            await audit.record(
                tx,
                actor=actor,
                action="preferences.changed",
                subject="preferences",
                details=dict.fromkeys(changes, True),
            )
        self._held = None

    async def foreign(self) -> dict[str, str]:
        """What clients have stored here beside."""
        async with self._uow.read() as tx:
            rows = await tx.all(select(foreign_preferences.c.name, foreign_preferences.c.value))
        return {row.name: row.value for row in rows}

    async def keep(self, values: Mapping[str, str]) -> None:
        """Store what no code of ours acts on."""
        async with self._uow.write() as tx:
            for name, value in values.items():
                await _store(tx, foreign_preferences, name, value)


async def _store(tx: WriteTx, table: Any, name: str, value: Any) -> None:
    if not await tx.insert_new(table, name=name, value=value):
        await tx.execute(table.update().where(table.c.name == name).values(value=value))
