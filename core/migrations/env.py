"""How Alembic runs the migrations: over the connection that `core.migrations.moves` hands in, inside its transaction."""

from __future__ import annotations

from alembic import context

from core.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    # SQLite cannot alter most things in place, so there tables are rebuilt.
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
context.run_migrations()
