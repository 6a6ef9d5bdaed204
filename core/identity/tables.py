"""Where credentials are kept: only hashes of them, never the thing itself (design §3.9)."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, func

from core.platform.db import JsonText, Key, UtcDateTime, metadata

#: One per customer or staff member. A customer's name, e-mail and phone stand in the customers table.
logins = Table(
    "logins",
    metadata,
    Column("id", Key, primary_key=True),
    Column("uid", String(36), nullable=False, unique=True),
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="CASCADE"), unique=True),
    Column("username", String(64), unique=True),  # staff
    Column("name", String(255)),  # staff
    Column("phone", String(20), index=True),  # staff
    Column("role", String(16), nullable=False),
    Column("password_hash", String(255)),
    Column("token_version", Integer, nullable=False),  # raised to make every older token worthless
    Column("spared_jti", String(36)),  # the one older token that stays good: it changed the password
    Column("is_active", Boolean, nullable=False),
    # Tokens without a version of their own, such as PHPNuxBill's, are good only when issued later.
    Column("tokens_valid_from", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
)

#: Chats of staff: which login speaks there, the code that was sent to its phone, and until when the chat is trusted.
staff_chats = Table(
    "staff_chats",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("address", String(64), primary_key=True),
    Column("login_id", Key, ForeignKey("logins.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("linked_at", UtcDateTime, nullable=False),
    Column("proved_until", UtcDateTime),
    Column("code_mac", String(64)),
    Column("code_expires_at", UtcDateTime),
    Column("tries_left", Integer, nullable=False),
    # What asked for the code, and what was the last try: the repeat of either changes nothing.
    Column("code_request_id", String(160)),
    Column("checked_request_id", String(160)),
)

#: What is known of staff beside their login (phpnuxbill-1 contract §6, tbl_users).
staff_profiles = Table(
    "staff_profiles",
    metadata,
    Column("login_id", Key, ForeignKey("logins.id", ondelete="CASCADE"), primary_key=True),
    Column("parent_id", Key, ForeignKey("logins.id", ondelete="SET NULL"), index=True),  # the agent above
    Column("photo", String(128), nullable=False),
    Column("email", String(128)),
    Column("city", String(64), nullable=False),
    Column("subdistrict", String(64), nullable=False),
    Column("ward", String(64), nullable=False),
    Column("notes", JsonText),  # a client's own
    Column("last_login_at", UtcDateTime),
    Column("session_hash", String(64)),  # of the newest token, where only one session is allowed
)
Index("ix_staff_profiles_email", func.lower(staff_profiles.c.email))

#: Tokens that were logged out or refreshed before they expired.
revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    Column("jti", String(36), primary_key=True),
    Column("revoked_at", UtcDateTime, nullable=False),
    Column("by_refresh", Boolean, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

#: A code that was sent, the tries it has left, and after its verification the grant to change one thing. It is a
#: customer's, sent to where their codes go, or it proves a phone, whoever holds it.
otp_challenges = Table(
    "otp_challenges",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="CASCADE")),
    Column("phone", String(20)),
    Column("purpose", String(16), nullable=False),  # `core.identity.codes.Purpose`
    Column("code_mac", String(64), nullable=False),
    Column("attempts_left", Integer, nullable=False),
    Column("state", String(10), nullable=False),  # live, granted, over
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("request_id", String(128), nullable=False, unique=True),
    Column(
        "last_request_id", String(128)
    ),  # of the try that left the row as it is: its repeat spends nothing
    Column("created_at", UtcDateTime, nullable=False),
)
Index(
    "ix_otp_challenges_customer",
    otp_challenges.c.customer_id,
    otp_challenges.c.purpose,
    otp_challenges.c.state,
)

Index("ix_otp_challenges_phone", otp_challenges.c.phone, otp_challenges.c.purpose, otp_challenges.c.state)

#: A code that lets one chat in, kept as its hash; good once, for a quarter of an hour.
chat_invites = Table(
    "chat_invites",
    metadata,
    Column("id", Key, primary_key=True),
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("role", String(16), nullable=False),  # `core.customers.types.ChatRole`
    Column("code_mac", String(64), nullable=False, unique=True),
    Column("used_by", String(128)),  # the request that used it: its repeat is no second use
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
)

#: Security counters (logins, codes, registrations, key misses): in the database, because memory forgets and lies.
attempt_counters = Table(
    "attempt_counters",
    metadata,
    Column("bucket", String(128), primary_key=True),  # what is counted; people in it are hashed
    Column("window_start", UtcDateTime, nullable=False),
    Column("count", Integer, nullable=False),
    Column("locked_until", UtcDateTime),
    Column("strikes", Integer, nullable=False),  # locks so far; each is longer than the one before
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("prefix", String(12), nullable=False),  # enough to recognise a key in a list
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("scopes", JsonText, nullable=False),
    Column("networks", JsonText, nullable=False),
    Column("rate", String(32)),  # what replaces the usual limit of calls, such as `600/minute`
    Column("is_active", Boolean, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
)
