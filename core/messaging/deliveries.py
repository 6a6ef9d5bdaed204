"""What became of messages after the provider took them: news that repeats itself, comes late, and comes too early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import func, select

from core.messaging.received import DeliveryState, Receipt
from core.messaging.tables import message_deliveries
from core.platform.outbox import attempts
from core.platform.uow import ReadTx, UnitOfWork, WriteTx

_T = message_deliveries.c
#: When each state was first told of.
_MOMENTS = {
    DeliveryState.SENT: _T.sent_at,
    DeliveryState.FAILED: _T.failed_at,
    DeliveryState.DELIVERED: _T.delivered_at,
    DeliveryState.READ: _T.read_at,
}


class Delivery(Struct, frozen=True):
    """How far a message got, and since when."""

    provider_id: str
    state: DeliveryState
    updated_at: datetime
    error: str | None = None


async def note(tx: WriteTx, receipt: Receipt) -> None:
    """Remember a piece of news: a state only rises, and each is dated by the first that told of it."""
    moment = _MOMENTS[receipt.state]
    is_new = await tx.insert_new(
        message_deliveries,
        provider_id=receipt.provider_id,
        job_key=receipt.key,
        state=int(receipt.state),
        error=receipt.error,
        updated_at=tx.now,
        **{moment.name: tx.now},
    )
    if is_new:
        return
    this = _T.provider_id == receipt.provider_id
    await tx.execute(message_deliveries.update().where(this, moment.is_(None)).values({moment.name: tx.now}))
    risen = {"state": int(receipt.state), "updated_at": tx.now, "error": receipt.error}
    key = {"job_key": func.coalesce(_T.job_key, receipt.key)}
    await tx.execute(
        message_deliveries.update().where(this, _T.state < int(receipt.state)).values(risen | key)
    )


async def of_key(tx: ReadTx, job_key: str) -> Delivery | None:
    """What is known of a job by the key the provider handed back, though its answer to us may have been lost."""
    row = await tx.first(
        select(_T.provider_id, _T.state, _T.updated_at, _T.error)
        .where(_T.job_key == job_key)
        .order_by(_T.state.desc())
        .limit(1)
    )
    return None if row is None else _delivery(row)


async def of_jobs(tx: ReadTx, job_ids: Sequence[int]) -> Mapping[int, Delivery]:
    """How far the messages of outbox jobs got, where a provider has told."""
    told = (
        select(attempts.c.outbox_id, _T.provider_id, _T.state, _T.updated_at, _T.error)
        .join(message_deliveries, _T.provider_id == attempts.c.provider_id)
        .where(attempts.c.outbox_id.in_(job_ids))
        .order_by(attempts.c.id)
    )
    return {row.outbox_id: _delivery(row) for row in await tx.all(told)}


def _delivery(row: Any) -> Delivery:
    return Delivery(row.provider_id, DeliveryState(row.state), row.updated_at, row.error)


async def purge(uow: UnitOfWork, *, older_than: timedelta, batch: int = 2000) -> int:
    """Forget news past their retention, a batch a transaction; returns how many."""
    removed = 0
    while gone := await _purge_batch(uow, older_than, batch):
        removed += gone
    return removed


async def _purge_batch(uow: UnitOfWork, older_than: timedelta, batch: int) -> int:
    async with uow.write() as tx:
        old = select(_T.provider_id).where(_T.updated_at < tx.now - older_than).limit(batch)
        return await tx.execute(message_deliveries.delete().where(_T.provider_id.in_(old)))
