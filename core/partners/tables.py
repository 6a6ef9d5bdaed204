"""Where partners, their transactions and their deposits are kept; deposit entries are only ever added."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Time,
    UniqueConstraint,
)

from core.platform.db import Amount, JsonText, Key, SmallKey, UtcDateTime, metadata

partners = Table(
    "partners",
    metadata,
    Column("id", Key, primary_key=True),
    Column("code", String(64), nullable=False, unique=True),  # the claim `partnerId`
    Column("name", String(128), nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("balance", Amount, nullable=False),  # always what the deposit entries sum to
    Column("credit_limit", Amount, nullable=False),  # 0 for a deposit partner
    Column("masks_names", Boolean, nullable=False),
    Column("max_arrears", SmallKey, nullable=False),
    Column(
        "rejects_arrears", Boolean, nullable=False
    ),  # more unpaid bills than that: 301 instead of the oldest
    Column("callback_secret_sealed", String(255), nullable=False),
    Column("callback_secret_before_sealed", String(255)),  # signs too, while a rotation lasts
    Column("callback_hosts", JsonText, nullable=False),
    Column("callback_ports", JsonText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("balance + credit_limit >= 0", name="balance_is_covered"),
)

partner_keys = Table(
    "partner_keys",
    metadata,
    Column("id", Key, primary_key=True),
    Column("partner_id", Key, ForeignKey("partners.id"), nullable=False, index=True),
    Column("key", String(64), nullable=False, unique=True),  # a name, not a secret
    Column("environment", String(10), nullable=False),
    Column("secret_sealed", String(255), nullable=False),  # sealed, not hashed: HMAC needs it
    Column("scopes", JsonText, nullable=False),
    Column("networks", JsonText, nullable=False),
    Column("products", JsonText, nullable=False),  # codes; an empty list allows all
    Column("limits", JsonText, nullable=False),  # scope -> what replaces its usual rate
    Column("requires_fresh", Boolean, nullable=False),
    Column("requires_signature", Boolean, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("not_before", UtcDateTime),
    Column("expires_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
)

#: What must not come twice for a while: a token's `jti`, an `X-External-Id`.
partner_nonces = Table(
    "partner_nonces",
    metadata,
    Column("partner_id", Key, ForeignKey("partners.id"), primary_key=True),
    Column("nonce", String(96), primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

partner_products = Table(
    "partner_products",
    metadata,
    Column("id", Key, primary_key=True),
    Column("partner_id", Key, ForeignKey("partners.id"), nullable=False),
    Column("code", String(32), nullable=False),
    Column("name", String(128), nullable=False),
    Column("description", String(255), nullable=False),
    Column("logo", String(255), nullable=False),
    Column("biller", String(64), nullable=False),
    Column("category", String(64), nullable=False),
    Column("is_sandbox", Boolean, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("admin_fee", Amount, nullable=False),
    Column("admin_per", String(12), nullable=False),  # transaction, bill
    Column("processing_fee", Amount, nullable=False),
    Column("partner_fee", Amount, nullable=False),  # the partner's own share of a transaction
    Column("max_amount", Amount),
    Column("cut_off_from", Time),  # in the business's zone
    Column("cut_off_until", Time),
    UniqueConstraint("partner_id", "code"),
)

#: What an account owed when a partner asked. A transaction keeps its inquiry: together they are what was paid.
partner_inquiries = Table(
    "partner_inquiries",
    metadata,
    Column("id", Key, primary_key=True),
    Column("partner_id", Key, ForeignKey("partners.id"), nullable=False),
    Column("product_id", Key, ForeignKey("partner_products.id"), nullable=False),
    Column("customer_id", Key, ForeignKey("customers.id")),  # the sandbox has no customers
    Column("account_number", String(32), nullable=False),
    Column("customer_name", String(255), nullable=False),
    Column("bills", JsonText, nullable=False),  # oldest first: invoice, year, month, amount
    Column("admin", Amount, nullable=False),
    Column("processing_fee", Amount, nullable=False),
    Column("amount", Amount, nullable=False),
    Column("month", SmallKey),
    Column("is_used", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)

partner_transactions = Table(
    "partner_transactions",
    metadata,
    Column("id", Key, primary_key=True),
    Column("partner_id", Key, ForeignKey("partners.id"), nullable=False),
    Column("ref_number", String(64), nullable=False),
    Column("key_id", Key, ForeignKey("partner_keys.id"), nullable=False),
    Column("inquiry_id", Key, ForeignKey("partner_inquiries.id"), nullable=False, index=True),
    Column("fingerprint", String(64), nullable=False),
    Column("state", String(8), nullable=False),  # pending, suspect, success, failed
    Column("response", SmallKey, nullable=False),
    Column("token", String(20), unique=True),
    Column("buyer_email", String(128)),
    Column("public_buyer_id", String(64)),
    Column("accepted_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    UniqueConstraint("partner_id", "ref_number"),
    Index("ix_partner_transactions_day", "partner_id", "accepted_at", "id"),
    Index("ix_partner_transactions_state", "state", "accepted_at"),
)

#: Double entry, apart from the customers' ledger: the entries of one transaction sum to zero, debits are positive.
deposit_entries = Table(
    "deposit_entries",
    metadata,
    Column("id", Key, primary_key=True),
    Column("partner_id", Key, ForeignKey("partners.id"), nullable=False, index=True),
    Column("transaction", String(64), nullable=False),  # `top-up:demo`, `payment:7`, `success:7`, `return:7`
    Column("account", String(16), nullable=False),
    Column("amount", Amount, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("transaction", "account"),
)

callback_urls = Table(
    "callback_urls",
    metadata,
    Column("id", Key, primary_key=True),
    Column("partner_id", Key, ForeignKey("partners.id"), nullable=False),
    Column("url", String(500), nullable=False),
    Column("is_default", Boolean, nullable=False),  # used when a payment names none
    Column("disabled_at", UtcDateTime),
    UniqueConstraint("partner_id", "url"),
)

#: Who hears of a transaction's end; made at its acceptance, queued at its end. Tries are those of the outbox.
callback_deliveries = Table(
    "callback_deliveries",
    metadata,
    Column("id", Key, primary_key=True),
    Column("transaction_id", Key, ForeignKey("partner_transactions.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("url_id", Key, ForeignKey("callback_urls.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("transaction_id", "number"),
)
