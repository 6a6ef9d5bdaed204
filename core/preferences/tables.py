"""Where preferences are kept: only what differs from the default has a row."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from core.platform.db import JsonText, metadata

preferences = Table(
    "preferences",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", JsonText, nullable=False),
)

#: What no code of ours acts on but clients keep here and want back, word by word.
foreign_preferences = Table(
    "foreign_preferences",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", JsonText, nullable=False),
)
