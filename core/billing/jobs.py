"""The recurring work of billing, for whichever process runs the schedule."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from core.billing import books
from core.billing.isolation import isolate_late
from core.billing.reminders import remind
from core.billing.run import run_monthly
from core.platform.scheduler import Daily, Every, Scheduled
from core.platform.uow import UnitOfWork
from core.settings import Settings

#: In the morning, because what was paid in advance is receipted with it; there is no hurry before.
_RUN_AT = time(8)
#: When whoever is told of a fault is at work.
_CHECK_AT = time(8, 30)


def jobs(uow: UnitOfWork, settings: Settings) -> tuple[Scheduled, ...]:
    """Each is harmless when repeated, and makes up for days that were missed."""

    async def monthly(_due: datetime) -> None:
        await run_monthly(uow, settings)

    async def reminders(_due: datetime) -> None:
        await remind(uow, settings)

    async def isolation(_due: datetime) -> None:
        await isolate_late(uow, settings)

    async def checks(_due: datetime) -> None:
        await books.check(uow, settings)

    return (
        Scheduled("billing.monthly", Daily(_RUN_AT, settings.zone), monthly),
        Scheduled("billing.books", Daily(_CHECK_AT, settings.zone), checks),
        # Every hour, and at night nothing: what was missed is made up for on the same day.
        Scheduled("billing.reminders", Every(timedelta(hours=1)), reminders),
        Scheduled("billing.isolation", Every(timedelta(hours=1)), isolation),
    )
