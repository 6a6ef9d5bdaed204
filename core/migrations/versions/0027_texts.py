"""What customers wrote: sealed beside what was answered, and, redacted, where nobody understood it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.platform.db import UtcDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("inbound_messages", sa.Column("said", sa.Text(), nullable=True))
    op.create_index("ix_inbound_messages_chat", "inbound_messages", ["chat_id", "received_at"])
    op.create_table(
        "unmatched_texts",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("guess", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=True),
        sa.Column("label", sa.String(length=32), nullable=True),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unmatched_texts")),
    )
    op.create_index("uq_unmatched_texts_text", "unmatched_texts", ["text"], unique=True)
    op.create_index("ix_unmatched_texts_last_at", "unmatched_texts", ["last_at"])


def downgrade() -> None:
    op.drop_table("unmatched_texts")
    op.drop_index("ix_inbound_messages_chat", "inbound_messages")
    with op.batch_alter_table("inbound_messages") as batch:
        batch.drop_column("said")
