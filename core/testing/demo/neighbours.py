"""A street for the sandbox: neighbours of the demo's first customer in one box, and a week of everybody's history."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from core.customers.accounts import open_account
from core.customers.tables import customers
from core.monitoring import rules
from core.monitoring.history import HOUR
from core.monitoring.lines import STEP_MINUTES, sample_row
from core.monitoring.tables import line_samples
from core.monitoring.types import Sample
from core.platform.uow import UnitOfWork, WriteTx
from core.subscriptions.tables import subscriptions

_JOHN, _ROUTER, _PLAN, _REGION = 1, 1, 12, 1
_UID = "sandbox-neighbours"
_ROWS_A_TURN = 500
_DROPS_A_DAY = 1.5
_WEEK, _FINE = timedelta(days=7), timedelta(hours=47)


async def load_neighbours(uow: UnitOfWork, box: str, users: Sequence[str]) -> bool:
    """Lines in the box, free of charge and all of one association, and the history of the demo's lines; once only."""
    async with uow.write() as tx:
        known = select(customers.c.id).where(customers.c.uid == _UID)
        if await tx.scalar(known) is not None:
            return False
        await _settle(tx, box, users)
        ids = [
            row.id
            for row in await tx.all(select(subscriptions.c.id).where(subscriptions.c.router_id == _ROUTER))
        ]
        now = tx.now
    for line_id in ids:
        rows = list(_history(line_id, now))
        for start in range(0, len(rows), _ROWS_A_TURN):
            async with uow.write() as tx:
                await tx.insert_all_new(
                    line_samples, rows[start : start + _ROWS_A_TURN], line_samples.c.subscription_id
                )
    return True


async def _settle(tx: WriteTx, box: str, users: Sequence[str]) -> None:
    association = await tx.insert(
        customers,
        uid=_UID,
        name="Warga Jl. Fiber",
        region_id=_REGION,
        image="",
        created_at=tx.now,
    )
    await open_account(tx, association, _UID)
    johns = subscriptions.update().where(subscriptions.c.customer_id == _JOHN)
    await tx.execute(johns.values(odp=box))
    for user in users:
        await tx.insert(
            subscriptions,
            customer_id=association,
            plan_id=_PLAN,
            router_id=_ROUTER,
            quantity=1,
            price=0,
            discount=0,
            status="free",
            mode="PPPOE",
            line_user=user,
            odp=box,
            created_at=tx.now,
        )


def _history(line_id: int, now: datetime) -> Iterator[dict[str, int]]:
    """A week of evenings and nights, the same every time it is made."""
    chance = random.Random(line_id)  # noqa: S311 - a demo must repeat itself
    hour = now.replace(minute=0, second=0, microsecond=0)
    moment = hour - _WEEK
    while moment < hour:
        yield sample_row(line_id, _lived(chance, moment, timedelta(hours=1)), HOUR)
        moment += timedelta(hours=1)
    moment = rules.slot_of(now - _FINE)
    while moment + rules.STEP <= now:
        yield sample_row(line_id, _lived(chance, moment, rules.STEP), STEP_MINUTES)
        moment += rules.STEP


def _lived(chance: random.Random, moment: datetime, length: timedelta) -> Sample:
    """Busy in the evening by the clock of Jakarta, quiet at night; now and then a drop."""
    seconds = int(length.total_seconds())
    hour = (moment + timedelta(hours=7)).hour + moment.minute / 60
    rate = (0.4 + 11 * _bump(hour, 20.5, 2.5) + 6 * _bump(hour, 13, 3.5)) * chance.uniform(0.4, 1.3)
    dropped = chance.random() < seconds / 86_400 * _DROPS_A_DAY
    online = seconds - (min(seconds, 240) if dropped else 0)
    octets = int(rate * 1_000_000 / 8 * online)
    return Sample(moment, seconds, online, int(dropped), octets // 9, octets)


def _bump(hour: float, at: float, width: float) -> float:
    distance = min(abs(hour - at), 24 - abs(hour - at))
    return math.exp(-((distance / width) ** 2))
