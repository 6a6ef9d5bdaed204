"""Chats between two messages: the open dialogue, what has been received; and what is said unasked: texts, consent."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

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
    Column("said", Text),  # sealed: what was written; empty where it was secret
    Column("received_at", UtcDateTime, nullable=False, index=True),
    Index("ix_inbound_messages_chat", "chat_id", "received_at"),
)

#: What nobody understood, redacted, each text once: what staff label to make the understanding better.
unmatched_texts = Table(
    "unmatched_texts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("text", String(200), nullable=False),
    Column("times", Integer, nullable=False),
    Column("guess", String(32), nullable=False),  # an Intent
    Column("language", String(2)),
    Column("label", String(32)),  # an Intent, as staff say
    Column("first_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False, index=True),
    Index("uq_unmatched_texts_text", "text", unique=True),
)

#: How far each message of ours got, by the provider's id for it, told as `<dialect>:<id>`. News may come before the
#: try that sent it is settled: nothing here refers to the outbox, and the two meet by that id.
message_deliveries = Table(
    "message_deliveries",
    metadata,
    Column("provider_id", String(128), primary_key=True),
    Column("job_key", String(128), index=True),  # the outbox job's key, where the provider hands it back
    Column("state", Integer, nullable=False),  # a DeliveryState, which only rises
    Column("sent_at", UtcDateTime),
    Column("failed_at", UtcDateTime),
    Column("delivered_at", UtcDateTime),
    Column("read_at", UtcDateTime),
    Column("error", String(300)),
    Column("updated_at", UtcDateTime, nullable=False, index=True),
)

#: Texts of notices that staff have written anew; without a row the catalogs speak.
notice_templates = Table(
    "notice_templates",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("language", String(2), primary_key=True),
    Column("channel", String(16), primary_key=True),  # or `all`
    Column("body", Text, nullable=False),
    # For WhatsApp's own templates, which must be approved: the name, and which fields fill in its blanks, in order.
    Column("approved_name", String(512)),
    Column("approved_fields", JsonText),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("updated_by", String(64), nullable=False),  # an actor, such as `staff:3`
)

#: What customers have said of a category of notices; without a row they get them.
notice_consents = Table(
    "notice_consents",
    metadata,
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("category", String(16), primary_key=True),
    Column("stopped_at", UtcDateTime),  # empty since they asked to have them again
    Column("changed_at", UtcDateTime, nullable=False),
    Column("turn_id", String(160), nullable=False),  # the message that said so: channel, and its key there
)
