"""When routers are scanned, and when history is made coarser and forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.monitoring import history
from core.monitoring.incidents import Incidents
from core.monitoring.ports import RouterScanner
from core.monitoring.scanning import Scanning
from core.platform.scheduler import Every, Scheduled
from core.platform.uow import UnitOfWork
from core.settings import Settings

#: A scan that a killed process left unfinished is taken up again after so long.
_SCAN_LEASE = timedelta(minutes=3)


def jobs(uow: UnitOfWork, settings: Settings, scanner: RouterScanner) -> tuple[Scheduled, ...]:
    """The recurring chores; scans that were missed are not made up for."""
    scanning, incidents = Scanning(uow, scanner), Incidents(uow, settings)

    async def scan(_due: datetime) -> None:
        await incidents.conclude(await scanning.run())

    async def keep_house(_due: datetime) -> None:
        await history.roll_up(uow, settings.zone)
        await history.purge(uow)
        await incidents.purge()

    return (
        Scheduled("monitoring.scan", Every(timedelta(seconds=settings.scan_seconds)), scan, _SCAN_LEASE),
        Scheduled("monitoring.history", Every(timedelta(hours=1)), keep_house),
    )
