"""Proofs of payment and their pictures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.platform.db import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "payment_proofs",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("invoice_id", BIGINT, nullable=True),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=160), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_payment_proofs_invoice_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_proofs")),
        sa.UniqueConstraint("request_id", name=op.f("uq_payment_proofs_request_id")),
    )
    op.create_index(op.f("ix_payment_proofs_invoice_id"), "payment_proofs", ["invoice_id"], unique=False)
    op.create_index("ix_payment_proofs_state", "payment_proofs", ["state", "sent_at"], unique=False)
    op.create_table(
        "proof_pictures",
        sa.Column("proof_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proof_id"], ["payment_proofs.id"], name=op.f("fk_proof_pictures_proof_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("proof_id", name=op.f("pk_proof_pictures")),
    )


def downgrade() -> None:
    op.drop_table("proof_pictures")
    op.drop_index("ix_payment_proofs_state", table_name="payment_proofs")
    op.drop_index(op.f("ix_payment_proofs_invoice_id"), table_name="payment_proofs")
    op.drop_table("payment_proofs")
