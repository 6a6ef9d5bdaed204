"""Who could not be told at once how their line is, is told once: when the router shows itself, or that it did not."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.messaging.notices import TEXT_TOPIC
from core.monitoring.tables import incident_followers, incidents, line_sightings
from core.monitoring.types import IncidentKind
from core.monitoring.usecases import Monitoring
from core.network.types import Connection, ConnectionReport, Line, Uptime
from core.network.usecases import Network
from core.network.watching import RETRIES, WATCH_TOPIC, LineWatch, Watching
from core.platform.clock import ManualClock
from core.platform.dispatcher import Consumer, Dispatcher
from core.platform.errors import Unavailable
from core.settings import Settings
from core.subscriptions.tables import subscriptions
from tests.core.conftest import Shop

JOHN = 1


class Shy:
    """A router out of sight until it is not, with a line that is up or not; `hangs` keeps everybody waiting."""

    def __init__(self) -> None:
        self.is_dark, self.hangs, self.is_up = True, False, True

    async def look(self, line: Line, sections: frozenset[str]) -> ConnectionReport:
        if self.hangs:
            await asyncio.Event().wait()
        if self.is_dark:
            raise Unavailable("router")
        up = Connection(is_online=self.is_up, is_isolated=False, ip_address=None, uptime=Uptime("1h", 3600))
        return ConnectionReport(line, up, None, None)


@pytest.fixture
def router() -> Shy:
    return Shy()


@pytest.fixture
def worker(shop: Shop, router: Shy, settings: Settings, clock: ManualClock) -> Dispatcher:
    outages = Monitoring(shop.uow, settings)
    watch = LineWatch(shop.uow, Network(shop.uow, router), outages, settings)
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


async def outage_in_johns_box(shop: Shop, clock: ManualClock, *, sees_johns_line: bool = True) -> None:
    """Known since ten minutes; the last scan saw John's line down, or nothing of it."""
    await shop.change(subscriptions.update().where(subscriptions.c.customer_id == JOHN).values(odp="ODP-1"))
    since = clock.now() - timedelta(minutes=10)
    async with shop.uow.write() as tx:
        found = {"kind": IncidentKind.OUTAGE, "place": "odp:ODP-1", "label": "ODP-1", "region_id": 1}
        await tx.insert(incidents, **found, started_at=since, opened_at=since, down=7, total=8, worst=7)
        if sees_johns_line:
            state = {"is_online": False, "since": since, "session_key": "", "sampled_at": since}
            await tx.insert(line_sightings, subscription_id=1, **state, online_s=0, drops=0)


async def test_a_line_that_is_off_with_its_neighbours_is_told_of_the_outage(
    shop: Shop, router: Shy, worker: Dispatcher, clock: ManualClock
) -> None:
    await outage_in_johns_box(shop, clock, sees_johns_line=False)
    router.is_dark = router.is_up = False
    await asked(shop)
    await worker.drain()
    (text,) = await told(shop)
    assert "layanan ISP00123 terlihat terputus" in text
    assert "7 dari 8 pelanggan" in text
    assert "modem" not in text
    complaint = await shop.one(select(incident_followers))
    assert (complaint.customer_id, complaint.wants_news) == (JOHN, False)


async def test_a_line_that_is_off_alone_is_told_what_to_try(
    shop: Shop, router: Shy, worker: Dispatcher
) -> None:
    router.is_dark = router.is_up = False
    await asked(shop)
    await worker.drain()
    (text,) = await told(shop)
    assert "modem" in text


@pytest.mark.parametrize(("sees_johns_line", "words"), [(True, "7 dari 8 pelanggan"), (False, "10 menit")])
async def test_out_of_sight_an_outage_explains_only_what_it_was_seen_to_take(
    shop: Shop, worker: Dispatcher, clock: ManualClock, *, sees_johns_line: bool, words: str
) -> None:
    await outage_in_johns_box(shop, clock, sees_johns_line=sees_johns_line)
    await asked(shop)
    for _ in range(20):
        await worker.drain()
        clock.move(timedelta(minutes=1))
    (text,) = await told(shop)
    assert words in text


async def test_a_slow_router_keeps_nobody_waiting(shop: Shop, router: Shy) -> None:
    router.hangs = True
    network = Network(shop.uow, router)
    assert await network.report_within(0.01, JOHN, "ISP00123", frozenset({"connection"})) is None
