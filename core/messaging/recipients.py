"""Whom a notice is for, in which language, and where it reaches them: the chat used last, else the phone.

The one place where messaging looks into the slices above it, and at their tables only.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, and_, bindparam, case, func, select

from core.customers.tables import chat_links, customers
from core.identity.tables import logins, staff_chats
from core.messaging.kinds import Category
from core.messaging.tables import chats, notice_consents
from core.platform.i18n import Language
from core.platform.prepared import Prepared
from core.platform.uow import ReadTx, WriteTx

WHATSAPP, TELEGRAM = "whatsapp", "telegram"


class Address(Struct, frozen=True):
    """A chat as its channel names it, with the language it is spoken to in, where that is known."""

    channel: str
    to: str
    language: Language | None = None


class StaffAddress(Struct, frozen=True):
    """Where a member of staff is reached: a chat they linked, or their phone."""

    login_id: int
    channel: str
    to: str

    @property
    def name(self) -> str:
        """For keys, which people get to see: it holds no phone number."""
        return str(self.login_id) if self.channel == WHATSAPP else f"{self.login_id}-{self.channel}-{self.to}"


class Recipient(Struct, frozen=True):
    """A customer as a notice needs to know them. `addresses` are in the order they are to be tried."""

    name: str
    service: str
    language: Language | None
    addresses: tuple[Address, ...]
    stopped: frozenset[Category]


_own, _linked = chats.alias("own"), chats.alias("linked")
_given_up = chat_links.alias("given_up")
_KNOWN = Prepared(
    select(
        customers.c.name,
        customers.c.service_number,
        customers.c.language,
        # A number that was given up speaks for the customer no more: somebody else may hold it.
        case((_given_up.c.id.is_(None), customers.c.phone)).label("phone"),
        _own.c.language.label("own_language"),
        _own.c.touched_at.label("own_touched_at"),
        chat_links.c.channel,
        chat_links.c.address,
        func.coalesce(_linked.c.touched_at, chat_links.c.linked_at).label("touched_at"),
        _linked.c.language.label("linked_language"),
    )
    .select_from(customers)
    .outerjoin(_own, and_(_own.c.channel == WHATSAPP, _own.c.address == customers.c.phone))
    .outerjoin(
        _given_up,
        and_(
            _given_up.c.channel == WHATSAPP,
            _given_up.c.address == customers.c.phone,
            _given_up.c.customer_id == customers.c.id,
            _given_up.c.revoked_at.is_not(None),
        ),
    )
    .outerjoin(
        chat_links,
        and_(
            chat_links.c.customer_id == customers.c.id,
            chat_links.c.role == "owner",
            chat_links.c.revoked_at.is_(None),
            chat_links.c.blocked_at.is_(None),
        ),
    )
    .outerjoin(
        _linked, and_(_linked.c.channel == chat_links.c.channel, _linked.c.address == chat_links.c.address)
    )
    .where(customers.c.id == bindparam("customer_id"))
)
_STOPPED = Prepared(
    select(notice_consents.c.category).where(
        notice_consents.c.customer_id == bindparam("customer_id"), notice_consents.c.stopped_at.is_not(None)
    )
)


async def recipient(tx: ReadTx, customer_id: int, *, channels: Collection[str]) -> Recipient | None:
    """The customer behind an id, with their chats on `channels`; None when there is no such customer."""
    rows = await tx.rows(_KNOWN, customer_id=customer_id)
    if not rows:
        return None
    stopped = await tx.rows(_STOPPED, customer_id=customer_id)
    return Recipient(
        name=rows[0].name,
        service=rows[0].service_number or "",
        language=as_language(rows[0].language),
        addresses=tuple(address for address in _addresses(rows) if address.channel in channels),
        stopped=frozenset(Category(row.category) for row in stopped),
    )


def _addresses(rows: Sequence[Row[Any]]) -> list[Address]:
    """Linked chats and the phone's own, the one used last first; a phone that never wrote is the last resort."""
    first = rows[0]
    used: list[tuple[datetime, Address]] = [
        (row.touched_at, Address(row.channel, row.address, as_language(row.linked_language)))
        for row in rows
        if row.channel is not None and (row.channel, row.address) != (WHATSAPP, first.phone)
    ]
    phone = [Address(WHATSAPP, first.phone, as_language(first.own_language))] if first.phone else []
    if phone and first.own_touched_at is not None:
        used.append((first.own_touched_at, phone.pop()))
    used.sort(key=lambda each: each[0], reverse=True)
    return [address for _, address in used] + phone


async def staff_addresses(
    tx: ReadTx, roles: Collection[str], *, channels: Collection[str]
) -> tuple[StaffAddress, ...]:
    """Where active staff of these roles are reached: the chats they linked, and for those without one their phone."""
    rows = await tx.all(
        select(logins.c.id, logins.c.phone, staff_chats.c.channel, staff_chats.c.address)
        .outerjoin(
            staff_chats,
            and_(
                staff_chats.c.login_id == logins.c.id,
                staff_chats.c.channel.in_([each for each in channels if each != WHATSAPP]),
            ),
        )
        # Staff are found by the index of whose a login is: customers' logins are millions.
        .where(logins.c.customer_id.is_(None), logins.c.role.in_(sorted(roles)), logins.c.is_active)
        .order_by(logins.c.id, staff_chats.c.address)
    )
    reached = (
        StaffAddress(row.id, row.channel or WHATSAPP, row.address or row.phone)
        for row in rows
        if row.address or row.phone
    )
    once: dict[tuple[str, str], StaffAddress] = {}
    for each in reached:
        once.setdefault((each.channel, each.to), each)
    return tuple(once.values())


async def mark_chat(tx: WriteTx, channel: str, address: str, *, is_blocked: bool) -> None:
    """Remember that a chat takes no messages any more, or that it does again; its links stay."""
    links = chat_links.update().where(chat_links.c.channel == channel, chat_links.c.address == address)
    await tx.execute(links.values(blocked_at=tx.now if is_blocked else None))


async def move_chat(tx: WriteTx, channel: str, old: str, new: str) -> None:
    """Follow a chat that goes on under another address, unless that one is known already."""
    for table in (chat_links, chats):
        taken = select(table.c.id).where(table.c.channel == channel, table.c.address == new)
        if await tx.scalar(taken.limit(1)) is None:
            here = table.update().where(table.c.channel == channel, table.c.address == old)
            await tx.execute(here.values(address=new))


def as_language(stored: str | None) -> Language | None:
    return "en" if stored == "en" else "id" if stored == "id" else None
