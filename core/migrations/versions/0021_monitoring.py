"""Lines watched: how each stands, its history, every scan; and the box in the street that neighbours share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.platform.db import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("odp", sa.String(length=64), nullable=True))
    op.create_table(
        "line_sightings",
        sa.Column("subscription_id", BIGINT, nullable=False),
        sa.Column("is_online", sa.Boolean(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("session_key", sa.String(length=64), nullable=False),
        sa.Column("sampled_at", UtcDateTime(), nullable=False),
        sa.Column("upload", BIGINT, nullable=True),
        sa.Column("download", BIGINT, nullable=True),
        sa.Column("online_s", sa.Integer(), nullable=False),
        sa.Column("drops", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_line_sightings_subscription_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscription_id", name=op.f("pk_line_sightings")),
    )
    op.create_table(
        "line_samples",
        sa.Column("subscription_id", BIGINT, nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("starts", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seen_s", sa.Integer(), nullable=False),
        sa.Column("online_s", sa.Integer(), nullable=False),
        sa.Column("drops", sa.Integer(), nullable=False),
        sa.Column("upload", BIGINT, nullable=False),
        sa.Column("download", BIGINT, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_line_samples_subscription_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscription_id", "step", "starts", name=op.f("pk_line_samples")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_line_samples_starts", "line_samples", ["step", "starts"])
    op.create_table(
        "sample_rollups",
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("done_until", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("step", name=op.f("pk_sample_rollups")),
    )
    op.create_table(
        "router_scans",
        sa.Column("router_id", BIGINT, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("online", sa.Integer(), nullable=False),
        sa.Column("detail", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["router_id"], ["routers.id"], name=op.f("fk_router_scans_router_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("router_id", "started_at", name=op.f("pk_router_scans")),
    )
    op.create_index("ix_router_scans_outcome", "router_scans", ["router_id", "outcome", "started_at"])
    op.create_index("ix_router_scans_started_at", "router_scans", ["started_at"])


def downgrade() -> None:
    op.drop_table("router_scans")
    op.drop_table("sample_rollups")
    op.drop_table("line_samples")
    op.drop_table("line_sightings")
    op.drop_column("subscriptions", "odp")
