"""The foundation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.platform.db import JsonText, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", JsonText(), nullable=False),
        sa.Column("networks", JsonText(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
        sa.UniqueConstraint("name", name=op.f("uq_api_keys_name")),
    )
    op.create_table(
        "attempt_counters",
        sa.Column("bucket", sa.String(length=128), nullable=False),
        sa.Column("window_start", UtcDateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("locked_until", UtcDateTime(), nullable=True),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_attempt_counters")),
    )
    op.create_index(op.f("ix_attempt_counters_expires_at"), "attempt_counters", ["expires_at"], unique=False)
    op.create_table(
        "chats",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=True),
        sa.Column("dialogue", JsonText(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("touched_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chats")),
    )
    op.create_index("uq_chats_channel_address", "chats", ["channel", "address"], unique=True)
    op.create_table(
        "day_counters",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "day", name=op.f("pk_day_counters")),
    )
    op.create_table(
        "help_types",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_help_types")),
    )
    op.create_table(
        "identity_types",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_types")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("payload", JsonText(), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("ordering_key", sa.String(length=128), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index("ix_outbox_claim", "outbox", ["state", "priority", "due_at", "id"], unique=False)
    op.create_index("ix_outbox_ordering", "outbox", ["ordering_key", "state", "id"], unique=False)
    for column in ("expires_at", "settled_at"):
        is_set = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"ix_outbox_{column}", "outbox", ["state", column], sqlite_where=is_set, postgresql_where=is_set
        )
    op.create_table(
        "payment_channels",
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=64), nullable=False),
        sa.Column("prefix", sa.String(length=32), nullable=False),
        sa.Column("digits_only", sa.Boolean(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=True),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_payment_channels")),
    )
    op.create_table(
        "plan_categories",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_categories")),
    )
    op.create_table(
        "regions",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regions")),
    )
    op.create_table(
        "revoked_tokens",
        sa.Column("jti", sa.String(length=36), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=False),
        sa.Column("by_refresh", sa.Boolean(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("jti", name=op.f("pk_revoked_tokens")),
    )
    op.create_index(op.f("ix_revoked_tokens_expires_at"), "revoked_tokens", ["expires_at"], unique=False)
    op.create_table(
        "routers",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("alias", sa.String(length=64), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("transport", sa.String(length=16), nullable=False),
        sa.Column("ca_pem", sa.Text(), nullable=True),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("password_sealed", sa.String(length=255), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routers")),
        sa.UniqueConstraint("alias", name=op.f("uq_routers_alias")),
    )
    op.create_table(
        "schedules",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("done_until", UtcDateTime(), nullable=False),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_schedules")),
    )
    op.create_table(
        "service_number_counter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_number_counter")),
    )
    op.create_table(
        "customers",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("service_number", sa.String(length=32), nullable=True),
        sa.Column("region_id", BIGINT, nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=128), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("recovery_phone", sa.String(length=20), nullable=True),
        sa.Column("recovery_phone_until", UtcDateTime(), nullable=True),
        sa.Column("contact_address", sa.String(length=255), nullable=True),
        sa.Column("address", sa.String(length=255), nullable=True),
        sa.Column("gender", sa.String(length=6), nullable=True),
        sa.Column("image", sa.String(length=255), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=True),
        sa.Column("identity_type_id", sa.Integer(), nullable=True),
        sa.Column("identity_number_sealed", sa.String(length=255), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("registered_on", sa.Date(), nullable=True),
        sa.Column("activated_on", sa.Date(), nullable=True),
        sa.Column("email_verified_on", sa.Date(), nullable=True),
        sa.Column("address_verified_on", sa.Date(), nullable=True),
        sa.Column("identity_verified_on", sa.Date(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["identity_type_id"], ["identity_types.id"], name=op.f("fk_customers_identity_type_id")
        ),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_customers_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("service_number", name=op.f("uq_customers_service_number")),
        sa.UniqueConstraint("uid", name=op.f("uq_customers_uid")),
    )
    op.create_index(op.f("ix_customers_phone"), "customers", ["phone"], unique=False)
    op.create_index("uq_customers_email", "customers", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "help_solutions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("help_type_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("solution", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["help_type_id"], ["help_types.id"], name=op.f("fk_help_solutions_help_type_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_help_solutions")),
    )
    op.create_index(op.f("ix_help_solutions_help_type_id"), "help_solutions", ["help_type_id"], unique=False)
    op.create_table(
        "inbound_messages",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("message_id", sa.String(length=128), nullable=False),
        sa.Column("chat_id", BIGINT, nullable=False),
        sa.Column("replies", JsonText(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chat_id"], ["chats.id"], name=op.f("fk_inbound_messages_chat_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("channel", "message_id", name=op.f("pk_inbound_messages")),
    )
    op.create_index(
        op.f("ix_inbound_messages_received_at"), "inbound_messages", ["received_at"], unique=False
    )
    op.create_table(
        "outbox_attempts",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("outbox_id", BIGINT, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.String(length=300), nullable=True),
        sa.Column("provider_id", sa.String(length=128), nullable=True),
        sa.ForeignKeyConstraint(
            ["outbox_id"], ["outbox.id"], name=op.f("fk_outbox_attempts_outbox_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_attempts")),
    )
    op.create_index(op.f("ix_outbox_attempts_outbox_id"), "outbox_attempts", ["outbox_id"], unique=False)
    op.create_table(
        "plans",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("region_id", BIGINT, nullable=False),
        sa.Column("category_id", BIGINT, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("price", BIGINT, nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["category_id"], ["plan_categories.id"], name=op.f("fk_plans_category_id")),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_plans_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
    )
    op.create_index(op.f("ix_plans_region_id"), "plans", ["region_id"], unique=False)
    op.create_table(
        "chat_links",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("linked_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_chat_links_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_links")),
    )
    op.create_index("ix_chat_links_chat", "chat_links", ["channel", "address"], unique=False)
    op.create_index(
        "uq_chat_links_chat_customer", "chat_links", ["channel", "address", "customer_id"], unique=True
    )
    op.create_table(
        "invoices",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("amount", BIGINT, nullable=False),
        sa.Column("tax", BIGINT, nullable=False),
        sa.Column("discount", BIGINT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("isolate_on", sa.Date(), nullable=False),
        sa.Column("paid_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_invoices_amount_not_negative")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_invoices_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("number", name=op.f("uq_invoices_number")),
    )
    op.create_index(
        "ix_invoices_customer_period", "invoices", ["customer_id", "year", "month", "id"], unique=False
    )
    op.create_index("ix_invoices_unpaid", "invoices", ["status", "isolate_on"], unique=False)
    op.create_table(
        "ledger_entries",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("transaction", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("amount", BIGINT, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_ledger_entries_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("transaction", "account", name=op.f("uq_ledger_entries_transaction_account")),
    )
    op.create_index(op.f("ix_ledger_entries_customer_id"), "ledger_entries", ["customer_id"], unique=False)
    op.create_table(
        "logins",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("customer_id", BIGINT, nullable=True),
        sa.Column("username", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("token_version", sa.Integer(), nullable=False),
        sa.Column("spared_jti", sa.String(length=36), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_logins_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logins")),
        sa.UniqueConstraint("customer_id", name=op.f("uq_logins_customer_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_logins_uid")),
        sa.UniqueConstraint("username", name=op.f("uq_logins_username")),
    )
    op.create_index(op.f("ix_logins_phone"), "logins", ["phone"], unique=False)
    op.create_table(
        "otp_challenges",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("code_mac", sa.String(length=64), nullable=False),
        sa.Column("attempts_left", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=128), nullable=False),
        sa.Column("last_request_id", sa.String(length=128), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_otp_challenges_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_otp_challenges")),
        sa.UniqueConstraint("request_id", name=op.f("uq_otp_challenges_request_id")),
    )
    op.create_index(
        "ix_otp_challenges_customer", "otp_challenges", ["customer_id", "purpose", "state"], unique=False
    )
    op.create_index(op.f("ix_otp_challenges_expires_at"), "otp_challenges", ["expires_at"], unique=False)
    op.create_table(
        "subscriptions",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("plan_id", BIGINT, nullable=False),
        sa.Column("router_id", BIGINT, nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price", BIGINT, nullable=False),
        sa.Column("discount", BIGINT, nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("isolated_at", UtcDateTime(), nullable=True),
        sa.Column("mode", sa.String(length=8), nullable=True),
        sa.Column("line_user", sa.String(length=128), nullable=True),
        sa.Column("line_profile", sa.String(length=128), nullable=True),
        sa.Column("line_secret_sealed", sa.String(length=255), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_subscriptions_customer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_subscriptions_plan_id")),
        sa.ForeignKeyConstraint(["router_id"], ["routers.id"], name=op.f("fk_subscriptions_router_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
    )
    op.create_index(op.f("ix_subscriptions_customer_id"), "subscriptions", ["customer_id"], unique=False)
    op.create_table(
        "tickets",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("help_type_id", sa.Integer(), nullable=False),
        sa.Column("help_solution_id", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("request_id", sa.String(length=128), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_tickets_customer_id")),
        sa.ForeignKeyConstraint(
            ["help_solution_id"], ["help_solutions.id"], name=op.f("fk_tickets_help_solution_id")
        ),
        sa.ForeignKeyConstraint(["help_type_id"], ["help_types.id"], name=op.f("fk_tickets_help_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
        sa.UniqueConstraint("number", name=op.f("uq_tickets_number")),
        sa.UniqueConstraint("customer_id", "request_id", name=op.f("uq_tickets_customer_id_request_id")),
    )
    op.create_index("ix_tickets_customer", "tickets", ["customer_id", "opened_at"], unique=False)
    op.create_table(
        "invoice_lines",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("invoice_id", BIGINT, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("price", BIGINT, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("discount", BIGINT, nullable=False),
        sa.Column("total", BIGINT, nullable=False),
        sa.Column("remark", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_lines_invoice_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_lines")),
    )
    op.create_index(op.f("ix_invoice_lines_invoice_id"), "invoice_lines", ["invoice_id"], unique=False)
    op.create_table(
        "payments",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=128), nullable=False),
        sa.Column("invoice_id", BIGINT, nullable=False),
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("amount", BIGINT, nullable=False),
        sa.Column("paid_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_payments_customer_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_payments_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("source", "reference", name=op.f("uq_payments_source_reference")),
    )
    op.create_index(op.f("ix_payments_customer_id"), "payments", ["customer_id"], unique=False)
    op.create_index(op.f("ix_payments_invoice_id"), "payments", ["invoice_id"], unique=False)
    op.create_table(
        "ticket_events",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("ticket_id", BIGINT, nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_events_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_events")),
    )
    op.create_index(op.f("ix_ticket_events_ticket_id"), "ticket_events", ["ticket_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_ticket_events_ticket_id"), table_name="ticket_events")
    op.drop_table("ticket_events")
    op.drop_index(op.f("ix_payments_invoice_id"), table_name="payments")
    op.drop_index(op.f("ix_payments_customer_id"), table_name="payments")
    op.drop_table("payments")
    op.drop_index(op.f("ix_invoice_lines_invoice_id"), table_name="invoice_lines")
    op.drop_table("invoice_lines")
    op.drop_index("ix_tickets_customer", table_name="tickets")
    op.drop_table("tickets")
    op.drop_index(op.f("ix_subscriptions_customer_id"), table_name="subscriptions")
    op.drop_table("subscriptions")
    op.drop_index(op.f("ix_otp_challenges_expires_at"), table_name="otp_challenges")
    op.drop_index("ix_otp_challenges_customer", table_name="otp_challenges")
    op.drop_table("otp_challenges")
    op.drop_index(op.f("ix_logins_phone"), table_name="logins")
    op.drop_table("logins")
    op.drop_index(op.f("ix_ledger_entries_customer_id"), table_name="ledger_entries")
    op.drop_table("ledger_entries")
    op.drop_index("ix_invoices_unpaid", table_name="invoices")
    op.drop_index("ix_invoices_customer_period", table_name="invoices")
    op.drop_table("invoices")
    op.drop_index("uq_chat_links_chat_customer", table_name="chat_links")
    op.drop_index("ix_chat_links_chat", table_name="chat_links")
    op.drop_table("chat_links")
    op.drop_index(op.f("ix_plans_region_id"), table_name="plans")
    op.drop_table("plans")
    op.drop_index(op.f("ix_outbox_attempts_outbox_id"), table_name="outbox_attempts")
    op.drop_table("outbox_attempts")
    op.drop_index(op.f("ix_inbound_messages_received_at"), table_name="inbound_messages")
    op.drop_table("inbound_messages")
    op.drop_index(op.f("ix_help_solutions_help_type_id"), table_name="help_solutions")
    op.drop_table("help_solutions")
    op.drop_index("uq_customers_email", table_name="customers")
    op.drop_index(op.f("ix_customers_phone"), table_name="customers")
    op.drop_table("customers")
    op.drop_table("service_number_counter")
    op.drop_table("schedules")
    op.drop_table("routers")
    op.drop_index(op.f("ix_revoked_tokens_expires_at"), table_name="revoked_tokens")
    op.drop_table("revoked_tokens")
    op.drop_table("regions")
    op.drop_table("plan_categories")
    op.drop_table("payment_channels")
    op.drop_index("ix_outbox_settled_at", table_name="outbox")
    op.drop_index("ix_outbox_expires_at", table_name="outbox")
    op.drop_index("ix_outbox_ordering", table_name="outbox")
    op.drop_index("ix_outbox_claim", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("identity_types")
    op.drop_table("help_types")
    op.drop_table("day_counters")
    op.drop_index("uq_chats_channel_address", table_name="chats")
    op.drop_table("chats")
    op.drop_index(op.f("ix_attempt_counters_expires_at"), table_name="attempt_counters")
    op.drop_table("attempt_counters")
    op.drop_table("api_keys")
