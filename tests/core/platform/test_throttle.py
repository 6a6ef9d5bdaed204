"""General throttles, in memory and in Redis."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.platform.errors import Throttled
from core.platform.limits import Throttle

REDIS_URL = os.environ.get("LOKET_TEST_REDIS_URL", "redis://127.0.0.1:6379/15")


@pytest.fixture(params=["", pytest.param(REDIS_URL, marks=pytest.mark.redis)], ids=["memory", "redis"])
async def throttle(request: pytest.FixtureRequest) -> AsyncIterator[Throttle]:
    if request.param:
        async with Redis.from_url(request.param) as redis:
            try:
                await redis.ping()
            except RedisError as error:
                pytest.skip(f"Redis does not answer: {type(error).__name__}")
    throttle = Throttle(enabled=True, redis_url=request.param)
    yield throttle
    await throttle.aclose()


async def test_what_is_used_up_is_refused_with_the_wait(throttle: Throttle) -> None:
    caller = uuid.uuid4().hex
    for _ in range(3):
        await throttle.hit("3/minute", "login", caller)
    with pytest.raises(Throttled) as refusal:
        await throttle.hit("3/minute", "login", caller)
    assert 1 <= refusal.value.retry_after_s <= 60


async def test_callers_and_limits_do_not_share_a_count(throttle: Throttle) -> None:
    caller = uuid.uuid4().hex
    await throttle.hit("1/minute", "login", caller)
    await throttle.hit("1/minute", "login", f"{caller}-2")
    await throttle.hit("1/minute", "read", caller)
    with pytest.raises(Throttled):
        await throttle.hit("1/minute", "read", caller)


async def test_a_throttle_that_is_off_counts_nothing() -> None:
    throttle = Throttle(enabled=False)
    for _ in range(5):
        await throttle.hit("1/minute", "anybody")


async def test_everybody_passes_while_redis_is_away() -> None:
    throttle = Throttle(enabled=True, redis_url="redis://127.0.0.1:1/0")
    for _ in range(3):
        await throttle.hit("1/minute", "anybody")
    await throttle.aclose()
