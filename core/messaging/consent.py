"""What customers let us send them unasked: stopped by category, begun again, and never the essential."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from core.audit.log import record
from core.messaging.kinds import STOPPABLE, Category
from core.messaging.tables import notice_consents
from core.platform.errors import Invalid
from core.platform.uow import ReadTx, UnitOfWork, WriteTx


class Consents:
    """Each method is one use case and one transaction; `customer_ids` are the services of one chat, which agree."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def stopped(self, customer_ids: Collection[int]) -> frozenset[Category]:
        """What has been stopped for all of them."""
        async with self._uow.read() as tx:
            return await stopped_for_all(tx, customer_ids)

    async def stop(
        self, customer_ids: Collection[int], categories: Collection[Category], *, turn_id: str
    ) -> None:
        """Send nothing of these categories any more; harmless when that is so already. Raises `Invalid("essential")`."""
        await self._say(customer_ids, categories, turn_id, is_stopped=True)

    async def resume(
        self, customer_ids: Collection[int], categories: Collection[Category], *, turn_id: str
    ) -> None:
        """Send notices of these categories again."""
        await self._say(customer_ids, categories, turn_id, is_stopped=False)

    async def _say(
        self,
        customer_ids: Collection[int],
        categories: Collection[Category],
        turn_id: str,
        *,
        is_stopped: bool,
    ) -> None:
        if not set(categories) <= set(STOPPABLE):
            raise Invalid("essential")
        async with self._uow.write() as tx:
            for customer_id in sorted(customer_ids):
                for category in sorted(categories):
                    await _set(tx, customer_id, category, turn_id, is_stopped=is_stopped)


async def stopped_for_all(tx: ReadTx, customer_ids: Collection[int]) -> frozenset[Category]:
    ids = set(customer_ids)
    rows = await tx.all(
        select(notice_consents.c.category)
        .where(notice_consents.c.customer_id.in_(ids), notice_consents.c.stopped_at.is_not(None))
        .group_by(notice_consents.c.category)
        .having(func.count() == len(ids))
    )
    return frozenset(Category(row.category) for row in rows)


async def _set(tx: WriteTx, customer_id: int, category: Category, turn_id: str, *, is_stopped: bool) -> None:
    """One row per customer and category, one line in the audit log per change."""
    now = {"stopped_at": tx.now if is_stopped else None, "changed_at": tx.now, "turn_id": turn_id}
    fresh = await tx.insert_new(notice_consents, customer_id=customer_id, category=category, **now)
    if not fresh:
        row = notice_consents.c
        stands = row.stopped_at.is_not(None) if is_stopped else row.stopped_at.is_(None)
        changing = notice_consents.update().where(
            row.customer_id == customer_id, row.category == category, ~stands
        )
        if not await tx.execute(changing.values(**now)):
            return
    who = f"customer:{customer_id}"
    action = "notices_stopped" if is_stopped else "notices_resumed"
    await record(tx, actor=who, action=action, subject=who, details={"category": category})
