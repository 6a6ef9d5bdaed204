"""Where money is kept. Amounts are whole rupiah; ledger entries are only ever added."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    text,
)

from core.platform.db import Amount, Key, SmallKey, UtcDateTime, metadata

invoices = Table(
    "invoices",
    metadata,
    Column("id", Key, primary_key=True),
    Column("number", String(32), nullable=False, unique=True),
    Column("customer_id", Key, ForeignKey("customers.id"), nullable=False),
    Column("year", SmallKey, nullable=False),
    Column("month", SmallKey, nullable=False),
    Column("status", String(8), nullable=False),  # unpaid, paid
    Column("amount", Amount, nullable=False),  # sum of the lines + tax - discount
    Column("tax", Amount, nullable=False),
    Column("discount", Amount, nullable=False),
    # What was paid, credited or waived of the amount; `paid` when it is all of it.
    Column("settled", Amount, nullable=False, default=0),
    Column("due_on", Date, nullable=False),
    Column("isolate_on", Date, nullable=False),
    Column(
        "is_monthly", Boolean, nullable=False, default=False
    ),  # the month's bill: one a customer and month
    Column("reminder", Integer, nullable=False, default=0),  # the last of `core.billing.reminders.Stage` told
    Column("paid_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("amount >= 0", name="amount_not_negative"),
    Index("ix_invoices_customer_period", "customer_id", "year", "month", "id"),
    Index("ix_invoices_unpaid", "status", "isolate_on"),
)
_is_open = invoices.c.status == text("'unpaid'")
Index(
    "ix_invoices_reminder",
    invoices.c.reminder,
    invoices.c.due_on,
    sqlite_where=_is_open,
    postgresql_where=_is_open,
)
Index(
    "uq_invoices_monthly",
    invoices.c.customer_id,
    invoices.c.year,
    invoices.c.month,
    unique=True,
    sqlite_where=invoices.c.is_monthly,
    postgresql_where=invoices.c.is_monthly,
)

invoice_lines = Table(
    "invoice_lines",
    metadata,
    Column("id", Key, primary_key=True),
    Column("invoice_id", Key, ForeignKey("invoices.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(255), nullable=False),
    Column("category", String(64), nullable=False),
    Column("price", Amount, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("discount", Amount, nullable=False),
    Column("total", Amount, nullable=False),
    Column("remark", String(255), nullable=False),
)

#: Where a customer can pay: the code shown is a template filled with the service number.
payment_channels = Table(
    "payment_channels",
    metadata,
    Column("code", String(32), primary_key=True),  # the key in `payment_codes`
    Column("title", String(64), nullable=False),
    Column("prefix", String(32), nullable=False),
    Column("digits_only", Boolean, nullable=False),
    Column("length", Integer),  # pad or cut to this many characters after the prefix
    Column("is_enabled", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
)

LONGEST_REFERENCE = 128

#: One row per settled payment; (source, reference) makes a repeat harmless (design §3.1).
#: Without an invoice it was paid in advance and is the customer's credit.
payments = Table(
    "payments",
    metadata,
    Column("id", Key, primary_key=True),
    Column("source", String(64), nullable=False),  # who brought it, such as `key:3`
    Column("reference", String(LONGEST_REFERENCE), nullable=False),  # their name for it
    Column("invoice_id", Key, ForeignKey("invoices.id"), index=True),
    Column("customer_id", Key, ForeignKey("customers.id"), nullable=False, index=True),
    Column("amount", Amount, nullable=False),
    Column("paid_at", UtcDateTime, nullable=False),
    UniqueConstraint("source", "reference"),
)

#: Double entry: the entries of one transaction sum to zero. Debits are positive.
ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("id", Key, primary_key=True),
    Column("transaction", String(64), nullable=False),  # `invoice:17`, `payment:4`
    Column("account", String(64), nullable=False),
    Column("customer_id", Key, ForeignKey("customers.id"), nullable=False, index=True),
    Column("invoice_id", Key, ForeignKey("invoices.id")),  # the bill it is about, if it is about one
    Column("amount", Amount, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("transaction", "account"),
)
_is_credit = ledger_entries.c.account == text("'credit'")
Index(
    "ix_ledger_entries_credit",
    ledger_entries.c.customer_id,
    sqlite_where=_is_credit,
    postgresql_where=_is_credit,
)

#: Payments taken back, bills waived or reduced. A correction adds entries, it never changes one; `key` makes it happen once.
corrections = Table(
    "corrections",
    metadata,
    Column("id", Key, primary_key=True),
    Column("key", String(LONGEST_REFERENCE), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),  # `core.billing.corrections.Kind`
    Column("customer_id", Key, ForeignKey("customers.id"), nullable=False),
    Column("invoice_id", Key, ForeignKey("invoices.id"), index=True),
    Column("payment_id", Key, ForeignKey("payments.id"), unique=True),  # a payment is taken back once
    Column("amount", Amount, nullable=False),
    Column("reason", String(255), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

#: What is agreed with one customer about bills; without a row the settings decide.
billing_terms = Table(
    "billing_terms",
    metadata,
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("due_day", SmallKey),  # of the month; a short month ends earlier
    Column("isolates", Boolean, nullable=False, default=True),  # whether an unpaid bill closes the lines
)

#: What a customer is billed beside the plan: every month, or once. A discount has a negative price.
extra_charges = Table(
    "extra_charges",
    metadata,
    Column("id", Key, primary_key=True),
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(255), nullable=False),
    Column("category", String(64), nullable=False),
    Column("price", Amount, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("is_recurring", Boolean, nullable=False),
    Column("starts_on", Date, nullable=False),  # the first month's first day
    Column("ends_on", Date),  # the last day of the last month
    Column("invoice_id", Key, ForeignKey("invoices.id")),  # where one that is billed once was billed
)

#: Time that was asked for: until then an unpaid bill closes no line. Once a bill.
promises = Table(
    "promises",
    metadata,
    Column("invoice_id", Key, ForeignKey("invoices.id", ondelete="CASCADE"), primary_key=True),
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("until", Date, nullable=False),
    Column("isolate_on_before", Date, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

#: How far the recurring work of billing has come.
billing_progress = Table(
    "billing_progress",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("done_through", Date, nullable=False),
)
