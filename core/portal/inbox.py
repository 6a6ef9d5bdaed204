"""The inbox that customers see in the portal."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, func, or_, select

from core.platform.errors import NotFound
from core.platform.uow import UnitOfWork, WriteTx
from core.portal.tables import inbox


class Mail(Struct, frozen=True):
    """One message; unread while `read_at` is None."""

    id: int
    customer_id: int
    subject: str
    body: str
    sender: str
    staff_id: int | None
    created_at: datetime
    read_at: datetime | None


class OpenedMail(Struct, frozen=True):
    """A message with its neighbours: `later` is the next younger one."""

    mail: Mail
    later: int | None
    earlier: int | None


async def put(
    tx: WriteTx,
    customer_id: int,
    subject: str,
    body: str,
    *,
    sender: str = "System",
    staff_id: int | None = None,
) -> int:
    """Leave a message for a customer."""
    return await tx.insert(
        inbox,
        customer_id=customer_id,
        subject=subject[:64],
        body=body,
        sender=sender,
        staff_id=staff_id,
        created_at=tx.now,
    )


class Inbox:
    """Each method is one use case and one transaction; nobody reads another's mail."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def unread(self, customer_id: int) -> int:
        async with self._uow.read() as tx:
            return int(await tx.scalar(select(func.count()).select_from(inbox).where(*_unread(customer_id))))

    async def latest_unread(self, customer_id: int, limit: int) -> tuple[Mail, ...]:
        newest = select(inbox).where(*_unread(customer_id)).order_by(inbox.c.id.desc()).limit(limit)
        async with self._uow.read() as tx:
            return tuple(map(_mail, await tx.all(newest)))

    async def list(
        self, customer_id: int, search: str, *, limit: int, offset: int
    ) -> tuple[tuple[Mail, ...], int]:
        """Newest first, and how many there are in all."""
        wanted = _matching(customer_id, search)
        page = select(inbox).where(*wanted).order_by(inbox.c.id.desc()).limit(limit).offset(offset)
        async with self._uow.read() as tx:
            rows = await tx.all(page)
            total = await tx.scalar(select(func.count()).select_from(inbox).where(*wanted))
        return tuple(map(_mail, rows)), int(total)

    async def open(self, customer_id: int, mail_id: int) -> OpenedMail:
        """Read a message; the first time is remembered. Raises `NotFound`."""
        own = (inbox.c.customer_id == customer_id, inbox.c.id == mail_id)
        neighbour = select(inbox.c.id).where(inbox.c.customer_id == customer_id).limit(1)
        async with self._uow.write() as tx:
            await tx.execute(inbox.update().where(*own, inbox.c.read_at.is_(None)).values(read_at=tx.now))
            row = await tx.first(select(inbox).where(*own))
            if row is None:
                raise NotFound
            later = await tx.scalar(neighbour.where(inbox.c.id > mail_id).order_by(inbox.c.id))
            earlier = await tx.scalar(neighbour.where(inbox.c.id < mail_id).order_by(inbox.c.id.desc()))
        return OpenedMail(_mail(row), later, earlier)

    async def delete(self, customer_id: int, mail_id: int) -> None:
        """Raises `NotFound`."""
        own = (inbox.c.customer_id == customer_id, inbox.c.id == mail_id)
        async with self._uow.write() as tx:
            if not await tx.execute(inbox.delete().where(*own)):
                raise NotFound


def _unread(customer_id: int) -> tuple[ColumnElement[bool], ...]:
    return inbox.c.customer_id == customer_id, inbox.c.read_at.is_(None)


def _matching(customer_id: int, search: str) -> tuple[ColumnElement[bool], ...]:
    own = inbox.c.customer_id == customer_id
    if not search:
        return (own,)
    told = or_(
        inbox.c.subject.icontains(search, autoescape=True), inbox.c.body.icontains(search, autoescape=True)
    )
    return own, told


def _mail(row: Row[tuple[object, ...]]) -> Mail:
    return Mail(
        row.id,
        row.customer_id,
        row.subject,
        row.body,
        row.sender,
        row.staff_id,
        row.created_at,
        row.read_at,
    )
