"""Chats between two messages: where a dialogue stands, and what was answered to what has been received.

The helpers work inside the caller's transaction, so that replies, the new state and the mark that a message was seen
are committed together or not at all (style §3).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import bindparam, or_, select, tuple_

from core.messaging.tables import chats, inbound_messages
from core.platform.prepared import Prepared
from core.platform.uow import ReadTx, UnitOfWork, WriteTx

#: A gateway repeats a message within hours at most; the answers kept for that may hold personal data.
SEEN_RETENTION = timedelta(days=7)
#: Digits that a chat's own number has at most; more of them are a phone's.
_LONGEST_NUMBER = 9


class Chat(Struct, frozen=True):
    """A chat as it was last saved; `revision` 0 is one that has never been. `dialogue` is the engine's own."""

    channel: str
    address: str
    language: str | None = None
    dialogue: dict[str, Any] | None = None
    revision: int = 0
    touched_at: datetime | None = None


_LOAD = Prepared(
    select(chats.c.language, chats.c.dialogue, chats.c.revision, chats.c.touched_at).where(
        chats.c.channel == bindparam("channel"), chats.c.address == bindparam("address")
    )
)
_ANSWER = Prepared(
    select(inbound_messages.c.replies).where(
        inbound_messages.c.channel == bindparam("channel"),
        inbound_messages.c.message_id == bindparam("message_id"),
    )
)
_SWAP = Prepared(
    chats.update()
    .where(
        chats.c.channel == bindparam("of_channel"),
        chats.c.address == bindparam("of_address"),
        chats.c.revision == bindparam("loaded"),
    )
    .returning(chats.c.id),
    ("language", "dialogue", "revision", "touched_at"),
)


class Superseded(Exception):
    """Another turn of the same chat was saved first; nothing was written, and the turn is to be played again."""


async def load(tx: ReadTx, channel: str, address: str) -> Chat:
    """The chat, or a new one nobody has saved yet."""
    rows = await tx.rows(_LOAD, channel=channel, address=address)
    return Chat(channel, address, *rows[0]) if rows else Chat(channel, address)


async def answer_to(tx: ReadTx, channel: str, message_id: str) -> list[Any] | None:
    """The replies given to a message that was received before, else None."""
    rows = await tx.rows(_ANSWER, channel=channel, message_id=message_id)
    return rows[0].replies if rows else None


async def save_turn(
    tx: WriteTx, chat: Chat, *, message_id: str, replies: list[Any], said: str | None = None
) -> None:
    """Store where a chat stands after a turn and what was answered; raises `Superseded` when it has moved on since.

    `said` is what was written, sealed; None where it is not kept.
    """
    chat_id = await (_insert(tx, chat) if chat.revision == 0 else _swap(tx, chat))
    seen = await tx.insert_new(
        inbound_messages,
        channel=chat.channel,
        message_id=message_id,
        chat_id=chat_id,
        replies=replies,
        said=said,
        received_at=tx.now,
    )
    if not seen:
        raise Superseded


class Exchange(Struct, frozen=True):
    """A message with its answer; `said` is sealed."""

    said: str | None
    replies: list[Any]
    received_at: datetime


async def exchanges(tx: ReadTx, chat_id: int, *, limit: int = 500) -> list[Exchange]:
    """What was said in a chat and is still kept, oldest first."""
    rows = await tx.all(
        select(inbound_messages.c.said, inbound_messages.c.replies, inbound_messages.c.received_at)
        .where(inbound_messages.c.chat_id == chat_id)
        .order_by(inbound_messages.c.received_at.desc())
        .limit(limit)
    )
    return [Exchange(row.said, row.replies, row.received_at) for row in reversed(rows)]


async def named(tx: ReadTx, name: str) -> tuple[int, Chat] | None:
    """A chat with its number, by that number or by its address on the channel that was used last."""
    by_number = [chats.c.id == int(name)] if name.isdecimal() and len(name) <= _LONGEST_NUMBER else []
    row = await tx.first(
        select(chats)
        .where(or_(chats.c.address == name, *by_number))
        .order_by(chats.c.touched_at.desc())
        .limit(1)
    )
    if row is None:
        return None
    return row.id, Chat(row.channel, row.address, row.language, row.dialogue, row.revision, row.touched_at)


async def touch(tx: WriteTx, channel: str, address: str) -> None:
    """Let a turn of this chat that is being played find out that something has changed, and begin again."""
    here = chats.update().where(chats.c.channel == channel, chats.c.address == address)
    await tx.execute(here.values(revision=chats.c.revision + 1))


async def _insert(tx: WriteTx, chat: Chat) -> int:
    fresh = await tx.insert_new(
        chats,
        channel=chat.channel,
        address=chat.address,
        language=chat.language,
        dialogue=chat.dialogue,
        revision=1,
        touched_at=tx.now,
    )
    if not fresh:
        raise Superseded
    key = select(chats.c.id).where(chats.c.channel == chat.channel, chats.c.address == chat.address)
    return int(await tx.scalar(key))


async def _swap(tx: WriteTx, chat: Chat) -> int:
    """Compare and swap by revision: of two turns that read the same row one wins."""
    swapped = await tx.rows(
        _SWAP,
        of_channel=chat.channel,
        of_address=chat.address,
        loaded=chat.revision,
        language=chat.language,
        dialogue=chat.dialogue,
        revision=chat.revision + 1,
        touched_at=tx.now,
    )
    if not swapped:
        raise Superseded
    return int(swapped[0].id)


async def interrupt(tx: WriteTx, channel: str, address: str) -> None:
    """End what a chat is in the middle of: it may no longer see what it was looking at. A turn under way starts over."""
    here = (chats.c.channel == channel, chats.c.address == address)
    await tx.execute(chats.update().where(*here).values(dialogue=None, revision=chats.c.revision + 1))


async def purge(uow: UnitOfWork, *, older_than: timedelta = SEEN_RETENTION, batch: int = 2000) -> int:
    """Forget answers past their retention, a batch a transaction; returns how many."""
    removed = 0
    while gone := await _purge_batch(uow, older_than, batch):
        removed += gone
    return removed


async def _purge_batch(uow: UnitOfWork, older_than: timedelta, batch: int) -> int:
    key = tuple_(inbound_messages.c.channel, inbound_messages.c.message_id)
    async with uow.write() as tx:
        old = (
            select(inbound_messages.c.channel, inbound_messages.c.message_id)
            .where(inbound_messages.c.received_at < tx.now - older_than)
            .limit(batch)
        )
        return await tx.execute(inbound_messages.delete().where(key.in_(old)))
