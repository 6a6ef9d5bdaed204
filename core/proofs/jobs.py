"""The recurring chore of proofs."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.platform.scheduler import Every, Scheduled
from core.proofs.usecases import Proofs


def jobs(proofs: Proofs) -> tuple[Scheduled, ...]:
    """Forget pictures past their retention."""

    async def forget(_due: datetime) -> None:
        await proofs.purge()

    return (Scheduled("payment-proofs.retention", Every(timedelta(hours=1)), forget),)
