"""Which chats may act for which customers: by their own phone number, or by a link with a role.

A link belongs to the channel's own name for a chat and outlives a change of phone: an `@lid` or a Telegram id is an
identity, not a number. A number may pass to somebody else, so what hangs on it ends with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Row, and_, bindparam, or_, select

from core.customers.notes import note
from core.customers.tables import chat_links, customers
from core.customers.types import ChatRole, LinkedChat, ServiceOfChat
from core.platform.prepared import Prepared
from core.platform.uow import ReadTx, WriteTx

#: Channels whose address is the writer's phone number.
PHONE_CHANNELS = frozenset({"whatsapp", "terminal"})

_CHANNEL: BindParameter[str] = bindparam("channel")
_ADDRESS: BindParameter[str] = bindparam("address")
_here = (chat_links.c.channel == _CHANNEL, chat_links.c.address == _ADDRESS)
_linked = customers.c.id.in_(
    select(chat_links.c.customer_id).where(*_here, chat_links.c.revoked_at.is_(None))
)
_by_phone = and_(customers.c.phone == _ADDRESS, chat_links.c.revoked_at.is_(None))
_acted_for = (
    select(customers.c.id, customers.c.service_number, customers.c.name, customers.c.phone, chat_links.c.role)
    .outerjoin(chat_links, and_(chat_links.c.customer_id == customers.c.id, *_here))
    .where(customers.c.service_number.is_not(None))
    .order_by(customers.c.service_number)
)
_of_a_phone, _of_a_name = (
    Prepared(_acted_for.where(or_(_linked, _by_phone))),
    Prepared(_acted_for.where(_linked)),
)


async def services_of(tx: ReadTx, channel: str, address: str) -> tuple[ServiceOfChat, ...]:
    """What a chat may act for, in the order of service numbers; who holds the customer's own phone is its owner."""
    proves_phone = channel in PHONE_CHANNELS
    rows = await tx.rows(_of_a_phone if proves_phone else _of_a_name, channel=channel, address=address)
    return tuple(
        ServiceOfChat(
            row.id,
            row.service_number,
            row.name,
            ChatRole.OWNER if proves_phone and row.phone == address else ChatRole(row.role),
        )
        for row in rows
    )


async def links_of(tx: ReadTx, customer_id: int) -> tuple[LinkedChat, ...]:
    """The chats linked to a customer, oldest first; the customer's own phone is not among them."""
    rows: Sequence[Row[Any]] = await tx.all(
        select(chat_links)
        .where(chat_links.c.customer_id == customer_id, chat_links.c.revoked_at.is_(None))
        .order_by(chat_links.c.id)
    )
    return tuple(
        LinkedChat(row.id, row.channel, row.address, ChatRole(row.role), row.linked_at) for row in rows
    )


async def link(tx: WriteTx, channel: str, address: str, customer_id: int, role: ChatRole) -> None:
    """Let a chat act for a customer from now on; one that does already gets the new role. The right to was proved."""
    values = {"role": role, "linked_at": tx.now}
    named = {"channel": channel, "address": address, "customer_id": customer_id}
    if not await tx.insert_new(chat_links, **named, **values):
        again = chat_links.update().where(*_is(channel, address, customer_id))
        await tx.execute(again.values(**values, revoked_at=None, blocked_at=None))
    await note(tx, customer_id, "chat_linked", channel=channel, role=role)


async def unlink(tx: WriteTx, channel: str, address: str, customer_id: int) -> None:
    """Take a chat's right away, also one that came with its phone number.

    The row stays as the sign that this number no longer speaks for the customer, until it is proved anew.
    """
    named = {"channel": channel, "address": address, "customer_id": customer_id}
    is_new = await tx.insert_new(
        chat_links, **named, role=ChatRole.OWNER, linked_at=tx.now, revoked_at=tx.now
    )
    if not is_new:
        standing = (*_is(channel, address, customer_id), chat_links.c.revoked_at.is_(None))
        await tx.execute(chat_links.update().where(*standing).values(revoked_at=tx.now))
    await note(tx, customer_id, "chat_unlinked", channel=channel)


async def give_up(tx: WriteTx, channel: str, address: str) -> int:
    """A chat whose person has left it speaks for nobody any more, until it proves itself anew; returns for how many it did."""
    services = await services_of(tx, channel, address)
    for service in services:
        await unlink(tx, channel, address, service.customer_id)
    return len(services)


async def move_phone(tx: WriteTx, customer_id: int, *, old: str | None, new: str) -> None:
    """After a change of number: chats under the old one must prove themselves anew, the new one may speak at once."""
    for channel in sorted(PHONE_CHANNELS):
        if old is not None:
            await tx.execute(chat_links.delete().where(*_is(channel, old, customer_id)))
        given_up = (*_is(channel, new, customer_id), chat_links.c.revoked_at.is_not(None))
        await tx.execute(chat_links.delete().where(*given_up))


def _is(channel: str, address: str, customer_id: int) -> tuple[Any, ...]:
    return (
        chat_links.c.channel == channel,
        chat_links.c.address == address,
        chat_links.c.customer_id == customer_id,
    )
