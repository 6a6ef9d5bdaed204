"""No more messages a second than Telegram likes (telegram contract §5)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

Sleep = Callable[[float], Awaitable[None]]
#: Telegram names some thirty; the rest is left to replies.
PER_SECOND = 25.0


class Pace:
    """Hands out moments at an even distance; whoever asks waits for the next one. `time` is a monotonic clock."""

    def __init__(
        self,
        per_second: float = PER_SECOND,
        *,
        time: Callable[[], float] | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._distance_s = 1 / per_second
        self._time, self._sleep = time or asyncio.get_running_loop().time, sleep
        self._next = 0.0

    async def wait(self) -> None:
        now = self._time()
        moment = max(now, self._next)
        self._next = moment + self._distance_s
        if moment > now:
            await self._sleep(moment - now)
