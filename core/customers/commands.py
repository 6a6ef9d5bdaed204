"""Writes of customers that several use cases share; each runs inside its caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from core.customers import chat_access, queries
from core.customers.notes import note
from core.customers.tables import customers
from core.messaging import chats
from core.messaging.kinds import Given
from core.messaging.notices import Notice, notify
from core.platform import phones
from core.platform.errors import Conflict, Forbidden
from core.platform.i18n import message
from core.platform.ids import new_id
from core.platform.uow import WriteTx
from core.settings import RECOVERY_PAUSE, Settings


async def put(tx: WriteTx, customer_id: int, **values: object) -> None:
    """Set columns of a customer."""
    await tx.execute(customers.update().where(customers.c.id == customer_id).values(**values))


async def change_email(tx: WriteTx, settings: Settings, customer: Row[Any], email: str) -> None:
    """Set the address a locked customer logs in with, and tell their phone.

    Raises `Conflict("email_taken")` and `Forbidden("verified")`.
    """
    if await queries.email_is_taken(tx, email, but_not_by=customer.id):
        raise Conflict("email_taken")
    if customer.email_verified_on is not None:
        raise Forbidden("verified")
    if customer.email == email:
        return
    await put(tx, customer.id, email=email)
    await note(tx, customer.id, "email_changed")
    news: dict[str, Given] = {"what": message("notice.what_email"), "value": mask_email(email)}
    await tell(tx, settings, customer, Notice.CONTACT_CHANGED, news)


async def change_phone(
    tx: WriteTx,
    settings: Settings,
    customer: Row[Any],
    phone: str,
    *,
    asked_in: tuple[str, str] | None = None,
) -> None:
    """Set the number (E.164 digits) of a locked customer and tell the old one.

    For a day recovery codes still go to the number before, and nowhere when there was none: a stolen session must not
    become a stolen account (mywifi contract §9). Chats under the old number must prove themselves anew; what they are
    in the middle of ends, but for the chat it was `asked_in`, whose turn is still under way.
    """
    old = customer.phone
    if old == phone:
        return
    still_held = customer.recovery_phone_until is not None and customer.recovery_phone_until > tx.now
    await put(
        tx,
        customer.id,
        phone=phone,
        recovery_phone=customer.recovery_phone if still_held else old,
        recovery_phone_until=tx.now + RECOVERY_PAUSE,
    )
    await note(tx, customer.id, "phone_changed", had_one=old is not None)
    await chat_access.move_phone(tx, customer.id, old=old, new=phone)
    for channel in chat_access.PHONE_CHANNELS:
        if old is not None and (channel, old) != asked_in:
            await chats.interrupt(tx, channel, old)
    await tell(tx, settings, customer, Notice.PHONE_CHANGED, {"phone": phones.mask(phone)})


def mask_email(email: str) -> str:
    """`john@example.com` as `j***@example.com`."""
    name, _, domain = email.partition("@")
    return f"{name[:1]}***@{domain}"


async def tell(
    tx: WriteTx, settings: Settings, customer: Row[Any], kind: Notice, args: Mapping[str, Given]
) -> None:
    """Write to the phone a customer had when the row was read, if there was one."""
    if customer.phone is not None:
        key = new_id(f"{kind}-{customer.id}")
        await notify(
            tx, settings, customer_id=customer.id, kind=kind, key=key, args=args, to_phone=customer.phone
        )
