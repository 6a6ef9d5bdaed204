"""Open reports are listed for staff, oldest first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    where = sa.text("status <> 'closed'")
    op.create_index(
        "ix_tickets_open", "tickets", ["opened_at"], unique=False, sqlite_where=where, postgresql_where=where
    )


def downgrade() -> None:
    op.drop_index("ix_tickets_open", table_name="tickets")
