"""Where routers are kept. Their address and credentials never leave core."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, String, Table, Text

from core.platform.db import Key, metadata

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
