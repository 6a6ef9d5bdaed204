"""Writes of hand-over, each part of its caller's transaction; the request's row is locked first, then the chat's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, func, select

from core.customers.chat_access import PHONE_CHANNELS
from core.handover import queries
from core.handover.delivery import HANDOFF_TOPIC
from core.handover.ports import Route, Switch
from core.handover.tables import handover_lines, handovers
from core.handover.types import SILENT, HandoverState, Person
from core.identity import staff
from core.identity.staff import Permission
from core.messaging import chats
from core.messaging.notices import send_text
from core.messaging.ports import Choice
from core.platform import i18n, outbox
from core.platform.i18n import Argument, Language
from core.platform.outbox import Priority
from core.platform.uow import WriteTx
from core.settings import Settings

#: What is kept of one message, and how many lines until nothing more of the customer's is: nobody reads more.
LONGEST_LINE, MOST_LINES = 2000, 500
#: After an answer of ours that nothing follows for so long, the talk is over.
QUIET = timedelta(minutes=60)
#: The gateway with a switch of its own.
_SWITCHED_CHANNEL = "whatsapp"
_NOBODY = dict.fromkeys(("owner", "owner_name", "owner_channel", "owner_address"))


async def hear(tx: WriteTx, settings: Settings, handover_id: int, *, text: str, message_key: str) -> bool:
    """Keep what the customer writes and bring it to whoever answers; False when the bot answers again by now."""
    row = await queries.locked(tx, handover_id)
    if row is None or row.state not in SILENT:
        return False
    line_id = await keep(tx, settings, row, text=text, message_key=message_key, author=None)
    if line_id and row.owner is not None and not await _is_still_staff(tx, row.owner):
        nobody = {**_NOBODY, "state": HandoverState.WAITING, "due_at": tx.now + patience(settings)}
        await set_row(tx, row.id, **nobody)
        await tell_all_staff(tx, settings, row.id, "handover.waits", key=stamped(tx, row, "left"))
    elif line_id and row.owner_address:
        await _tell_owner(tx, settings, row, "handover.forwarded", key=f"handover-line-{line_id}", text=text)
    return True


async def give_back(tx: WriteTx, settings: Settings, handover_id: int) -> None:
    """The customer wants the bot again; whoever answers is told. Harmless when it is over already."""
    row = await queries.locked(tx, handover_id)
    if row is None or row.state not in SILENT:
        return
    await close(tx, settings, row, by="customer")
    if row.owner_address and await _is_still_staff(tx, row.owner):
        await _tell_owner(tx, settings, row, "handover.given_back", key=stamped(tx, row, "given-back"))


async def close(tx: WriteTx, settings: Settings, row: Row[Any], *, by: str) -> None:
    """End a request; the chat is the bot's from now on."""
    await set_row(
        tx, row.id, state=HandoverState.CLOSED, due_at=None, closed_at=tx.now, closed_by=by, request_id=""
    )
    if row.state in SILENT:
        await switch(tx, settings, row, Route.HANDOFF_OFF)


async def requeue(tx: WriteTx, settings: Settings, row: Row[Any], route: Route) -> None:
    """Back to the queue: the bot answers until somebody takes it again."""
    await set_row(tx, row.id, state=HandoverState.QUEUED, due_at=None, **_NOBODY)
    await chats.touch(tx, row.channel, row.address)
    await switch(tx, settings, row, route)


async def own(tx: WriteTx, settings: Settings, row: Row[Any], person: Person) -> None:
    """Make a request somebody's; a chat that the bot answered until now is interrupted, even in the middle of a turn."""
    reached_at = {"owner_channel": person.channel, "owner_address": person.address}
    if row.owner == person.actor:
        await set_row(tx, row.id, **reached_at)
        return
    taken = {"state": HandoverState.TAKEN, "owner": person.actor, "owner_name": person.name}
    await set_row(tx, row.id, due_at=tx.now + patience(settings), **taken, **reached_at)
    await chats.touch(tx, row.channel, row.address)
    await switch(tx, settings, row, Route.HANDOFF)
    await tell_customer(tx, row, "handover.joined", key=stamped(tx, row, "joined"), name=person.name)


