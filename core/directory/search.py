"""Looking for customers by what is written about them: wherever three letters or more stand, or a word begins with fewer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String, and_, column, false, func, literal, select, table, text
from sqlalchemy.dialects.postgresql import ARRAY

from core.customers.tables import customer_accounts, customer_search
from core.platform.db import by_dialect

#: A search is answered from at most this many finds, the newest customers first.
MOST_FINDS = 2_000
_MOST_WORDS = 6
_index = table("customer_search_index", column("rowid"))


def has_words(search: str) -> bool:
    """Whether there is anything to look for."""
    return bool(_pieces(search))


def is_found(search: str) -> ColumnElement[bool]:
    """Whether every word of a search stands somewhere in what a customer is looked for in."""
    pieces = _pieces(search)
    if not pieces:
        return false()
    own = customer_accounts.c.customer_id
    return by_dialect(own.in_(_in_sqlite(pieces)), own.in_(_in_postgres(pieces)))


def _pieces(search: str) -> list[str]:
    """The words as documents have them; a short one gets marks in front, so that it is three letters long too."""
    printable = "".join(each if each.isprintable() else " " for each in search.replace("^", " "))
    words = printable.lower().split()[:_MOST_WORDS]
    return [word if len(word) >= 3 else f"^^{word}"[-3:] for word in words]


def _in_sqlite(pieces: list[str]) -> Any:
    phrases = " AND ".join('"{}"'.format(piece.replace('"', '""')) for piece in pieces)
    matches = text("customer_search_index MATCH :phrases").bindparams(phrases=phrases)
    return select(_index.c.rowid).where(matches).order_by(_index.c.rowid.desc()).limit(MOST_FINDS)


def _in_postgres(pieces: list[str]) -> Any:
    document = customer_search.c.document
    grams = func.customer_grams(document, type_=ARRAY(String))
    found = (
        and_(
            grams.contains(func.customer_grams(literal(piece), type_=ARRAY(String))),
            document.contains(piece, autoescape=True),
        )
        for piece in pieces
    )
    ids = select(customer_search.c.customer_id).where(*found)
    return ids.order_by(customer_search.c.customer_id.desc()).limit(MOST_FINDS)
