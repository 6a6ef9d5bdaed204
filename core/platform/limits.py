"""General throttles: in memory for one process, in Redis for several. Security counters live in the database instead."""

from __future__ import annotations

import math
import time
from functools import cache
from typing import TYPE_CHECKING

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from msgspec import Struct
from msgspec.structs import replace

from core.platform.errors import Throttled

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

log = structlog.get_logger(__name__)


class Allowance(Struct, frozen=True):
    """A limit as its callers may know it: so many calls in so many seconds, what is left of them, and until when."""

    calls: int
    seconds: int
    left: int
    resets_s: int = 0


def allowance(limit: str) -> Allowance:
    """A limit such as `60/minute` that nothing was used of; raises `ValueError` when it is not one."""
    item = _item(limit)
    return Allowance(item.amount, item.get_expiry(), item.amount)


class Throttle:
    """Counts hits in a moving window per key; switched off, it lets everything pass (`LOKET_THROTTLE=off`)."""

    def __init__(self, *, enabled: bool, redis_url: str = "") -> None:
        self._enabled, self._pool = enabled, _redis_pool(redis_url) if redis_url else None
        self._limiter = MovingWindowRateLimiter(
            MemoryStorage()
            if self._pool is None
            else RedisStorage(
                f"async+{redis_url}",
                implementation="redispy",
                connection_pool=self._pool,  # type: ignore[arg-type] # a documented option its annotation forgets
                wrap_exceptions=True,
            )
        )

    async def hit(self, limit: str, *key: str) -> None:
        """Count one use of `key` against a limit such as `60/minute`; raises `Throttled` when it is used up.

        A throttle is for fairness: while Redis is away everybody passes.
        """
        if not self._enabled:
            return
        try:
            wait_s = await self._wait_after_hit(_item(limit), key)
        except StorageError as error:
            log.warning("throttle_storage_unavailable", error=type(error.__cause__).__name__)
            return
        if wait_s:
            raise Throttled(wait_s)

    async def count(self, limit: str, *key: str) -> Allowance:
        """`hit`, for callers who are told what they have left."""
        whole = allowance(limit)
        await self.hit(limit, *key)
        if not self._enabled:
            return whole
        try:
            resets_at, left = await self._limiter.get_window_stats(_item(limit), *key)
        except StorageError:
            return whole
        return replace(whole, left=max(left, 0), resets_s=max(0, math.ceil(resets_at - time.time())))

    async def _wait_after_hit(self, item: RateLimitItem, key: tuple[str, ...]) -> int:
        """Whole seconds until the next hit can succeed; 0 when this one did."""
        if await self._limiter.hit(item, *key):
            return 0
        resets_at, _ = await self._limiter.get_window_stats(item, *key)
        return max(1, math.ceil(resets_at - time.time()))  # the library counts by the machine's clock

    async def aclose(self) -> None:
        """Let go of the connections to Redis."""
        if self._pool is not None:
            await self._pool.aclose()


def _redis_pool(url: str) -> ConnectionPool:
    from redis.asyncio import ConnectionPool  # noqa: PLC0415 - an optional package, for installations with a Redis
    from redis.asyncio.retry import Retry  # noqa: PLC0415
    from redis.backoff import NoBackoff  # noqa: PLC0415

    # No request waits for a Redis that is away.
    return ConnectionPool.from_url(
        url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=0.5, socket_timeout=0.5
    )


@cache
def _item(limit: str) -> RateLimitItem:
    return parse(limit)
