"""What became of messages after the provider took them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.platform.db import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "message_deliveries",
        sa.Column("provider_id", sa.String(length=128), nullable=False),
        sa.Column("job_key", sa.String(length=128), nullable=True),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("failed_at", UtcDateTime(), nullable=True),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.String(length=300), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("provider_id", name=op.f("pk_message_deliveries")),
    )
    op.create_index(op.f("ix_message_deliveries_job_key"), "message_deliveries", ["job_key"])
    op.create_index(op.f("ix_message_deliveries_updated_at"), "message_deliveries", ["updated_at"])


def downgrade() -> None:
    op.drop_table("message_deliveries")
