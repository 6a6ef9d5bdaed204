"""The connection to the Bot API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telegram import Bot
from telegram.request import HTTPXRequest

#: Sends in the air at once; Telegram takes some thirty messages a second, so more would only queue there.
_CONNECTIONS = 32


@asynccontextmanager
async def client(token: str, api_url: str) -> AsyncIterator[Bot]:
    """A client that has yet to introduce itself (`initialize`); its connections are closed on leaving.

    The token is part of every URL, so URLs are never logged.
    """
    base = api_url.rstrip("/")
    calls = HTTPXRequest(_CONNECTIONS, connect_timeout=5, read_timeout=10, write_timeout=10, pool_timeout=10)
    polls = HTTPXRequest(1, connect_timeout=5, read_timeout=10)
    bot = Bot(
        token,
        base_url=f"{base}/bot",
        base_file_url=f"{base}/file/bot",
        request=calls,
        get_updates_request=polls,
    )
    try:
        yield bot
    finally:
        await calls.shutdown()
        await polls.shutdown()
