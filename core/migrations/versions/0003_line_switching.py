"""Switching lines: what each shall be, how far its router has followed, rounds of reconciliation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.platform.db import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "line_states",
        sa.Column("subscription_id", BIGINT, nullable=False),
        sa.Column("desired", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("wanted_at", UtcDateTime(), nullable=False),
        sa.Column("news", sa.String(length=8), nullable=True),
        sa.Column("applied_revision", sa.Integer(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=True),
        sa.Column("applied_router_id", BIGINT, nullable=True),
        sa.Column("applied_mode", sa.String(length=8), nullable=True),
        sa.Column("applied_user", sa.String(length=128), nullable=True),
        sa.Column("applied_secret", sa.String(length=64), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=300), nullable=True),
        sa.Column("refused_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_line_states_subscription_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["applied_router_id"], ["routers.id"], name=op.f("fk_line_states_applied_router_id")
        ),
        sa.PrimaryKeyConstraint("subscription_id", name=op.f("pk_line_states")),
    )
    op.create_index("ix_line_states_applied", "line_states", ["applied_router_id"], unique=False)
    op.create_table(
        "reconciliations",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("router_id", BIGINT, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("as_wanted", sa.Integer(), nullable=False),
        sa.Column("mended", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("stuck", sa.Integer(), nullable=False),
        sa.Column("detail", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["router_id"], ["routers.id"], name=op.f("fk_reconciliations_router_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliations")),
    )
    op.create_index("ix_reconciliations_router", "reconciliations", ["router_id", "started_at"], unique=False)
    op.create_index("ix_reconciliations_started", "reconciliations", ["started_at"], unique=False)
    op.create_index("ix_subscriptions_line", "subscriptions", ["router_id", "line_user"], unique=False)
    op.add_column("plans", sa.Column("rate_limit", sa.String(length=255), nullable=True))
    op.add_column("plans", sa.Column("address_pool", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("plans", "address_pool")
    op.drop_column("plans", "rate_limit")
    op.drop_index("ix_subscriptions_line", table_name="subscriptions")
    op.drop_index("ix_reconciliations_started", table_name="reconciliations")
    op.drop_index("ix_reconciliations_router", table_name="reconciliations")
    op.drop_table("reconciliations")
    op.drop_index("ix_line_states_applied", table_name="line_states")
    op.drop_table("line_states")
