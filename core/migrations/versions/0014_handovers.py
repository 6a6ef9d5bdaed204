"""Requests for a person, and what was said while one answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.platform.db import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PARTIAL = (
    ("uq_handovers_open", ["channel", "address"], "closed_at IS NULL", True),
    ("ix_handovers_due", ["due_at"], "due_at IS NOT NULL", False),
    ("ix_handovers_waiting", ["requested_at"], "closed_at IS NULL", False),
    ("ix_handovers_closed", ["closed_at"], "closed_at IS NOT NULL", False),
)


def upgrade() -> None:
    op.create_table(
        "handovers",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("session", sa.String(length=128), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("customer_id", BIGINT, nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("request_id", sa.String(length=160), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=True),
        sa.Column("owner_name", sa.String(length=255), nullable=True),
        sa.Column("owner_channel", sa.String(length=16), nullable=True),
        sa.Column("owner_address", sa.String(length=64), nullable=True),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_handovers_customer_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handovers")),
    )
    op.create_index(op.f("ix_handovers_customer_id"), "handovers", ["customer_id"], unique=False)
    for name, columns, where, unique in _PARTIAL:
        op.create_index(
            name,
            "handovers",
            columns,
            unique=unique,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.create_table(
        "handover_lines",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("handover_id", BIGINT, nullable=False),
        sa.Column("message_key", sa.String(length=200), nullable=False),
        sa.Column("author", sa.String(length=32), nullable=True),
        sa.Column("author_name", sa.String(length=255), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("said_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["handover_id"],
            ["handovers.id"],
            name=op.f("fk_handover_lines_handover_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_lines")),
        sa.UniqueConstraint("message_key", name=op.f("uq_handover_lines_message_key")),
    )
    op.create_index(op.f("ix_handover_lines_handover_id"), "handover_lines", ["handover_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_handover_lines_handover_id"), table_name="handover_lines")
    op.drop_table("handover_lines")
    for name, *_ in reversed(_PARTIAL):
        op.drop_index(name, table_name="handovers")
    op.drop_index(op.f("ix_handovers_customer_id"), table_name="handovers")
    op.drop_table("handovers")
