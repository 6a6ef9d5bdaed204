"""The recurring work of privacy, for whichever process runs the schedule."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.platform.scheduler import Every, Scheduled
from core.privacy.usecases import Privacy


def jobs(privacy: Privacy) -> tuple[Scheduled, ...]:
    async def erase(_due: datetime) -> None:
        await privacy.erase_due()

    return (Scheduled("privacy.erase", Every(timedelta(hours=1)), erase),)
