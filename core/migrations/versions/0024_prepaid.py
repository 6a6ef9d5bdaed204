"""Packages that are paid first and end by themselves: plans with a validity, recharges, sales, vouchers, purchases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "plan_customers",
        sa.Column("plan_id", BIGINT, nullable=False),
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_plan_customers_customer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_plan_customers_plan_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", "customer_id", name=op.f("pk_plan_customers")),
    )
    op.create_table(
        "plan_links",
        sa.Column("plan_id", BIGINT, nullable=False),
        sa.Column("linked_plan_id", BIGINT, nullable=False),
        sa.ForeignKeyConstraint(
            ["linked_plan_id"], ["plans.id"], name=op.f("fk_plan_links_linked_plan_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_plan_links_plan_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", "linked_plan_id", name=op.f("pk_plan_links")),
    )
    op.create_table(
        "prepaid_plans",
        sa.Column("plan_id", BIGINT, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("validity", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=6), nullable=False),
        sa.Column("is_prepaid", sa.Boolean(), nullable=False),
        sa.Column("router_id", BIGINT, nullable=True),
        sa.Column("is_radius", sa.Boolean(), nullable=False),
        sa.Column("follow_up_plan_id", BIGINT, nullable=True),
        sa.Column("fixed_day", sa.Integer(), nullable=False),
        sa.Column("account_kind", sa.String(length=8), nullable=False),
        sa.Column("visibility", sa.String(length=8), nullable=False),
        sa.Column("old_price", BIGINT, nullable=True),
        sa.Column("reminds", sa.Boolean(), nullable=False),
        sa.Column("sends_receipt", sa.Boolean(), nullable=False),
        sa.Column("shared_users", sa.Integer(), nullable=True),
        sa.Column("limit_kind", sa.String(length=10), nullable=True),
        sa.Column("time_limit", sa.Integer(), nullable=True),
        sa.Column("time_unit", sa.String(length=4), nullable=True),
        sa.Column("data_limit", sa.Integer(), nullable=True),
        sa.Column("data_unit", sa.String(length=2), nullable=True),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("on_login", sa.Text(), nullable=True),
        sa.Column("on_logout", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["follow_up_plan_id"], ["plans.id"], name=op.f("fk_prepaid_plans_follow_up_plan_id")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_prepaid_plans_plan_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["router_id"], ["routers.id"], name=op.f("fk_prepaid_plans_router_id")),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_prepaid_plans")),
    )
    op.create_table(
        "purchases",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("key", sa.String(length=128), nullable=True),
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("gateway_reference", sa.String(length=512), nullable=False),
        sa.Column("plan_id", BIGINT, nullable=True),
        sa.Column("plan_name", sa.String(length=128), nullable=False),
        sa.Column("router_id", BIGINT, nullable=True),
        sa.Column("router", sa.String(length=64), nullable=False),
        sa.Column("price", BIGINT, nullable=False),
        sa.Column("url", sa.String(length=512), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("request", sa.Text(), nullable=True),
        sa.Column("response", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("invoice", sa.String(length=32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_purchases_customer_id")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_purchases_plan_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["router_id"], ["routers.id"], name=op.f("fk_purchases_router_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchases")),
        sa.UniqueConstraint("key", name=op.f("uq_purchases_key")),
    )
    op.create_index("ix_purchases_customer", "purchases", ["customer_id", "id"], unique=False)
    op.create_index("ix_purchases_status", "purchases", ["customer_id", "status"], unique=False)

    op.create_table(
        "vouchers",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("code", sa.String(length=55), nullable=False),
        sa.Column("plan_id", BIGINT, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("router_id", BIGINT, nullable=True),
        sa.Column("batch", sa.String(length=40), nullable=True),
        sa.Column("created_by", BIGINT, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_vouchers_plan_id")),
        sa.ForeignKeyConstraint(["router_id"], ["routers.id"], name=op.f("fk_vouchers_router_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vouchers")),
        sa.UniqueConstraint("code", name=op.f("uq_vouchers_code")),
    )
    op.create_index("ix_vouchers_created_by", "vouchers", ["created_by", "id"], unique=False)
    op.create_index("ix_vouchers_plan", "vouchers", ["plan_id", "used_at"], unique=False)

    op.create_table(
        "recharges",
        sa.Column("subscription_id", BIGINT, nullable=False),
        sa.Column("recharged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=255), nullable=False),
        sa.Column("staff_id", BIGINT, nullable=True),
        sa.Column("guest_code", sa.String(length=55), nullable=True),
        sa.Column("extended_in", sa.String(length=7), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_recharges_subscription_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscription_id", name=op.f("pk_recharges")),
        sa.UniqueConstraint("guest_code", name=op.f("uq_recharges_guest_code")),
    )
    op.create_table(
        "sales",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("is_guest", sa.Boolean(), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("plan_id", BIGINT, nullable=True),
        sa.Column("plan_name", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("price", BIGINT, nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=255), nullable=False),
        sa.Column("router", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=256), nullable=False),
        sa.Column("staff_id", BIGINT, nullable=True),
        sa.Column("sold_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subscription_id", BIGINT, nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_sales_customer_id")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_sales_plan_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_sales_subscription_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales")),
        sa.UniqueConstraint("key", name=op.f("uq_sales_key")),
    )
    op.create_index("ix_sales_customer", "sales", ["customer_id", "id"], unique=False)
    op.create_index("ix_sales_plan_id", "sales", ["plan_id"], unique=False)
    op.create_index("ix_sales_sold", "sales", ["sold_at", "id"], unique=False)
    op.create_index("ix_sales_subscription_id", "sales", ["subscription_id"], unique=False)

    op.add_column("subscriptions", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("subscriptions", sa.Column("line_plan_id", BIGINT, nullable=True))
    op.create_index(
        "ix_subscriptions_expiry",
        "subscriptions",
        ["status", "expires_at", "id"],
        unique=False,
        sqlite_where=sa.text("expires_at IS NOT NULL"),
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )


def downgrade() -> None:

    op.drop_index("ix_subscriptions_expiry", table_name="subscriptions")
    op.drop_column("subscriptions", "line_plan_id")
    op.drop_column("subscriptions", "expires_at")

    op.drop_index("ix_sales_subscription_id", table_name="sales")
    op.drop_index("ix_sales_sold", table_name="sales")
    op.drop_index("ix_sales_plan_id", table_name="sales")
    op.drop_index("ix_sales_customer", table_name="sales")

    op.drop_table("sales")
    op.drop_table("recharges")
    op.drop_index("ix_vouchers_plan", table_name="vouchers")
    op.drop_index("ix_vouchers_created_by", table_name="vouchers")

    op.drop_table("vouchers")
    op.drop_index("ix_purchases_status", table_name="purchases")
    op.drop_index("ix_purchases_customer", table_name="purchases")

    op.drop_table("purchases")
    op.drop_table("prepaid_plans")
    op.drop_table("plan_links")
    op.drop_table("plan_customers")
