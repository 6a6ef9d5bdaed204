"""Customers are found by text, by line and by place, and listed in every order, without reading all of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INDEXES = (
    ("ix_customers_name", "customers", ["name"], None),
    ("ix_customers_email", "customers", ["email"], None),
    ("ix_customers_created_at", "customers", ["created_at"], None),
    ("ix_customers_placed", "customers", ["id"], "latitude IS NOT NULL"),
    ("ix_customer_accounts_standing", "customer_accounts", ["status", "customer_id"], None),
    ("ix_customer_accounts_username", "customer_accounts", ["username"], None),
    ("ix_customer_accounts_line_username", "customer_accounts", ["line_username"], "line_username <> ''"),
    ("ix_customer_accounts_line_address", "customer_accounts", ["line_address"], "line_address <> ''"),
)
_LOOKED_IN = (
    "{a}username || ' ' || {c}name || ' ' || coalesce({c}contact_address, '') || ' ' || coalesce({c}phone, '')"
    " || ' ' || coalesce({c}email, '')"
)
_FILL = (
    "INSERT INTO customer_search (customer_id, document) SELECT c.id, {document}"
    " FROM customers c JOIN customer_accounts a ON a.customer_id = c.id"
)


def _document(newline: str, *, a: str = "a.", c: str = "c.") -> str:
    """Each word in small letters after two marks: three letters of it also say where a word begins."""
    raw = _LOOKED_IN.format(a=a, c=c)
    return f"replace(' ' || lower(replace(replace({raw}, '^', ''), {newline}, ' ')), ' ', ' ^^')"


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for name, table, columns, where in _INDEXES:
        condition = sa.text(where) if where else None
        op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
    blank = "instr" if is_sqlite else "strpos"
    op.create_index("ix_customers_last_name", "customers", [sa.text(f"substr(name, {blank}(name, ' ') + 1)")])
    op.create_table(
        "customer_search",
        sa.Column("customer_id", BIGINT, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_customer_search_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_search")),
    )
    for statement in _on_sqlite() if is_sqlite else _on_postgres():
        op.execute(sa.text(statement.replace(":", r"\:")))


def _on_sqlite() -> tuple[str, ...]:
    document = _document("char(10)")
    kept = (
        "UPDATE customer_search SET document = (SELECT {document} FROM customers c"
        " JOIN customer_accounts a ON a.customer_id = c.id WHERE c.id = new.{key})"
        " WHERE customer_id = new.{key};"
    )
    index = "customer_search_index"
    gone = f"INSERT INTO {index} ({index}, rowid, document) VALUES ('delete', old.customer_id, old.document);"  # noqa: S608 - our own names
    come = f"INSERT INTO {index} (rowid, document) VALUES (new.customer_id, new.document);"  # noqa: S608 - our own names
    return (
        (
            f"CREATE VIRTUAL TABLE {index} USING fts5"
            "(document, content='customer_search', content_rowid='customer_id', tokenize='trigram')"
        ),
        f"CREATE TRIGGER customer_search_added AFTER INSERT ON customer_search BEGIN {come} END",
        f"CREATE TRIGGER customer_search_changed AFTER UPDATE ON customer_search BEGIN {gone} {come} END",
        f"CREATE TRIGGER customer_search_removed AFTER DELETE ON customer_search BEGIN {gone} END",
        _FILL.format(document=document),
        (
            "CREATE TRIGGER customer_accounts_searched AFTER INSERT ON customer_accounts BEGIN "
            f"{_FILL.format(document=document)} WHERE c.id = new.customer_id; END"
        ),
        (
            "CREATE TRIGGER customer_accounts_renamed AFTER UPDATE OF username ON customer_accounts BEGIN "
            f"{kept.format(document=document, key='customer_id')} END"
        ),
        (
            "CREATE TRIGGER customers_renamed AFTER UPDATE OF name, contact_address, phone, email ON customers BEGIN "
            f"{kept.format(document=document, key='id')} END"
        ),
    )


def _on_postgres() -> tuple[str, ...]:
    document = _document("chr(10)")
    fresh = f"{_FILL.format(document=document)} WHERE c.id = {{key}}"
    keep = "ON CONFLICT (customer_id) DO UPDATE SET document = excluded.document; RETURN NULL; END"
    return (
        (
            "CREATE FUNCTION customer_grams(text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$"
            " SELECT coalesce(array_agg(DISTINCT substr($1, i, 3)), '{}') FROM generate_series(1, length($1) - 2) i $$"
        ),
        _FILL.format(document=document),
        "CREATE INDEX ix_customer_search_grams ON customer_search USING gin (customer_grams(document))",
        (
            "CREATE FUNCTION customer_accounts_searched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"{fresh.format(key='NEW.customer_id')} {keep} $$"
        ),
        (
            "CREATE FUNCTION customers_searched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"{fresh.format(key='NEW.id')} {keep} $$"
        ),
        (
            "CREATE TRIGGER customer_accounts_searched AFTER INSERT OR UPDATE OF username ON customer_accounts"
            " FOR EACH ROW EXECUTE FUNCTION customer_accounts_searched()"
        ),
        (
            "CREATE TRIGGER customers_renamed AFTER UPDATE OF name, contact_address, phone, email ON customers"
            " FOR EACH ROW EXECUTE FUNCTION customers_searched()"
        ),
    )


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        for trigger in ("customers_renamed", "customer_accounts_renamed", "customer_accounts_searched"):
            op.execute(f"DROP TRIGGER {trigger}")
        op.execute("DROP TABLE customer_search_index")
    else:
        op.execute("DROP FUNCTION customers_searched, customer_accounts_searched CASCADE")
        op.execute("DROP FUNCTION customer_grams CASCADE")
    op.drop_table("customer_search")
    op.drop_index("ix_customers_last_name", table_name="customers")
    for name, table, _, _ in reversed(_INDEXES):
        op.drop_index(name, table_name=table)
