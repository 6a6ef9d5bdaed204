"""Reads of preferences that use cases share."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import select

from core.platform.uow import ReadTx
from core.preferences.tables import preferences
from core.preferences.types import Preferences

FIELDS = frozenset(Preferences.__struct_fields__)


async def load(tx: ReadTx) -> Preferences:
    """All preferences as they are now. A stored value that today's code cannot read counts as unset."""
    rows = await tx.all(select(preferences.c.name, preferences.c.value))
    found = {row.name: row.value for row in rows if row.name in FIELDS}
    try:
        return msgspec.convert(found, Preferences)
    except msgspec.ValidationError:
        return msgspec.convert({name: each for name, each in found.items() if fits(name, each)}, Preferences)


def fits(name: str, value: Any) -> bool:
    """Whether a preference can have this value."""
    try:
        msgspec.convert({name: msgspec.to_builtins(value)}, Preferences)
    except msgspec.ValidationError:
        return False
    return True
