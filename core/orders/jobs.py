"""The recurring work of orders, for whichever process runs the schedule."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.orders.usecases import Orders
from core.platform.scheduler import Every, Scheduled


def jobs(orders: Orders) -> tuple[Scheduled, ...]:
    """Often, so that a plan has changed before the new month's bills are made."""

    async def bring_in(_due: datetime) -> None:
        await orders.bring_in()

    return (Scheduled("orders.bring_in", Every(timedelta(minutes=1)), bring_in),)
