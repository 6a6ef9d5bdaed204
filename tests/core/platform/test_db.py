"""Column types: what goes in comes out alike from both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from core.platform import outbox
from core.platform.uow import UnitOfWork, WriteTx


async def stored(tx: WriteTx, *, payload: Any, due_at: datetime) -> Any:
    await outbox.post(tx, "demo", {}, key="row")
    await tx.execute(outbox.outbox.update().values(payload=payload, due_at=due_at))
    return await tx.first(select(outbox.outbox))


@pytest.mark.parametrize(
    "payload",
    [{"text": "Halo Wïfi 🙂", "n": 10**18, "list": [1, None, True]}, {"half": "\ud83d", "nul": "\0"}, [], ""],
)
async def test_json_comes_back_as_it_went_in(uow: UnitOfWork, payload: Any) -> None:
    async with uow.write() as tx:
        row = await stored(tx, payload=payload, due_at=tx.now)
    assert row.payload == payload


async def test_an_instant_comes_back_aware_and_in_utc(uow: UnitOfWork) -> None:
    jakarta = timezone(timedelta(hours=7))
    async with uow.write() as tx:
        row = await stored(tx, payload={}, due_at=datetime(2026, 1, 1, 7, 0, 0, 123456, tzinfo=jakarta))
    assert row.due_at == datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
    assert row.due_at.utcoffset() == timedelta(0)


async def test_a_naive_time_is_refused(uow: UnitOfWork) -> None:
    async def store() -> None:
        async with uow.write() as tx:
            await stored(tx, payload={}, due_at=datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test

    with pytest.raises((ValueError, StatementError), match="naive"):
        await store()
