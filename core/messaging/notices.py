"""How core writes to people: a text posted in the transaction that gives the reason for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

import msgspec
from msgspec import Struct

from core.messaging import recipients
from core.messaging.kinds import KINDS, STAFF_TEXTS, Category, Given, Kind, Notice, StaffNotice
from core.messaging.ports import ApprovedTemplate, Attachment, Choice
from core.messaging.recipients import TELEGRAM, WHATSAPP, Address, Recipient
from core.messaging.templates import spelled, tidy, worded
from core.platform import i18n, outbox
from core.platform.outbox import Priority
from core.platform.uow import WriteTx
from core.settings import Settings

__all__ = [
    "TEXT_TOPIC",
    "Category",
    "Notice",
    "StaffNotice",
    "notify",
    "send_text",
    "tell_staff",
    "write_to_staff",
]

TEXT_TOPIC = "message.text"
#: Who hears of what concerns the business, unless a caller knows better.
_EVERYDAY_STAFF = ("superadmin", "admin")


class Extras(Struct, frozen=True, omit_defaults=True):
    """What may go along with a text: answers to choose from, a file, WhatsApp's approved form, whose it is to follow up."""

    choices: tuple[Choice, ...] = ()
    attachment: Attachment | None = None
    approved: ApprovedTemplate | None = None
    customer_id: int | None = None


async def send_text(
    tx: WriteTx,
    *,
    to: str,
    text: str,
    key: str,
    topic: str = TEXT_TOPIC,
    channel: str = WHATSAPP,
    priority: Priority = Priority.NOTICE,
    choices: Sequence[Choice] = (),
    approved: ApprovedTemplate | None = None,
    customer_id: int | None = None,
    delay: timedelta = timedelta(0),
    expires_after: timedelta | None = None,
    sensitive: bool = False,
    attachment: Attachment | None = None,
) -> bool:
    """Queue a text for a chat; one recipient's texts of one priority go out in order.

    `to` is the channel's name for the chat: for WhatsApp the phone in E.164 digits. `key` names the reason, so that it is
    sent once however often that reason is processed; False when it was known. With a `customer_id`, a chat that turns
    out to be gone is replaced by the customer's next one. An `attachment` is made when it is sent; a channel may have no
    way to bring it, so `text` must be true without it.
    """
    extras = Extras(tuple(choices), attachment, approved, customer_id)
    return await outbox.post(
        tx,
        topic,
        {"channel": channel, "to": to, "text": text, "extras": msgspec.to_builtins(extras)},
        key=key,
        # A newer code replaces an older one, so codes never queue behind each other.
        ordering_key=None if priority is Priority.URGENT else text_order(channel, to, priority),
        priority=priority,
        delay=delay,
        expires_after=expires_after,
        sensitive=sensitive,
    )


def text_order(channel: str, to: str, priority: Priority) -> str:
    """What one chat's texts of one priority have in common: they go out one after another."""
    return f"{channel}:{to}:{int(priority)}"


async def notify(
    tx: WriteTx,
    settings: Settings,
    *,
    customer_id: int,
    kind: Notice,
    key: str,
    args: Mapping[str, Given],
    choices: Sequence[Choice] = (),
    attachment: Attachment | None = None,
    to_phone: str | None = None,
    expires_after: timedelta | None = None,
) -> bool:
    """Queue a notice for a customer, once per `key`; True when it will leave.

    It goes to the chat they used last, else to their phone, or to `to_phone` and nowhere else. What they have stopped,
    and what has nowhere to go, is recorded as stopped in the outbox with the reason. `args` fills in the fields of the
    kind beside the customer's name, service number and the business, which are known here.
    """
    reader = await recipients.recipient(tx, customer_id, channels=channels_of(settings))
    if reader is None:
        return False
    known, address = KINDS[kind], _address(reader, to_phone)
    if address is None or _is_stopped(reader, known):
        reason = (
            "there is nowhere to send it" if address is None else f"stopped by the customer: {known.category}"
        )
        note = {"customer_id": customer_id, "kind": kind}
        await outbox.note_stopped(tx, TEXT_TOPIC, note, key=key, reason=reason)
        return False
    common = {"name": reader.name, "service": reader.service, "business": settings.business_name}
    wording = await worded(
        tx,
        kind,
        {**common, **args},
        language=address.language or reader.language or settings.language,
        channel=address.channel,
        is_plain=settings.plain_notices,
    )
    return await send_text(
        tx,
        to=address.to,
        text=wording.text,
        key=key,
        channel=address.channel,
        priority=known.priority,
        choices=choices,
        attachment=attachment,
        approved=wording.approved,
        customer_id=customer_id if to_phone is None else None,
        expires_after=expires_after,
        sensitive=known.is_secret,
    )


async def tell_staff(
    tx: WriteTx,
    settings: Settings,
    *,
    kind: StaffNotice,
    key: str,
    args: Mapping[str, Given],
    roles: Collection[str] = _EVERYDAY_STAFF,
) -> int:
    """Queue a notice for everybody of these roles who can be reached, once per `key`; returns for how many it is new."""
    language, is_plain = settings.language, settings.plain_notices
    values = {name: spelled(value, language, is_plain=is_plain) for name, value in args.items()}
    text = tidy(i18n.text(STAFF_TEXTS[kind], language, **values), is_plain=is_plain)
    return await write_to_staff(tx, settings, roles=roles, text=text, key=key)


async def write_to_staff(
    tx: WriteTx,
    settings: Settings,
    *,
    roles: Collection[str],
    text: str,
    key: str,
    choices: Sequence[Choice] = (),
    attachment: Attachment | None = None,
) -> int:
    """Queue a text for everybody of these roles who can be reached, once per `key`; returns for how many it is new.

    Choices are for channels whose buttons bring back what was on offer; elsewhere the text says what to type.
    """
    reached = await recipients.staff_addresses(tx, roles, channels=channels_of(settings))
    posts = [
        await send_text(
            tx,
            to=each.to,
            channel=each.channel,
            text=text,
            key=f"{key}-{each.name}",
            choices=choices if each.channel != WHATSAPP else (),
            attachment=attachment,
        )
        for each in reached
    ]
    return sum(posts)


def channels_of(settings: Settings) -> tuple[str, ...]:
    """The channels of this installation that can begin a conversation."""
    return (WHATSAPP, TELEGRAM) if settings.telegram_token else (WHATSAPP,)


def _address(reader: Recipient, to_phone: str | None) -> Address | None:
    if to_phone is None:
        return next(iter(reader.addresses), None)
    same = (each for each in reader.addresses if (each.channel, each.to) == (WHATSAPP, to_phone))
    return next(same, Address(WHATSAPP, to_phone))


def _is_stopped(reader: Recipient, kind: Kind) -> bool:
    return kind.category is not Category.ESSENTIAL and kind.category in reader.stopped
