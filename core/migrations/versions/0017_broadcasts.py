"""Broadcasts: what is said to whom, who has had it, and the pace of each sender."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.platform.db import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "broadcasts",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("staff_id", BIGINT, nullable=False),
        sa.Column("request_id", sa.String(length=128), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("audience_id", BIGINT, nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("cursor", BIGINT, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("stopped", sa.Integer(), nullable=False),
        sa.Column("start_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["logins.id"], name=op.f("fk_broadcasts_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
        sa.UniqueConstraint("request_id", name=op.f("uq_broadcasts_request_id")),
    )
    op.create_index("ix_broadcasts_staff", "broadcasts", ["staff_id", "id"])
    op.create_table(
        "broadcast_recipients",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("broadcast_id", BIGINT, nullable=False),
        sa.Column("person", sa.String(length=96), nullable=False),
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("job_key", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"],
            ["broadcasts.id"],
            name=op.f("fk_broadcast_recipients_broadcast_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_broadcast_recipients_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast_recipients")),
        sa.UniqueConstraint("job_key", name=op.f("uq_broadcast_recipients_job_key")),
    )
    op.create_index(
        "uq_broadcast_recipients_person", "broadcast_recipients", ["broadcast_id", "person"], unique=True
    )
    op.create_index(op.f("ix_broadcast_recipients_customer_id"), "broadcast_recipients", ["customer_id"])
    op.create_table(
        "sender_paces",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("free_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_sender_paces")),
    )


def downgrade() -> None:
    op.drop_table("sender_paces")
    op.drop_table("broadcast_recipients")
    op.drop_table("broadcasts")
