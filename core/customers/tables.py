"""Where customers are kept. A person's name, e-mail and phone stand here and nowhere else."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Float, ForeignKey, Index, String, Table, Text, func, text

from core.platform.db import Key, SmallKey, UtcDateTime, after_first_space, metadata

identity_types = Table(
    "identity_types",
    metadata,
    Column("id", SmallKey, primary_key=True),
    Column("name", String(64), nullable=False),
)

#: A person or business. Without a service number it is somebody who has registered but not subscribed yet.
customers = Table(
    "customers",
    metadata,
    Column("id", Key, primary_key=True),
    Column("uid", String(36), nullable=False, unique=True),
    Column("service_number", String(32), unique=True),
    Column("region_id", Key, ForeignKey("regions.id")),
    Column("name", String(255), nullable=False),
    Column("email", String(128)),
    Column("phone", String(20), index=True),  # E.164 digits without the plus
    # For a day after a change of phone, recovery codes still go to the number before, or nowhere (mywifi contract §9).
    Column("recovery_phone", String(20), index=True),
    Column("recovery_phone_until", UtcDateTime),
    Column("contact_address", String(255)),  # where the person lives; `address` is where the line ends
    Column("address", String(255)),
    Column("gender", String(6)),
    Column("image", String(255), nullable=False),
    Column("language", String(2)),
    Column("identity_type_id", SmallKey, ForeignKey("identity_types.id")),
    Column("identity_number_sealed", String(255)),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("registered_on", Date),
    Column("activated_on", Date),
    Column("email_verified_on", Date),
    Column("address_verified_on", Date),
    Column("identity_verified_on", Date),
    Column("created_at", UtcDateTime, nullable=False),
)
Index("uq_customers_email", func.lower(customers.c.email), unique=True)
# What the office's list of customers is sorted by.
Index("ix_customers_name", customers.c.name)
Index("ix_customers_last_name", after_first_space(customers.c.name))
Index("ix_customers_email", customers.c.email)
Index("ix_customers_created_at", customers.c.created_at)
_is_placed = customers.c.latitude.is_not(None)
Index("ix_customers_placed", customers.c.id, sqlite_where=_is_placed, postgresql_where=_is_placed)

#: A customer as prepaid clients know them; everybody has one (`core.customers.accounts`).
customer_accounts = Table(
    "customer_accounts",
    metadata,
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("username", String(64), nullable=False),
    Column("status", String(10), nullable=False),  # `core.customers.accounts.AccountStatus`
    Column("kind", String(8), nullable=False),  # Personal, Business
    Column("service_type", String(8), nullable=False),  # Hotspot, PPPoE, VPN, Others
    Column("auto_renewal", Boolean, nullable=False),
    Column("photo", String(128), nullable=False),
    Column("city", String(255)),
    Column("district", String(255)),
    Column("state", String(255)),
    Column("zip", String(10)),
    Column("line_username", String(64), nullable=False),  # overrides the user name on routers; empty for none
    Column("line_address", String(45), nullable=False),
    Column("line_secret_sealed", String(255)),  # what hotspot and RADIUS must show in clear (design §3.9)
    Column("created_by", Key),  # staff
    Column("last_login_at", UtcDateTime),
)
Index("uq_customer_accounts_username", func.lower(customer_accounts.c.username), unique=True)
Index("ix_customer_accounts_status", customer_accounts.c.status, customer_accounts.c.username)
Index("ix_customer_accounts_standing", customer_accounts.c.status, customer_accounts.c.customer_id)
Index("ix_customer_accounts_username", customer_accounts.c.username)
Index(
    "ix_customer_accounts_photo",
    customer_accounts.c.photo,
    sqlite_where=customer_accounts.c.photo != text("'/user.default.jpg'"),
    postgresql_where=customer_accounts.c.photo != text("'/user.default.jpg'"),
)
for _own in (customer_accounts.c.line_username, customer_accounts.c.line_address):
    Index(
        f"ix_customer_accounts_{_own.name}",
        _own,
        sqlite_where=_own != text("''"),
        postgresql_where=_own != text("''"),
    )

#: What customers are looked for in, kept by triggers of the database: each word in small letters after `^^`. SQLite keeps
#: a trigram index of it beside (FTS5), PostgreSQL a GIN index of `customer_grams(document)`.
customer_search = Table(
    "customer_search",
    metadata,
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("document", Text, nullable=False),
)

#: What clients keep of a customer by name (phpnuxbill-1 contract §5.3).
customer_attributes = Table(
    "customer_attributes",
    metadata,
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("value", String(255), nullable=False),
)

#: Chats that may act for a customer, beside the customer's own phone number; a revoked row also shuts that one out.
chat_links = Table(
    "chat_links",
    metadata,
    Column("id", Key, primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("address", String(64), nullable=False),
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
    Column("role", String(16), nullable=False),  # `core.customers.types.ChatRole`
    Column("linked_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("blocked_at", UtcDateTime),  # since when its channel refuses to bring anything there
    Index("ix_chat_links_chat", "channel", "address"),
    Index("ix_chat_links_customer_id", "customer_id"),
    Index("uq_chat_links_chat_customer", "channel", "address", "customer_id", unique=True),
)
