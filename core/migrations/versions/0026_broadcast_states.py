"""Broadcasts by how far they are: drafts that nobody confirmed are forgotten, running ones can be paused."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_broadcasts_state", "broadcasts", ["state", "created_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_broadcasts_state", table_name="broadcasts")
