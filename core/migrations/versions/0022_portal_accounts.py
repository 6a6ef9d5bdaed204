"""Photos of people, and who shows which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.platform.db import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "photos",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("thumbnail", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_photos")),
    )
    where = sa.text("photo <> '/user.default.jpg'")
    op.create_index(
        "ix_customer_accounts_photo",
        "customer_accounts",
        ["photo"],
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    op.drop_index("ix_customer_accounts_photo", table_name="customer_accounts")
    op.drop_table("photos")
