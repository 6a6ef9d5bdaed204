"""What becomes of broadcasts when a channel says that no campaigns may be sent now (whatsapp contract §2.1)."""

from __future__ import annotations

from sqlalchemy import select

from core.audit.log import SYSTEM, record
from core.broadcasts.tables import broadcasts
from core.broadcasts.types import State
from core.identity.staff import Permission, roles_that_may
from core.messaging.delivery import OnHold
from core.messaging.notices import StaffNotice, tell_staff
from core.platform.uow import UnitOfWork, WriteTx
from core.settings import Settings


async def hold_all(tx: WriteTx, settings: Settings) -> int:
    """Pause every running broadcast and tell who may send them; returns how many. Harmless when repeated."""
    running = select(broadcasts).where(broadcasts.c.state == State.RUNNING).order_by(broadcasts.c.id)
    rows = await tx.all(running.with_for_update())
    for row in rows:
        paused = broadcasts.update().where(broadcasts.c.id == row.id)
        await tx.execute(paused.values(state=State.PAUSED, step=row.step + 1))
        subject = f"broadcast:{row.id}"
        await record(tx, actor=SYSTEM, action="broadcast_held", subject=subject, details={})
        await tell_staff(
            tx,
            settings,
            kind=StaffNotice.BROADCAST_HELD,
            key=f"broadcast-{row.id}-held-{row.step}",
            args={"number": row.id, "queued": row.queued, "expected": row.expected},
            roles=roles_that_may(Permission.BROADCAST),
        )
    return len(rows)


def holder(uow: UnitOfWork, settings: Settings) -> OnHold:
    """What the delivery of texts calls when a channel says so."""

    async def hold() -> None:
        async with uow.write() as tx:
            await hold_all(tx, settings)

    return hold
