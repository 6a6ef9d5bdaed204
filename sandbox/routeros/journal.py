"""What a router has been asked, for those who watch it."""

from __future__ import annotations

import asyncio
from collections import Counter, deque

from sandbox.routeros.wire import Request

_REMEMBERED = 20_000


class Journal:
    """The last requests in full, and how often each command came since the start."""

    def __init__(self) -> None:
        self.requests: deque[Request] = deque(maxlen=_REMEMBERED)
        self._counts: Counter[str] = Counter()
        self._news = asyncio.Event()

    def note(self, request: Request) -> None:
        self.requests.append(request)
        self._counts[request.command] += 1
        if not self._news.is_set():
            self._news.set()

    def count(self, command: str) -> int:
        return self._counts[command]

    async def holds(self, command: str, times: int) -> None:
        """Wait until the command has come so many times."""
        while self._counts[command] < times:
            self._news.clear()
            await self._news.wait()
