"""Orders refused: what the customer was told of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plan_orders", sa.Column("reason", sa.String(length=300), nullable=True))


def downgrade() -> None:
    op.drop_column("plan_orders", "reason")
