"""What customers order: a first line, another plan."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.platform.db import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "plan_orders",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("plan_id", BIGINT, nullable=False),
        sa.Column("price", BIGINT, nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("request_id", sa.String(length=128), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_plan_orders_customer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_orders_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_orders")),
        sa.UniqueConstraint("number", name=op.f("uq_plan_orders_number")),
        sa.UniqueConstraint("request_id", name=op.f("uq_plan_orders_request_id")),
    )
    op.create_index("ix_plan_orders_customer", "plan_orders", ["customer_id", "kind", "status"])
    op.create_index("ix_plan_orders_status", "plan_orders", ["status", "effective_on", "id"])


def downgrade() -> None:
    op.drop_table("plan_orders")
