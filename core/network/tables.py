"""Where routers are kept, and what the lines behind them shall be. Addresses and credentials never leave core."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from core.platform.db import Key, UtcDateTime, metadata

routers = Table(
    "routers",
    metadata,
    Column("id", Key, primary_key=True),
    Column("alias", String(64), nullable=False, unique=True),
    Column("host", String(255), nullable=False),
    Column("port", Integer, nullable=False),
    Column("transport", String(16), nullable=False, default="tls"),  # `core.network.types.Transport`
    Column("ca_pem", Text),  # the certificate the router must show; without it a public authority vouches
    Column("username", String(64), nullable=False),
    Column("password_sealed", String(255), nullable=False),
    Column("is_active", Boolean, nullable=False),
)

#: What each switched line shall be, and how far its router has followed. A line without a row is left as it is.
line_states = Table(
    "line_states",
    metadata,
    Column("subscription_id", Key, ForeignKey("subscriptions.id", ondelete="CASCADE"), primary_key=True),
    Column("desired", String(8), nullable=False),  # `core.network.types.LineKind`
    Column("reason", String(64)),
    Column("revision", Integer, nullable=False),  # grows with every wish
    Column("wanted_at", UtcDateTime, nullable=False),
    Column("news", String(8)),  # `core.network.types.LineNews`: told once the router has followed
    Column("applied_revision", Integer, nullable=False),  # the last wish the router has confirmed; 0 for none
    Column("applied_at", UtcDateTime),
    # What was made where, so that it can be removed when the line moves.
    Column("applied_router_id", Key, ForeignKey("routers.id")),
    Column("applied_mode", String(8)),
    Column("applied_user", String(128)),
    Column("applied_secret", String(64)),  # fingerprint of the sealed secret that the router was given
    Column("attempts", Integer, nullable=False),  # tries since the last wish
    Column("last_error", String(300)),
    Column("refused_at", UtcDateTime),  # the router has said no for good: somebody has to look
    Index("ix_line_states_applied", "applied_router_id"),
)

#: One row per router and round: what was found to differ from what is wanted, and what became of it.
reconciliations = Table(
    "reconciliations",
    metadata,
    Column("id", Key, primary_key=True),
    Column("router_id", Key, ForeignKey("routers.id", ondelete="CASCADE"), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime, nullable=False),
    Column("outcome", String(12), nullable=False),  # `core.network.types.Reading`
    Column("lines", Integer, nullable=False),
    Column("as_wanted", Integer, nullable=False),
    Column("mended", Integer, nullable=False),  # jobs posted
    Column("waiting", Integer, nullable=False),  # with a job under way already
    Column("stuck", Integer, nullable=False),  # cannot be mended without somebody looking
    Column("detail", String(300)),
    Index("ix_reconciliations_router", "router_id", "started_at"),
    Index("ix_reconciliations_started", "started_at"),
)
