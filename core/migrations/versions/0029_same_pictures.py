"""Proofs of payment: a picture that was shown before is found by what is in it."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_payment_proofs_sha256"), "payment_proofs", ["sha256"])


def downgrade() -> None:
    op.drop_index(op.f("ix_payment_proofs_sha256"), "payment_proofs")
