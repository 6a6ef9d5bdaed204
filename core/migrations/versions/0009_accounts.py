"""What PHPNuxBill clients know: accounts of customers, profiles of staff, preferences, the log people read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.platform.db import JsonText, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("logins", sa.Column("tokens_valid_from", UtcDateTime(), nullable=True))
    op.create_table(
        "staff_profiles",
        sa.Column("login_id", BIGINT, nullable=False),
        sa.Column("parent_id", BIGINT, nullable=True),
        sa.Column("photo", sa.String(length=128), nullable=False),
        sa.Column("email", sa.String(length=128), nullable=True),
        sa.Column("city", sa.String(length=64), nullable=False),
        sa.Column("subdistrict", sa.String(length=64), nullable=False),
        sa.Column("ward", sa.String(length=64), nullable=False),
        sa.Column("notes", JsonText(), nullable=True),
        sa.Column("last_login_at", UtcDateTime(), nullable=True),
        sa.Column("session_hash", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["login_id"], ["logins.id"], name=op.f("fk_staff_profiles_login_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["logins.id"], name=op.f("fk_staff_profiles_parent_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("login_id", name=op.f("pk_staff_profiles")),
    )
    op.create_index("ix_staff_profiles_parent_id", "staff_profiles", ["parent_id"])
    op.create_index("ix_staff_profiles_email", "staff_profiles", [sa.text("lower(email)")])
    op.create_table(
        "customer_accounts",
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("service_type", sa.String(length=8), nullable=False),
        sa.Column("auto_renewal", sa.Boolean(), nullable=False),
        sa.Column("photo", sa.String(length=128), nullable=False),
        sa.Column("city", sa.String(length=255), nullable=True),
        sa.Column("district", sa.String(length=255), nullable=True),
        sa.Column("state", sa.String(length=255), nullable=True),
        sa.Column("zip", sa.String(length=10), nullable=True),
        sa.Column("line_username", sa.String(length=64), nullable=False),
        sa.Column("line_address", sa.String(length=45), nullable=False),
        sa.Column("line_secret_sealed", sa.String(length=255), nullable=True),
        sa.Column("created_by", BIGINT, nullable=True),
        sa.Column("last_login_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_customer_accounts_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_accounts")),
    )
    op.create_index(
        "uq_customer_accounts_username", "customer_accounts", [sa.text("lower(username)")], unique=True
    )
    op.create_index("ix_customer_accounts_status", "customer_accounts", ["status", "username"])
    op.create_table(
        "customer_attributes",
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_customer_attributes_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", "name", name=op.f("pk_customer_attributes")),
    )
    for table in ("preferences", "foreign_preferences"):
        op.create_table(
            table,
            sa.Column("name", sa.String(length=64), nullable=False),
            sa.Column("value", JsonText(), nullable=False),
            sa.PrimaryKeyConstraint("name", name=op.f(f"pk_{table}")),
        )
    op.create_table(
        "activity_log",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=50), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("user_id", BIGINT, nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_log")),
    )
    op.create_index("ix_activity_log_at", "activity_log", ["at"])
    op.create_index("ix_activity_log_kind", "activity_log", ["kind", "id"])
    # Whoever is a customer already gets an account.
    op.execute(
        "INSERT INTO customer_accounts (customer_id, username, status, kind, service_type, auto_renewal, photo,"
        " line_username, line_address)"
        " SELECT id, substr(coalesce(service_number, email, uid), 1, 64), 'Active', 'Personal', 'Others', true,"
        " '/user.default.jpg', '', '' FROM customers"
    )


def downgrade() -> None:
    for table in (
        "activity_log",
        "foreign_preferences",
        "preferences",
        "customer_attributes",
        "customer_accounts",
        "staff_profiles",
    ):
        op.drop_table(table)
    op.drop_column("logins", "tokens_valid_from")
