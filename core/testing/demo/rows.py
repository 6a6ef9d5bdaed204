"""How demo rows are written: with ids of their own, and at the time they tell of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, select

from core.catalog.tables import plan_categories, plans, regions
from core.customers.tables import customers, identity_types
from core.network.tables import routers
from core.platform.uow import WriteTx
from core.tickets.tables import help_solutions, help_types

#: Tables whose demo rows bring their ids along.
_NUMBERED = (
    regions,
    plan_categories,
    plans,
    routers,
    customers,
    identity_types,
    help_types,
    help_solutions,
)


async def add(tx: WriteTx, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        await tx.execute(table.insert(), row)


@contextmanager
def clock_turned_to(tx: WriteTx, moment: datetime) -> Iterator[None]:
    """Write the demo's past with the instant it happened at."""
    now, tx.now = tx.now, moment
    try:
        yield
    finally:
        tx.now = now


async def advance_sequences(tx: WriteTx) -> None:
    """PostgreSQL's sequences must not hand the demo's ids out again; SQLite counts on from the highest by itself."""
    if not tx.on_postgres:
        return
    for table in _NUMBERED:
        sequence = func.pg_get_serial_sequence(table.name, "id")
        await tx.scalar(select(func.setval(sequence, select(func.max(table.c.id)).scalar_subquery())))
