"""What customers can do about their own data: take a copy, be forgotten, change their mind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct
from sqlalchemy import Row, func, select

from core.billing.tables import invoices
from core.billing.types import InvoiceStatus
from core.customers.notes import note
from core.customers.queries import subscribed
from core.customers.tables import customers
from core.identity import codes
from core.identity.codes import GrantUse, Holder
from core.messaging.attachments import File, Renderer
from core.messaging.notices import Notice, notify
from core.messaging.ports import Attachment
from core.platform.clock import local_day
from core.platform.errors import Conflict, NotFound
from core.platform.i18n import Day, Rupiah
from core.platform.secrets import Keyring
from core.platform.uow import ReadTx, UnitOfWork, WriteTx
from core.privacy import erasing
from core.privacy.export import as_json, collect
from core.privacy.tables import erasures
from core.settings import Settings
from core.subscriptions.tables import subscriptions

log = structlog.get_logger(__name__)

#: Time to change one's mind.
SECOND_THOUGHTS = timedelta(days=7)
#: How long a copy that was asked for can be fetched.
_COPY_LIFETIME = timedelta(minutes=30)
_SOURCE = "my_data"


class Standing(Struct, frozen=True):
    """What stands in the way of being forgotten, what ends with it, and when it comes if it was asked for."""

    unpaid: int  # rupiah
    runs: bool  # a line that would be taken off
    due_at: datetime | None


class DataCopy(Struct, frozen=True):
    """A file with everything kept about one customer, and what of it fits into a few lines."""

    file: Attachment
    name: str
    phone: str | None
    email: str | None
    address: str | None
    bills: int
    payments: int
    tickets: int
    chats: int


class Privacy:
    """Each method is one use case and one transaction."""

    def __init__(self, uow: UnitOfWork, settings: Settings, keyring: Keyring) -> None:
        self._uow, self._settings, self._keyring = uow, settings, keyring

    async def copy(self, customer_id: int, *, grant: str, request_id: str) -> DataCopy:
        """Everything kept about an owner who was proved; the file is made when it is sent, and can be had for half an hour.

        Raises `NotFound("not_subscribed")`, `Conflict("grant_over")`.
        """
        async with self._uow.write() as tx:
            customer = await subscribed(tx, customer_id, lock=True)
            if await self._spend(tx, customer_id, grant, request_id) is GrantUse.USED:
                await note(tx, customer_id, "data_copied")
            until = int((tx.now + _COPY_LIFETIME).timestamp())
            collected = await collect(tx, self._keyring, customer_id)
        name = f"data-{customer.service_number}.json"
        file = Attachment("document", name, _SOURCE, {"customer": customer_id, "until": until})
        return _summed_up(collected, file)

    def renderers(self) -> Mapping[str, Renderer]:
        """Who makes the file."""
        return {_SOURCE: self._render}

    async def standing(self, customer_id: int) -> Standing:
        async with self._uow.read() as tx:
            return await _standing(tx, customer_id)

    async def request_erasure(self, customer_id: int, *, grant: str, request_id: str) -> datetime:
        """Have an owner who was proved forgotten in a week; asked again, the first day stands.

        Raises `NotFound("not_subscribed")`, `Conflict("grant_over")`, `Conflict("unpaid_bills")`.
        """
        async with self._uow.write() as tx:
            await subscribed(tx, customer_id, lock=True)
            await self._spend(tx, customer_id, grant, request_id)
            standing = await _standing(tx, customer_id)
            if standing.unpaid:
                raise Conflict("unpaid_bills")
            if standing.due_at is not None:
                return standing.due_at
            due_at = tx.now + SECOND_THOUGHTS
            await tx.insert(
                erasures,
                customer_id=customer_id,
                status="waiting",
                request_id=request_id,
                requested_at=tx.now,
                due_at=due_at,
            )
            await note(tx, customer_id, "erasure_requested")
            day = Day(local_day(due_at, self._settings.zone))
            await notify(
                tx,
                self._settings,
                customer_id=customer_id,
                kind=Notice.ERASURE_PLANNED,
                key=f"erasure-{request_id}",
                args={"day": day},
            )
        return due_at

    async def withdraw_erasure(self, customer_id: int) -> bool:
        """Stay; False when nothing was planned."""
        async with self._uow.write() as tx:
            waiting = (erasures.c.customer_id == customer_id, erasures.c.status == "waiting")
            stays = erasures.update().where(*waiting).values(status="withdrawn", ended_at=tx.now)
            is_withdrawn = await tx.execute(stays) > 0
            if is_withdrawn:
                await note(tx, customer_id, "erasure_withdrawn")
        return is_withdrawn

    async def erase_due(self) -> int:
        """Forget those whose day has come, one a transaction; returns how many. Who owes again waits a week, and is told."""
        erased = 0
        while await self._erase_next():
            erased += 1
        return erased

    async def _erase_next(self) -> bool:
        async with self._uow.write() as tx:
            due = select(erasures).where(erasures.c.status == "waiting", erasures.c.due_at <= tx.now)
            next_one = await tx.first(due.order_by(erasures.c.id).limit(1).with_for_update(skip_locked=True))
            if next_one is None:
                return False
            customer = await tx.first(
                select(customers).where(customers.c.id == next_one.customer_id).with_for_update()
            )
            if customer is not None:
                await self._erase_or_wait(tx, next_one, customer)
        return True

    async def _erase_or_wait(self, tx: WriteTx, planned: Row[Any], customer: Row[Any]) -> None:
        this = erasures.update().where(erasures.c.id == planned.id)
        unpaid = (await _standing(tx, customer.id)).unpaid
        if not unpaid:
            await erasing.erase(tx, customer)
            await tx.execute(this.values(status="done", ended_at=tx.now))
            log.info("customer_erased", customer_id=customer.id)
            return
        due_at = tx.now + SECOND_THOUGHTS
        await tx.execute(this.values(due_at=due_at))
        day = Day(local_day(due_at, self._settings.zone))
        await notify(
            tx,
            self._settings,
            customer_id=customer.id,
            kind=Notice.ERASURE_DELAYED,
            key=f"erasure-delayed-{planned.id}-{int(due_at.timestamp())}",
            args={"amount": Rupiah(unpaid), "day": day},
        )

    async def _spend(self, tx: WriteTx, customer_id: int, grant: str, request_id: str) -> GrantUse:
        use = await codes.use_grant(tx, grant, holder=Holder(customer_id), request_id=request_id)
        if use is GrantUse.OVER:
            raise Conflict("grant_over")
        return use

    async def _render(self, args: Mapping[str, int | str]) -> File:
        async with self._uow.read() as tx:
            if tx.now.timestamp() > int(args["until"]):
                raise NotFound("attachment")
            collected = await collect(tx, self._keyring, int(args["customer"]))
        return File(as_json(collected), "application/json")


def _summed_up(collected: Mapping[str, Any], file: Attachment) -> DataCopy:
    person = collected["person"]
    return DataCopy(
        file,
        person["name"],
        person["phone"],
        person["email"],
        person["address"] or person["contact_address"],
        bills=len(collected["invoices"]),
        payments=len(collected["payments"]),
        tickets=len(collected["tickets"]),
        chats=len(collected["chats"]),
    )


async def _standing(tx: ReadTx, customer_id: int) -> Standing:
    owed = select(func.coalesce(func.sum(invoices.c.amount - invoices.c.settled), 0)).where(
        invoices.c.customer_id == customer_id, invoices.c.status == InvoiceStatus.UNPAID
    )
    runs = select(subscriptions.c.id).where(
        subscriptions.c.customer_id == customer_id, subscriptions.c.status != "inactive"
    )
    planned = select(erasures.c.due_at).where(
        erasures.c.customer_id == customer_id, erasures.c.status == "waiting"
    )
    return Standing(
        unpaid=int(await tx.scalar(owed)),
        runs=await tx.scalar(runs.limit(1)) is not None,
        due_at=await tx.scalar(planned),
    )