async def keep(
    tx: WriteTx,
    settings: Settings,
    row: Row[Any],
    *,
    text: str,
    message_key: str,
    author: Person | None,
) -> int | None:
    """Store a line and when somebody has to be told next; None when it was kept before, or there are too many."""
    said = handover_lines.c
    count = select(func.count()).select_from(handover_lines).where(said.handover_id == row.id)
    if author is None and await tx.scalar(count) >= MOST_LINES:
        return None
    last = await tx.first(
        select(said.id, said.author).where(said.handover_id == row.id).order_by(said.id.desc()).limit(1)
    )
    fresh = await tx.insert_new(
        handover_lines,
        handover_id=row.id,
        message_key=message_key,
        author=author and author.actor,
        author_name=author and author.name,
        text=text[:LONGEST_LINE],
        said_at=tx.now,
    )
    if not fresh:
        return None
    if author is not None:
        await set_row(tx, row.id, due_at=tx.now + QUIET)
    elif last is not None and last.author is not None:  # the customer's wait begins with this line
        await set_row(tx, row.id, due_at=tx.now + patience(settings))
    return int(await tx.scalar(select(said.id).where(said.message_key == message_key)))


async def switch(tx: WriteTx, settings: Settings, row: Row[Any], route: Route) -> None:
    """Tell the gateway who answers; without its name for the chat it cannot be told."""
    if row.channel != _SWITCHED_CHANNEL or not row.session:
        return
    wish = Switch(row.address, row.session, route, settings.handover_minutes * 60)
    await outbox.post(
        tx,
        HANDOFF_TOPIC,
        {"to": wish.to, "session": wish.session, "route": str(wish.route), "timeout_s": wish.timeout_s},
        key=stamped(tx, row, route),
        ordering_key=f"handoff:{row.address}",
        priority=Priority.REPLY,
    )


async def tell_customer(tx: WriteTx, row: Row[Any], text_key: str, *, key: str, **args: Argument) -> None:
    language: Language = "en" if row.language == "en" else "id"
    await send_text(
        tx,
        channel=_outward(row.channel),
        to=row.address,
        text=i18n.text(text_key, language, **args),
        key=key,
        priority=Priority.REPLY,
    )


async def tell_all_staff(
    tx: WriteTx, settings: Settings, handover_id: int, text_key: str, *, key: str
) -> None:
    """Tell everybody who may answer, with a short summary and how to take it."""
    found = await queries.shown(tx, handover_id)
    if found is None:
        return
    take = i18n.text("handover.take", settings.language, number=found.id)
    await staff.tell(
        tx,
        settings,
        permission=Permission.CHATS,
        text=i18n.text(
            text_key, settings.language, who=found.who, text=found.last_text[:200], number=found.id
        ),
        key=key,
        choices=(Choice(f"say:{take}", take),),
    )


def patience(settings: Settings) -> timedelta:
    """How long a customer waits for an answer before being told that nobody came."""
    return timedelta(minutes=settings.handover_minutes)


def stamped(tx: WriteTx, row: Row[Any], event: str) -> str:
    """A key for something that happens to a request once at a time."""
    return f"handover-{row.id}-{event}-{int(tx.now.timestamp() * 1000)}"


async def set_row(tx: WriteTx, handover_id: int, **values: object) -> None:
    await tx.execute(handovers.update().where(handovers.c.id == handover_id).values(**values))


def _outward(channel: str) -> str:
    """A phone's chats are all reached at the phone, whichever of them it wrote in."""
    return "whatsapp" if channel in PHONE_CHANNELS else channel


async def _is_still_staff(tx: WriteTx, owner: str) -> bool:
    """Whether whoever answers may still read what customers write; a program is as good as its key."""
    kind, _, number = owner.partition(":")
    if kind != "staff":
        return True
    member = await staff.member(tx, int(number))
    return member is not None and member.may(Permission.CHATS)


async def _tell_owner(
    tx: WriteTx, settings: Settings, row: Row[Any], text_key: str, *, key: str, **args: Argument
) -> None:
    found = await queries.shown(tx, row.id)
    await send_text(
        tx,
        channel=_outward(row.owner_channel),
        to=row.owner_address,
        text=i18n.text(text_key, settings.language, who=found.who if found else "", number=row.id, **args),
        key=key,
        priority=Priority.REPLY,
    )
