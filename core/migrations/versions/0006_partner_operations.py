"""Bill partners in daily work: days and reversals, statements, blocks, maintenance, attempts of callbacks; rates of API keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.platform.db import JsonText, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("rate", sa.String(length=32), nullable=True))
    op.add_column(
        "partners",
        sa.Column("settles_at_once", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index("ix_partner_transactions_end", "partner_transactions", ["partner_id", "settled_at"])
    op.create_table(
        "callback_attempts",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("delivery_id", BIGINT, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("latency_ms", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("said", sa.String(length=1024), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["callback_deliveries.id"], name=op.f("fk_callback_attempts_delivery_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_attempts")),
    )
    op.create_index(op.f("ix_callback_attempts_delivery_id"), "callback_attempts", ["delivery_id"])
    op.create_index(op.f("ix_callback_attempts_started_at"), "callback_attempts", ["started_at"])
    op.create_table(
        "partner_blocks",
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_partner_blocks_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_partner_blocks")),
    )
    op.create_table(
        "partner_maintenance",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("partner_id", BIGINT, nullable=True),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.id"], name=op.f("fk_partner_maintenance_partner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_maintenance")),
    )
    op.create_index(op.f("ix_partner_maintenance_ends_at"), "partner_maintenance", ["ends_at"])
    _create_books()


def _create_books() -> None:
    op.create_table(
        "partner_reversals",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("transaction_id", BIGINT, nullable=False),
        sa.Column("partner_id", BIGINT, nullable=False),
        sa.Column("amount", BIGINT, nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.id"], name=op.f("fk_partner_reversals_partner_id")
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["partner_transactions.id"],
            name=op.f("fk_partner_reversals_transaction_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_reversals")),
        sa.UniqueConstraint("transaction_id", name=op.f("uq_partner_reversals_transaction_id")),
    )
    op.create_index("ix_partner_reversals_day", "partner_reversals", ["partner_id", "created_at"])
    op.create_table(
        "partner_days",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("partner_id", BIGINT, nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("amount", BIGINT, nullable=False),
        sa.Column("partner_fee", BIGINT, nullable=False),
        sa.Column("reversals", BIGINT, nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=False),
        sa.Column("paid_at", UtcDateTime(), nullable=True),
        sa.Column("paid_reference", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_partner_days_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_days")),
        sa.UniqueConstraint("partner_id", "date", name=op.f("uq_partner_days_partner_id_date")),
    )
    op.create_table(
        "partner_statements",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("partner_id", BIGINT, nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("brought_by", sa.String(length=64), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("differences", JsonText(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.id"], name=op.f("fk_partner_statements_partner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_statements")),
        sa.UniqueConstraint(
            "partner_id", "date", "sha256", name=op.f("uq_partner_statements_partner_id_date_sha256")
        ),
    )


def downgrade() -> None:
    op.drop_table("partner_statements")
    op.drop_table("partner_days")
    op.drop_index("ix_partner_reversals_day", table_name="partner_reversals")
    op.drop_table("partner_reversals")
    op.drop_index(op.f("ix_partner_maintenance_ends_at"), table_name="partner_maintenance")
    op.drop_table("partner_maintenance")
    op.drop_table("partner_blocks")
    op.drop_index(op.f("ix_callback_attempts_started_at"), table_name="callback_attempts")
    op.drop_index(op.f("ix_callback_attempts_delivery_id"), table_name="callback_attempts")
    op.drop_table("callback_attempts")
    op.drop_index("ix_partner_transactions_end", table_name="partner_transactions")
    op.drop_column("partners", "settles_at_once")
    op.drop_column("api_keys", "rate")
