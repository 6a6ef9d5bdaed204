"""Where proofs of payment and their pictures are kept."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table, UniqueConstraint

from core.platform.db import Key, UtcDateTime, metadata

payment_proofs = Table(
    "payment_proofs",
    metadata,
    Column("id", Key, primary_key=True),
    Column("channel", String(16), nullable=False),  # where it came from, and where the answer goes
    Column("address", String(64), nullable=False),
    Column("language", String(2), nullable=False),
    Column("invoice_id", Key, ForeignKey("invoices.id", ondelete="CASCADE"), index=True),
    Column("state", String(9), nullable=False),
    Column("media_type", String(32), nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("request_id", String(160), nullable=False),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("decided_at", UtcDateTime),
    Column("decided_by", String(32)),  # an actor
    Column("reason", String(300)),
    UniqueConstraint("request_id"),
    Index("ix_payment_proofs_state", "state", "sent_at"),
)

#: Apart, so that lists of proofs never read a picture.
proof_pictures = Table(
    "proof_pictures",
    metadata,
    Column(
        "proof_id",
        Key,
        ForeignKey("payment_proofs.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("content", LargeBinary, nullable=False),
)
