"""How long a person's message lets us answer freely where the provider counts the hours (whatsapp contract §2.1)."""

from __future__ import annotations

from datetime import timedelta

from core.messaging.chats import load
from core.platform.uow import ReadTx

#: A little less than the provider's day: what is decided now arrives a moment later.
WINDOW = timedelta(hours=24) - timedelta(minutes=2)


async def is_open(tx: ReadTx, channel: str, address: str) -> bool:
    """Whether the person of this chat wrote within the last 24 hours."""
    chat = await load(tx, channel, address)
    return chat.touched_at is not None and tx.now - chat.touched_at < WINDOW
