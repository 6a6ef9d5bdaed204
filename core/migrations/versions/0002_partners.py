"""Bill partners: keys, products, inquiries, transactions, deposits, callbacks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.platform.db import JsonText, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "partners",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("balance", BIGINT, nullable=False),
        sa.Column("credit_limit", BIGINT, nullable=False),
        sa.Column("masks_names", sa.Boolean(), nullable=False),
        sa.Column("max_arrears", sa.Integer(), nullable=False),
        sa.Column("rejects_arrears", sa.Boolean(), nullable=False),
        sa.Column("callback_secret_sealed", sa.String(length=255), nullable=False),
        sa.Column("callback_secret_before_sealed", sa.String(length=255), nullable=True),
        sa.Column("callback_hosts", JsonText(), nullable=False),
        sa.Column("callback_ports", JsonText(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("balance + credit_limit >= 0", name=op.f("ck_partners_balance_is_covered")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners")),
        sa.UniqueConstraint("code", name=op.f("uq_partners_code")),
    )
    op.create_table(
        "callback_urls",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("partner_id", BIGINT, nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_callback_urls_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_urls")),
        sa.UniqueConstraint("partner_id", "url", name=op.f("uq_callback_urls_partner_id_url")),
    )
    op.create_table(
        "deposit_entries",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("partner_id", BIGINT, nullable=False),
        sa.Column("transaction", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=16), nullable=False),
        sa.Column("amount", BIGINT, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_deposit_entries_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_entries")),
        sa.UniqueConstraint("transaction", "account", name=op.f("uq_deposit_entries_transaction_account")),
    )
    op.create_index(op.f("ix_deposit_entries_partner_id"), "deposit_entries", ["partner_id"], unique=False)
    op.create_table(
        "partner_keys",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("partner_id", BIGINT, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("environment", sa.String(length=10), nullable=False),
        sa.Column("secret_sealed", sa.String(length=255), nullable=False),
        sa.Column("scopes", JsonText(), nullable=False),
        sa.Column("networks", JsonText(), nullable=False),
        sa.Column("products", JsonText(), nullable=False),
        sa.Column("limits", JsonText(), nullable=False),
        sa.Column("requires_fresh", sa.Boolean(), nullable=False),
        sa.Column("requires_signature", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_partner_keys_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_keys")),
        sa.UniqueConstraint("key", name=op.f("uq_partner_keys_key")),
    )
    op.create_index(op.f("ix_partner_keys_partner_id"), "partner_keys", ["partner_id"], unique=False)
    op.create_table(
        "partner_nonces",
        sa.Column("partner_id", BIGINT, nullable=False),
        sa.Column("nonce", sa.String(length=96), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_partner_nonces_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "nonce", name=op.f("pk_partner_nonces")),
    )
    op.create_index(op.f("ix_partner_nonces_expires_at"), "partner_nonces", ["expires_at"], unique=False)
    op.create_table(
        "partner_products",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("partner_id", BIGINT, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("logo", sa.String(length=255), nullable=False),
        sa.Column("biller", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("is_sandbox", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("admin_fee", BIGINT, nullable=False),
        sa.Column("admin_per", sa.String(length=12), nullable=False),
        sa.Column("processing_fee", BIGINT, nullable=False),
        sa.Column("partner_fee", BIGINT, nullable=False),
        sa.Column("max_amount", BIGINT, nullable=True),
        sa.Column("cut_off_from", sa.Time(), nullable=True),
        sa.Column("cut_off_until", sa.Time(), nullable=True),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_partner_products_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_products")),
        sa.UniqueConstraint("partner_id", "code", name=op.f("uq_partner_products_partner_id_code")),
    )
    op.create_table(
        "partner_inquiries",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("partner_id", BIGINT, nullable=False),
        sa.Column("product_id", BIGINT, nullable=False),
        sa.Column("customer_id", BIGINT, nullable=True),
        sa.Column("account_number", sa.String(length=32), nullable=False),
        sa.Column("customer_name", sa.String(length=255), nullable=False),
        sa.Column("bills", JsonText(), nullable=False),
        sa.Column("admin", BIGINT, nullable=False),
        sa.Column("processing_fee", BIGINT, nullable=False),
        sa.Column("amount", BIGINT, nullable=False),
        sa.Column("month", sa.Integer(), nullable=True),
        sa.Column("is_used", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_partner_inquiries_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.id"], name=op.f("fk_partner_inquiries_partner_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["partner_products.id"], name=op.f("fk_partner_inquiries_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_inquiries")),
    )
    op.create_index(
        op.f("ix_partner_inquiries_created_at"), "partner_inquiries", ["created_at"], unique=False
    )
    op.create_table(
        "partner_transactions",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("partner_id", BIGINT, nullable=False),
        sa.Column("ref_number", sa.String(length=64), nullable=False),
        sa.Column("key_id", BIGINT, nullable=False),
        sa.Column("inquiry_id", BIGINT, nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("response", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=20), nullable=True),
        sa.Column("buyer_email", sa.String(length=128), nullable=True),
        sa.Column("public_buyer_id", sa.String(length=64), nullable=True),
        sa.Column("accepted_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["inquiry_id"], ["partner_inquiries.id"], name=op.f("fk_partner_transactions_inquiry_id")
        ),
        sa.ForeignKeyConstraint(["key_id"], ["partner_keys.id"], name=op.f("fk_partner_transactions_key_id")),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.id"], name=op.f("fk_partner_transactions_partner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_transactions")),
        sa.UniqueConstraint(
            "partner_id", "ref_number", name=op.f("uq_partner_transactions_partner_id_ref_number")
        ),
        sa.UniqueConstraint("token", name=op.f("uq_partner_transactions_token")),
    )
    op.create_index(
        "ix_partner_transactions_day",
        "partner_transactions",
        ["partner_id", "accepted_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_partner_transactions_inquiry_id"), "partner_transactions", ["inquiry_id"], unique=False
    )
    op.create_index(
        "ix_partner_transactions_state", "partner_transactions", ["state", "accepted_at"], unique=False
    )
    op.create_table(
        "callback_deliveries",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("transaction_id", BIGINT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("url_id", BIGINT, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["partner_transactions.id"],
            name=op.f("fk_callback_deliveries_transaction_id"),
        ),
        sa.ForeignKeyConstraint(["url_id"], ["callback_urls.id"], name=op.f("fk_callback_deliveries_url_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_deliveries")),
        sa.UniqueConstraint(
            "transaction_id", "number", name=op.f("uq_callback_deliveries_transaction_id_number")
        ),
    )


def downgrade() -> None:
    op.drop_table("callback_deliveries")
    op.drop_index("ix_partner_transactions_state", table_name="partner_transactions")
    op.drop_index(op.f("ix_partner_transactions_inquiry_id"), table_name="partner_transactions")
    op.drop_index("ix_partner_transactions_day", table_name="partner_transactions")
    op.drop_table("partner_transactions")
    op.drop_index(op.f("ix_partner_inquiries_created_at"), table_name="partner_inquiries")
    op.drop_table("partner_inquiries")
    op.drop_table("partner_products")
    op.drop_index(op.f("ix_partner_nonces_expires_at"), table_name="partner_nonces")
    op.drop_table("partner_nonces")
    op.drop_index(op.f("ix_partner_keys_partner_id"), table_name="partner_keys")
    op.drop_table("partner_keys")
    op.drop_index(op.f("ix_deposit_entries_partner_id"), table_name="deposit_entries")
    op.drop_table("deposit_entries")
    op.drop_table("callback_urls")
    op.drop_table("partners")
