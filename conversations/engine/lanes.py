"""One turn at a time per chat within this process, first come first served, and no endless queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.platform.errors import Throttled

#: More messages of one chat waiting than this is a flood; the sender is told to come back.
MOST_WAITING = 100


class Lanes:
    """A lane per chat, there while somebody is in it."""

    def __init__(self, *, most_waiting: int = MOST_WAITING) -> None:
        self._most_waiting = most_waiting
        self._lanes: dict[tuple[str, str], _Lane] = {}

    @asynccontextmanager
    async def turn(self, channel: str, address: str) -> AsyncIterator[None]:
        """Wait for this chat's turn; raises `Throttled("chat_flooded")` when too many wait already."""
        lane = self._lanes.setdefault((channel, address), _Lane())
        if lane.inside >= self._most_waiting:
            raise Throttled(5, "chat_flooded")
        lane.inside += 1
        try:
            async with lane.lock:
                yield
        finally:
            lane.inside -= 1
            if not lane.inside:
                del self._lanes[channel, address]


class _Lane:
    """A fair lock and how many stand at it."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.inside = 0
