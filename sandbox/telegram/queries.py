"""Taps on inline buttons that wait for the bot to acknowledge them."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from sandbox.telegram.errors import bad_request

#: After this the button stops turning and an answer comes too late.
LIFETIME = timedelta(seconds=60)
MAX_QUERIES = 200
_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


class Query(Struct, frozen=True):
    id: str
    chat_id: int
    message_id: int
    at: datetime


class Queries:
    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._queries: dict[str, Query] = {}

    def open(self, chat_id: int, message_id: int) -> Query:
        query = Query(str(uuid.uuid4().int >> 64), chat_id, message_id, self._clock())
        self._queries[query.id] = query
        while len(self._queries) > MAX_QUERIES:
            del self._queries[next(iter(self._queries))]
        return query

    def answer(self, query_id: str) -> Query:
        """Take the query off the list; raises Telegram's refusal when it is unknown, answered or too old."""
        query = self._queries.pop(query_id, None)
        if query is None or self._clock() - query.at > LIFETIME:
            raise bad_request(_TOO_OLD)
        return query
