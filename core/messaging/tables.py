"""Where chats stand between two messages: the open dialogue, and what has been received already."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from core.platform.db import JsonText, Key, UtcDateTime, metadata

#: One row per chat. `dialogue` belongs to the conversation engine and is opaque here.
chats = Table(
    "chats",
    metadata,
    Column("id", Key, primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("address", String(64), nullable=False),  # the channel's own name for the chat
    Column("language", String(2)),
    Column("dialogue", JsonText),
    Column("revision", Integer, nullable=False),  # compare-and-swap: two turns of one chat never both win
    Column("touched_at", UtcDateTime, nullable=False),
    Index("uq_chats_channel_address", "channel", "address", unique=True),
)

#: What was received, by the channel's own id, with the answer given: a repeat gets the same answer and does nothing.
inbound_messages = Table(
    "inbound_messages",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("message_id", String(128), primary_key=True),
    Column("chat_id", Key, ForeignKey("chats.id", ondelete="CASCADE"), nullable=False),
    Column("replies", JsonText, nullable=False),
    Column("received_at", UtcDateTime, nullable=False, index=True),
)
