"""`loket outbox …`: what waits, what was sent, what was parked and why."""

from __future__ import annotations

from core.bootstrap import bootstrap
from core.messaging import deliveries
from core.messaging.deliveries import Delivery
from core.platform.outbox import State, listed, retry_parked
from core.settings import Settings


async def show(settings: Settings, state: str, limit: int) -> None:
    """Print the newest jobs, one a line."""
    wanted = None if state == "all" else State(state)
    async with bootstrap(settings) as services, services.uow.read() as tx:
        rows = await listed(tx, state=wanted, limit=limit)
        delivered = await deliveries.of_jobs(tx, [row.id for row in rows])
    if not rows:
        print("Nothing there.")
        return
    print(
        f"{'ID':>6}  {'STATE':<8} {'TRIES':>5}  {'TOPIC':<16} {'CREATED (UTC)':<20} {'NEXT TRY (UTC)':<20} {'DELIVERY':<10} REASON"
    )
    for row in rows:
        due = f"{row.due_at:%Y-%m-%d %H:%M:%S}" if row.state == State.PENDING else "-"
        created = f"{row.created_at:%Y-%m-%d %H:%M:%S}"
        print(
            f"{row.id:>6}  {row.state:<8} {row.attempts:>5}  {row.topic:<16} {created:<20} {due:<20} {_delivery(delivered.get(row.id)):<10} {row.reason or ''}"
        )


def _delivery(known: Delivery | None) -> str:
    """What the provider told of a message after it took it."""
    return "-" if known is None else known.state.name.lower()


async def retry(settings: Settings, job_id: int) -> bool:
    """Queue a parked job again; False, with the reason printed, when that is not possible."""
    async with bootstrap(settings) as services:
        queued = await retry_parked(services.uow, job_id)
    if queued:
        print(f"Job {job_id} is queued again.")
    else:
        print(f"Job {job_id} is not parked, or its content was erased because it was secret.")
    return queued
