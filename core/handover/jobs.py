"""The recurring chores of hand-over."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.handover.usecases import Handovers
from core.platform.scheduler import Every, Scheduled


def jobs(handovers: Handovers) -> tuple[Scheduled, ...]:
    """Tell whom time has made it due to tell; forget what is past its retention."""

    async def tell(_due: datetime) -> None:
        await handovers.tick()

    async def forget(_due: datetime) -> None:
        await handovers.purge()

    return (
        Scheduled("chats.due", Every(timedelta(seconds=15)), tell),
        Scheduled("chats.retention", Every(timedelta(hours=1)), forget),
    )
