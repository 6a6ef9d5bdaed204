"""What scans have found, put where conversations find it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from core.customers.tables import customers
from core.monitoring import rules
from core.monitoring.lines import STEP_MINUTES, sample_row
from core.monitoring.tables import incidents, line_samples, line_sightings
from core.monitoring.types import IncidentKind, Sample
from core.platform.uow import UnitOfWork, WriteTx
from core.subscriptions.tables import subscriptions


async def strike(uow: UnitOfWork, number: str, down: int, total: int) -> None:
    """An outage of the region has taken this line and others, an hour ago."""
    async with uow.write() as tx:
        line = await _line(tx, number)
        since = tx.now - timedelta(hours=1)
        await tx.insert(
            incidents,
            kind=IncidentKind.OUTAGE,
            place=f"region:{line.region_id}",
            label="a region",
            region_id=line.region_id,
            started_at=since,
            opened_at=since,
            down=down,
            total=total,
            worst=down,
        )
        state = {"session_key": "", "sampled_at": since, "online_s": 0, "drops": 1}
        await tx.insert_new(line_sightings, subscription_id=line.id, is_online=False, since=since, **state)


async def live(uow: UnitOfWork, number: str, hours: int, *, drops: int = 0, mbps: int = 4) -> None:
    """So many hours of history up to now, the drops in the latest samples."""
    async with uow.write() as tx:
        line = await _line(tx, number)
        count, octets = hours * 12, mbps * 1_000_000 // 8 * 300
        last = rules.slot_of(tx.now) - rules.STEP
        samples = [
            Sample(
                last - back * rules.STEP,
                seen_s=300,
                online_s=300 if back >= drops else 240,
                drops=int(back < drops),
                upload=octets // 10,
                download=octets,
            )
            for back in range(count)
        ]
        rows = [sample_row(line.id, sample, STEP_MINUTES) for sample in samples]
        await tx.insert_all_new(line_samples, rows, line_samples.c.subscription_id)
        state = {"session_key": "", "sampled_at": tx.now, "online_s": 0, "drops": 0}
        await tx.insert_new(line_sightings, subscription_id=line.id, is_online=True, since=last, **state)


async def _line(tx: WriteTx, number: str) -> Any:
    found = (
        select(subscriptions.c.id, customers.c.region_id)
        .join(customers, customers.c.id == subscriptions.c.customer_id)
        .where(customers.c.service_number == number)
    )
    return await tx.first(found)
