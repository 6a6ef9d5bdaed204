"""Codes that prove a phone, invitations for chats, and indexes for who may act for whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.platform.db import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "chat_invites",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("code_mac", sa.String(length=64), nullable=False),
        sa.Column("used_by", sa.String(length=128), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_chat_invites_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_invites")),
        sa.UniqueConstraint("code_mac", name=op.f("uq_chat_invites_code_mac")),
    )
    op.create_index(op.f("ix_chat_invites_customer_id"), "chat_invites", ["customer_id"])
    op.create_index(op.f("ix_chat_invites_expires_at"), "chat_invites", ["expires_at"])
    op.create_index(op.f("ix_customers_recovery_phone"), "customers", ["recovery_phone"])
    # A code lives for five minutes: none is worth carrying over.
    op.drop_table("otp_challenges")
    _create_challenges(sa.Column("phone", sa.String(length=20), nullable=True), needs_customer=False)
    op.create_index("ix_otp_challenges_phone", "otp_challenges", ["phone", "purpose", "state"])


def _create_challenges(*more: sa.Column[str], needs_customer: bool) -> None:
    op.create_table(
        "otp_challenges",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", BIGINT, nullable=not needs_customer),
        *more,
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("code_mac", sa.String(length=64), nullable=False),
        sa.Column("attempts_left", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=128), nullable=False),
        sa.Column("last_request_id", sa.String(length=128), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_otp_challenges_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_otp_challenges")),
        sa.UniqueConstraint("request_id", name=op.f("uq_otp_challenges_request_id")),
    )
    op.create_index("ix_otp_challenges_customer", "otp_challenges", ["customer_id", "purpose", "state"])
    op.create_index(op.f("ix_otp_challenges_expires_at"), "otp_challenges", ["expires_at"])


def downgrade() -> None:
    op.drop_table("otp_challenges")
    _create_challenges(needs_customer=True)
    op.drop_index(op.f("ix_customers_recovery_phone"), "customers")
    op.drop_table("chat_invites")
