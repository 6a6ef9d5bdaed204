"""Where partners, their transactions and their deposits are kept; deposit entries are only ever added."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Time,
    UniqueConstraint,
    false,
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
    # answers a payment with its end when that comes at once, instead of 299
    Column("settles_at_once", Boolean, nullable=False, server_default=false()),
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
    Index("ix_partner_transactions_end", "partner_id", "settled_at"),
)

#: Double entry, apart from the customers' ledger: the entries of one transaction sum to zero, debits are positive.
deposit_entries = Table(
    "deposit_entries",
    metadata,
    Column("id", Key, primary_key=True),
    Column("partner_id", Key, ForeignKey("partners.id"), nullable=False, index=True),
    Column(
        "transaction", String(64), nullable=False
    ),  # `top-up:…`, `payment:7`, `success:7`, `return:7`, `reversal:7`
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

#: One row per try to deliver, for whoever asks why a callback did not arrive (bill-partner contract §8.5).
callback_attempts = Table(
    "callback_attempts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("delivery_id", Key, ForeignKey("callback_deliveries.id"), nullable=False, index=True),
    Column("started_at", UtcDateTime, nullable=False, index=True),
    Column("latency_ms", Integer, nullable=False),
    Column("status", Integer),  # nothing where nobody answered
    Column("said", String(1024), nullable=False),  # the beginning of the answer, or why there was none
)

#: Customers whose bills partners must not collect, with the kind that decides the answer.
partner_blocks = Table(
    "partner_blocks",
    metadata,
    Column("customer_id", Key, ForeignKey("customers.id"), primary_key=True),
    Column("kind", String(8), nullable=False),  # blocked, dispute
    Column("reason", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

#: Announced times without service; without a partner, for all of them.
partner_maintenance = Table(
    "partner_maintenance",
    metadata,
    Column("id", Key, primary_key=True),
    Column("partner_id", Key, ForeignKey("partners.id")),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False, index=True),
    Column("note", String(200), nullable=False),
)

#: A payment taken back by an operator; the payment itself stays what it was (bill-partner contract §7).
partner_reversals = Table(
    "partner_reversals",
    metadata,
    Column("id", Key, primary_key=True),
    Column("transaction_id", Key, ForeignKey("partner_transactions.id"), nullable=False, unique=True),
    Column("partner_id", Key, ForeignKey("partners.id"), nullable=False),
    Column("amount", Amount, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_partner_reversals_day", "partner_id", "created_at"),
)

#: A closed day: its file, never changed again, and what is to be paid for it (bill-partner contract §10).
partner_days = Table(
    "partner_days",
    metadata,
    Column("id", Key, primary_key=True),
    Column("partner_id", Key, ForeignKey("partners.id"), nullable=False),
    Column("date", Date, nullable=False),
    Column("content", LargeBinary, nullable=False),  # the CSV file, deflated
    Column("sha256", String(64), nullable=False),  # of the file itself
    Column("count", Integer, nullable=False),
    Column("amount", Amount, nullable=False),
    Column("partner_fee", Amount, nullable=False),
    Column("reversals", Amount, nullable=False),
    Column("closed_at", UtcDateTime, nullable=False),
    Column("paid_at", UtcDateTime),
    Column("paid_reference", String(64)),
    UniqueConstraint("partner_id", "date"),
)

#: What partners say a day was, as it was compared with what we say; only the differences are kept.
partner_statements = Table(
    "partner_statements",
    metadata,
    Column("id", Key, primary_key=True),
    Column("partner_id", Key, ForeignKey("partners.id"), nullable=False),
    Column("date", Date, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("brought_by", String(64), nullable=False),
    Column("matched", Integer, nullable=False),
    Column("differences", JsonText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("partner_id", "date", "sha256"),
)
