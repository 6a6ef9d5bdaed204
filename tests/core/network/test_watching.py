"""Who could not be told at once how their line is, is told once: when the router shows itself, or that it did not."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core.messaging.notices import TEXT_TOPIC
from core.network.types import Connection, ConnectionReport, Line, Uptime
from core.network.usecases import Network
from core.network.watching import RETRIES, WATCH_TOPIC, LineWatch, Watching
from core.platform.clock import ManualClock
from core.platform.dispatcher import Consumer, Dispatcher
from core.platform.errors import Unavailable
from core.settings import Settings
from tests.core.conftest import Shop

JOHN = 1


class Shy:
    """A router out of sight until it is not; `hangs` keeps everybody waiting."""

    def __init__(self) -> None:
        self.is_dark, self.hangs = True, False

    async def look(self, line: Line, sections: frozenset[str]) -> ConnectionReport:
        if self.hangs:
            await asyncio.Event().wait()
        if self.is_dark:
            raise Unavailable("router")
        up = Connection(is_online=True, is_isolated=False, ip_address=None, uptime=Uptime("1h", 3600))
        return ConnectionReport(line, up, None, None)


@pytest.fixture
def router() -> Shy:
    return Shy()


@pytest.fixture
def worker(shop: Shop, router: Shy, settings: Settings, clock: ManualClock) -> Dispatcher:
    watch = LineWatch(shop.uow, Network(shop.uow, router), settings)
    return Dispatcher(shop.uow, clock, {WATCH_TOPIC: Consumer(watch, RETRIES)}, chance=lambda: 0.5)


async def asked(shop: Shop) -> None:
    await Watching(shop.uow).watch(
        JOHN, "ISP00123", chat=("telegram", "42"), language="id", wants_usage=False
    )


async def told(shop: Shop) -> list[str]:
    return [f"{each['channel']} {each['to']}: {each['text']}" for each in await shop.queued(TEXT_TOPIC)]


async def test_the_result_follows_when_the_router_shows_itself(
    shop: Shop, router: Shy, worker: Dispatcher, clock: ManualClock
) -> None:
    await asked(shop)
    await asked(shop)
    await worker.drain()
    assert await told(shop) == []
    router.is_dark = False
    clock.move(timedelta(minutes=1))
    await worker.drain()
    await worker.drain()
    (text,) = await told(shop)
    assert text.startswith("telegram 42: ")
    assert "menyala" in text


async def test_after_ten_minutes_it_is_said_that_nothing_was_seen(
    shop: Shop, worker: Dispatcher, clock: ManualClock
) -> None:
    await asked(shop)
    for _ in range(20):
        await worker.drain()
        clock.move(timedelta(minutes=1))
    (text,) = await told(shop)
    assert "10 menit" in text


async def test_a_slow_router_keeps_nobody_waiting(shop: Shop, router: Shy) -> None:
    router.hangs = True
    network = Network(shop.uow, router)
    assert await network.report_within(0.01, JOHN, "ISP00123", frozenset({"connection"})) is None
