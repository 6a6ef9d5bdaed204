"""The recurring work of broadcasts, for whichever process runs the schedule."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.broadcasts.usecases import Broadcasts
from core.platform.scheduler import Every, Scheduled


def jobs(broadcasts: Broadcasts) -> tuple[Scheduled, ...]:
    async def purge(_due: datetime) -> None:
        await broadcasts.purge_drafts()

    return (Scheduled("broadcasts.purge_drafts", Every(timedelta(hours=1)), purge),)
