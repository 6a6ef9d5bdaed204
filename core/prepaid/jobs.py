"""When packages are ended: a minute after their time at the latest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.platform.scheduler import Every, Scheduled
from core.prepaid.usecases import EXPIRY, Prepaid


def jobs(prepaid: Prepaid) -> Sequence[Scheduled]:
    async def expire(_due: datetime) -> None:
        await prepaid.expire_due()

    return [Scheduled(EXPIRY, Every(timedelta(minutes=1)), expire)]
