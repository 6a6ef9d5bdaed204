"""The monthly run: terms and charges of customers, tax of regions, first days of plans, how far it has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("regions", sa.Column("tax_percent", sa.Integer(), nullable=True))
    op.add_column("subscriptions", sa.Column("active_from", sa.Date(), nullable=True))
    op.create_table(
        "billing_terms",
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("due_day", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_billing_terms_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_billing_terms")),
    )
    op.create_table(
        "extra_charges",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("price", BIGINT, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("is_recurring", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("invoice_id", BIGINT, nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_extra_charges_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_extra_charges_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extra_charges")),
    )
    op.create_index(op.f("ix_extra_charges_customer_id"), "extra_charges", ["customer_id"])
    op.create_table(
        "billing_progress",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("done_through", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_billing_progress")),
    )


def downgrade() -> None:
    for table in ("billing_progress", "extra_charges", "billing_terms"):
        op.drop_table(table)
    op.drop_column("subscriptions", "active_from")
    op.drop_column("regions", "tax_percent")
