"""Chats of staff, and the codes that prove them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.platform.db import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "staff_chats",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("login_id", BIGINT, nullable=False),
        sa.Column("linked_at", UtcDateTime(), nullable=False),
        sa.Column("proved_until", UtcDateTime(), nullable=True),
        sa.Column("code_mac", sa.String(length=64), nullable=True),
        sa.Column("code_expires_at", UtcDateTime(), nullable=True),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("code_request_id", sa.String(length=160), nullable=True),
        sa.Column("checked_request_id", sa.String(length=160), nullable=True),
        sa.ForeignKeyConstraint(
            ["login_id"], ["logins.id"], name=op.f("fk_staff_chats_login_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("channel", "address", name=op.f("pk_staff_chats")),
    )
    op.create_index(op.f("ix_staff_chats_login_id"), "staff_chats", ["login_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_staff_chats_login_id"), table_name="staff_chats")
    op.drop_table("staff_chats")
