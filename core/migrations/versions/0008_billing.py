"""Billing: bills settled in part, credit, corrections; what a customer's bill is made of, and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.platform.db import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: A table is read without the tables it refers to: one of them has an index that SQLite's reflection cannot read.
ALONE = {"resolve_fks": False}
BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _invoices()
    _entries()
    op.create_table(
        "corrections",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("invoice_id", BIGINT, nullable=True),
        sa.Column("payment_id", BIGINT, nullable=True),
        sa.Column("amount", BIGINT, nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_corrections_customer_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_corrections_invoice_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_corrections_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sa.UniqueConstraint("key", name=op.f("uq_corrections_key")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_corrections_payment_id")),
    )
    op.create_index(op.f("ix_corrections_invoice_id"), "corrections", ["invoice_id"])


def _invoices() -> None:
    op.add_column("invoices", sa.Column("settled", BIGINT, nullable=False, server_default="0"))
    op.add_column(
        "invoices", sa.Column("is_monthly", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("invoices", sa.Column("reminder", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE invoices SET settled = amount WHERE status = 'paid'")
    unpaid, monthly = sa.text("status = 'unpaid'"), sa.text("is_monthly")
    op.create_index(
        "ix_invoices_reminder",
        "invoices",
        ["reminder", "due_on"],
        sqlite_where=unpaid,
        postgresql_where=unpaid,
    )
    op.create_index(
        "uq_invoices_monthly",
        "invoices",
        ["customer_id", "year", "month"],
        unique=True,
        sqlite_where=monthly,
        postgresql_where=monthly,
    )


def _entries() -> None:
    with op.batch_alter_table("payments", reflect_kwargs=ALONE) as payments:
        payments.alter_column("invoice_id", existing_type=BIGINT, nullable=True)
    with op.batch_alter_table("ledger_entries", reflect_kwargs=ALONE) as entries:
        entries.add_column(sa.Column("invoice_id", BIGINT, nullable=True))
        entries.create_foreign_key(op.f("fk_ledger_entries_invoice_id"), "invoices", ["invoice_id"], ["id"])
    number = 'CAST(substr("transaction", 9) AS BIGINT)'  # behind `invoice:` or `payment:`
    op.execute(
        f"UPDATE ledger_entries SET invoice_id = {number}"  # noqa: S608 - as below
        " WHERE \"transaction\" LIKE 'invoice:%'"
    )
    op.execute(
        f"UPDATE ledger_entries SET invoice_id = (SELECT invoice_id FROM payments WHERE id = {number})"  # noqa: S608 - no value of anybody's
        " WHERE \"transaction\" LIKE 'payment:%'"
    )
    credit = sa.text("account = 'credit'")
    op.create_index(
        "ix_ledger_entries_credit",
        "ledger_entries",
        ["customer_id"],
        sqlite_where=credit,
        postgresql_where=credit,
    )


def downgrade() -> None:
    """Partial payments, advances and corrections have no place in the older schema: what they hold is lost."""
    op.drop_table("corrections")
    op.execute("DELETE FROM ledger_entries WHERE \"transaction\" LIKE 'correction:%'")
    op.drop_index("ix_ledger_entries_credit", "ledger_entries")
    with op.batch_alter_table("ledger_entries", reflect_kwargs=ALONE) as entries:
        entries.drop_constraint(op.f("fk_ledger_entries_invoice_id"), type_="foreignkey")
        entries.drop_column("invoice_id")
    op.execute("DELETE FROM payments WHERE invoice_id IS NULL")
    with op.batch_alter_table("payments", reflect_kwargs=ALONE) as payments:
        payments.alter_column("invoice_id", existing_type=BIGINT, nullable=False)
    op.drop_index("uq_invoices_monthly", "invoices")
    op.drop_index("ix_invoices_reminder", "invoices")
    for column in ("reminder", "is_monthly", "settled"):
        op.drop_column("invoices", column)
