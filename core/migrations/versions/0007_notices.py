"""Notices: edited texts, what customers have stopped, chats that take no messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.platform.db import JsonText, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "notice_templates",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("approved_name", sa.String(length=512), nullable=True),
        sa.Column("approved_fields", JsonText(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("updated_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("kind", "language", "channel", name=op.f("pk_notice_templates")),
    )
    op.create_table(
        "notice_consents",
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("turn_id", sa.String(length=160), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_notice_consents_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", "category", name=op.f("pk_notice_consents")),
    )
    op.add_column("chat_links", sa.Column("blocked_at", UtcDateTime(), nullable=True))
    op.create_index("ix_chat_links_customer_id", "chat_links", ["customer_id"])


def downgrade() -> None:
    op.drop_index("ix_chat_links_customer_id", table_name="chat_links")
    op.drop_column("chat_links", "blocked_at")
    op.drop_table("notice_consents")
    op.drop_table("notice_templates")
