"""Where what is seen of lines is kept: how each stands, its samples, and every scan."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table

from core.platform.db import Amount, Key, UtcDateTime, metadata

#: One row per line: its state, and what has gathered since its last sample. Written when something changes.
line_sightings = Table(
    "line_sightings",
    metadata,
    Column("subscription_id", Key, ForeignKey("subscriptions.id", ondelete="CASCADE"), primary_key=True),
    Column("is_online", Boolean, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("session_key", String(64), nullable=False),
    Column("sampled_at", UtcDateTime, nullable=False),
    Column("upload", Amount),  # the session's counters at the last sample; 63 bits, beyond that not known
    Column("download", Amount),
    Column("online_s", Integer, nullable=False),
    Column("drops", Integer, nullable=False),
)

#: A line's history, in stretches of `step` minutes: 5 for two days, 60 for a month, 1440 (days of the business) for a year.
#: A stretch in which its router was not seen has no row.
line_samples = Table(
    "line_samples",
    metadata,
    Column("subscription_id", Key, ForeignKey("subscriptions.id", ondelete="CASCADE"), primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column(
        "starts", Integer, primary_key=True, autoincrement=False
    ),  # minutes since 1970, UTC: a third of a time's size
    Column("seen_s", Integer, nullable=False),
    Column("online_s", Integer, nullable=False),
    Column("drops", Integer, nullable=False),
    Column("upload", Amount, nullable=False),
    Column("download", Amount, nullable=False),
    Index("ix_line_samples_starts", "step", "starts"),
    sqlite_with_rowid=False,
)

#: Until where samples of a step have been added up, in minutes since 1970.
sample_rollups = Table(
    "sample_rollups",
    metadata,
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("done_until", Integer, nullable=False),
)

#: Every scan of every router, failed ones included, for two days.
router_scans = Table(
    "router_scans",
    metadata,
    Column("router_id", Key, ForeignKey("routers.id", ondelete="CASCADE"), primary_key=True),
    Column("started_at", UtcDateTime, primary_key=True),
    Column("outcome", String(8), nullable=False),  # `core.monitoring.types.Scanned`
    Column("took_ms", Integer, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("online", Integer, nullable=False),
    Column("detail", String(300)),
    Index("ix_router_scans_outcome", "router_id", "outcome", "started_at"),
    Index("ix_router_scans_started_at", "started_at"),
)

#: What has gone wrong with the network, for as long as it is so and afterwards.
incidents = Table(
    "incidents",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", String(8), nullable=False),  # `core.monitoring.types.IncidentKind`
    Column(
        "place", String(80), nullable=False
    ),  # `core.monitoring.detection.Place`; a router for one out of sight
    Column("label", String(128), nullable=False),  # the place as staff know it
    Column("region_id", Key, ForeignKey("regions.id", ondelete="SET NULL")),
    Column("started_at", UtcDateTime, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("down", Integer, nullable=False),  # lines that are off now, of `total` that should be on
    Column("total", Integer, nullable=False),
    Column("worst", Integer, nullable=False),
    Column("recovering_since", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Index("ix_incidents_opened_at", "opened_at"),
)
Index(
    "uq_incidents_open",
    incidents.c.kind,
    incidents.c.place,
    unique=True,
    sqlite_where=incidents.c.closed_at.is_(None),
    postgresql_where=incidents.c.closed_at.is_(None),
)

#: The lines an outage has taken.
incident_lines = Table(
    "incident_lines",
    metadata,
    Column("incident_id", Key, ForeignKey("incidents.id", ondelete="CASCADE"), primary_key=True),
    Column("subscription_id", Key, ForeignKey("subscriptions.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_incident_lines_subscription_id", "subscription_id"),
    sqlite_with_rowid=False,
)

#: Customers who have complained of an outage; who wants to hear of its end is told once.
incident_followers = Table(
    "incident_followers",
    metadata,
    Column("incident_id", Key, ForeignKey("incidents.id", ondelete="CASCADE"), primary_key=True),
    Column("customer_id", Key, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("complained_at", UtcDateTime, nullable=False),
    Column("wants_news", Boolean, nullable=False),
    Column("told_at", UtcDateTime),
    Index("ix_incident_followers_customer_id", "customer_id"),
    sqlite_with_rowid=False,
)
Index(
    "ix_incident_followers_waiting",
    incident_followers.c.incident_id,
    sqlite_where=incident_followers.c.wants_news & incident_followers.c.told_at.is_(None),
    postgresql_where=incident_followers.c.wants_news & incident_followers.c.told_at.is_(None),
)
