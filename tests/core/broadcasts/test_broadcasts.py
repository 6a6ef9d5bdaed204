"""Broadcasts: everybody once, at a safe pace, nobody who said stop, and never twice whatever happens."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from core.audit.tables import audit_log
from core.broadcasts import fanout
from core.broadcasts.fanout import BroadcastSteps, BroadcastTexts
from core.broadcasts.holding import holder
from core.broadcasts.queries import members
from core.broadcasts.rules import done_by, next_opening
from core.broadcasts.tables import broadcast_recipients, broadcasts
from core.broadcasts.types import Audience, AudienceKind, Reach, State
from core.broadcasts.usecases import Broadcasts
from core.customers.tables import chat_links, customers
from core.identity.commands import create_staff
from core.identity.staff import StaffMember
from core.identity.types import Role
from core.messaging.consent import Consents
from core.messaging.delivery import TextDelivery
from core.messaging.kinds import Category
from core.messaging.notices import TEXT_TOPIC
from core.messaging.ports import Accepted, Misconfigured, OutgoingText, SendOutcome
from core.platform.dispatcher import Consumer, Dispatcher
from core.platform.errors import Conflict, Forbidden, Invalid, NotFound
from core.platform.outbox import outbox
from core.settings import Settings
from tests.core.conftest import Shop

JOHN, SITI, DEWI = 1, 2, 5
EVERYBODY = Audience(AudienceKind.ALL)
TEXT = "Halo {nama}, besok ada perawatan untuk {no_layanan}."


class Mouth:
    """A channel that remembers what it said to whom."""

    def __init__(self) -> None:
        self.sent: list[OutgoingText] = []
        self.held = False

    async def send(self, message: OutgoingText, *, idempotency_key: str) -> SendOutcome:
        if self.held:
            return Misconfigured("error 131048", holds_campaigns=True)
        self.sent.append(message)
        return Accepted(idempotency_key)

    async def aclose(self) -> None:
        return None


class Station:
    """The use cases and the workers of broadcasts on a shop, and what went out."""

    def __init__(self, shop: Shop, settings: Settings, boss: StaffMember) -> None:
        self.shop, self.boss, self.settings = shop, boss, settings
        self.broadcasts, self.mouth = Broadcasts(shop.uow, settings), Mouth()
        texts = TextDelivery(
            {"whatsapp": self.mouth, "telegram": self.mouth}, shop.uow, holder(shop.uow, settings)
        )
        self.worker = Dispatcher(
            shop.uow,
            shop.clock,
            {
                TEXT_TOPIC: Consumer(texts),
                fanout.STEP_TOPIC: Consumer(BroadcastSteps(shop.uow, settings)),
                fanout.TEXT_TOPIC: Consumer(BroadcastTexts(shop.uow, texts)),
            },
        )

    async def begun(self, audience: Audience = EVERYBODY, **more: Any) -> int:
        draft = await self.broadcasts.compose(self.boss, audience, TEXT, request_id="r-1", **more)
        await self.broadcasts.confirm(self.boss, draft.broadcast.id, count=draft.broadcast.expected)
        return draft.broadcast.id

    async def go_on(self, seconds: float) -> list[str]:
        """Let time pass in steps and work; returns whom that wrote to."""
        before = len(self.mouth.sent)
        await self.worker.drain()
        for _ in range(int(seconds)):
            self.shop.clock.move(timedelta(seconds=1))
            await self.worker.drain()
        return [message.to for message in self.mouth.sent[before:]]

    async def state(self, broadcast_id: int) -> State:
        return (await self.broadcasts.progress(self.boss, broadcast_id)).state


async def hired(shop: Shop, role: Role) -> StaffMember:
    async with shop.uow.write() as tx:
        key = await create_staff(
            tx, username=role, name=role.title(), phone="62811", role=role, password_hash=None
        )
    return StaffMember(key, role.title(), role, is_proved=True)


@pytest.fixture
async def station(shop: Shop, settings: Settings) -> Station:
    return Station(shop, settings, await hired(shop, Role.ADMIN))


async def grown(shop: Shop, count: int, phones: int | None = None) -> None:
    """As many more customers, on as many phones."""
    async with shop.uow.write() as tx:
        rows = [
            {
                "id": 1000 + number,
                "uid": f"many-{number}",
                "service_number": f"9{number:07}",
                "name": f"Warga {number}",
                "phone": f"62899{number % (phones or count):07}",
                "image": "x",
                "created_at": tx.now,
            }
            for number in range(count)
        ]
        await tx.execute(customers.insert(), rows)


async def test_one_person_with_two_lines_is_written_to_once(station: Station) -> None:
    reach = await station.broadcasts.reach(station.boss, EVERYBODY)
    assert reach == Reach(services=6, persons=4, stopped=0, unreachable=1)
    broadcast_id = await station.begun()
    written = await station.go_on(30)
    assert sorted(written) == ["6281200000001", "6281200000004", "6281200000005", "628123456789"]
    text = next(each.text for each in station.mouth.sent if each.to == "6281200000004")
    assert text.startswith("Halo Dewi Lestari, besok ada perawatan untuk 28900004.")
    assert "Balas *stop*" in text
    done = await station.broadcasts.progress(station.boss, broadcast_id)
    assert (done.state, done.queued, done.sent, done.stopped) == (State.DONE, 4, 4, 0)


@pytest.mark.parametrize(
    ("audience", "services"),
    [
        (Audience(AudienceKind.PLAN, 12), {"ISP00123", "28900001", "28900002"}),
        (Audience(AudienceKind.ROUTER, 2), {"28900003", "28900005"}),
        (Audience(AudienceKind.DUE), {"ISP00123", "28900001", "28900002", "28900005"}),
    ],
)
async def test_an_audience_is_whom_it_says(station: Station, audience: Audience, services: set[str]) -> None:
    reach = await station.broadcasts.reach(station.boss, audience)
    statement = members(audience, station.shop.clock.now().date())
    found = {row.service_number for row in await station.shop.all(statement)}
    assert found >= services - {"28900001"}
    assert reach.services == len(found)


async def test_a_region_is_its_customers(station: Station) -> None:
    (region, *_) = await station.broadcasts.named(station.boss, AudienceKind.REGION)
    rows = await station.shop.all(select(customers.c.id).where(customers.c.region_id == region.id))
    reach = await station.broadcasts.reach(station.boss, Audience(AudienceKind.REGION, region.id))
    assert reach.services == len(rows)
    with pytest.raises(NotFound, match="audience"):
        await station.broadcasts.reach(station.boss, Audience(AudienceKind.REGION, 9999))


async def test_whoever_stopped_for_one_line_is_left_out_and_on_record(station: Station) -> None:
    await Consents(station.shop.uow).stop([3], [Category.INFO], turn_id="t")  # Siti's second line
    assert (await station.broadcasts.reach(station.boss, EVERYBODY)).stopped == 2
    await station.begun()
    assert "6281200000001" not in await station.go_on(30)
    reasons = await station.shop.all(select(outbox.c.reason).where(outbox.c.state == "stopped"))
    assert [row.reason for row in reasons] == ["stopped by the customer: info"]


async def test_stop_counts_between_queueing_and_sending(station: Station) -> None:
    await station.begun()
    await station.worker._turn_over(1)  # the slice alone: its messages wait for their moments
    await asyncio.gather(*station.worker._running)
    await station.worker._turn_over(0)
    queued = await station.shop.one(
        select(func.count().label("n")).where(outbox.c.topic == fanout.TEXT_TOPIC)
    )
    assert queued.n == 4
    await Consents(station.shop.uow).stop([DEWI], [Category.INFO], turn_id="t")
    assert "6281200000004" not in await station.go_on(30)


async def test_the_pace_of_a_sender_is_kept_across_broadcasts(station: Station) -> None:
    await grown(station.shop, 30)
    await station.begun()
    second = await station.broadcasts.compose(station.boss, EVERYBODY, "Kedua", request_id="r-2")
    await station.broadcasts.confirm(station.boss, second.broadcast.id, count=34)
    assert len(await station.go_on(60)) in range(28, 34)  # 30 a minute, whoever asks
    await station.go_on(85)
    assert Counter(each.text[:6] for each in station.mouth.sent if each.to != "62811")["Kedua\n"] == 34


async def test_a_channel_is_the_one_used_last(station: Station, settings: Settings) -> None:
    with_bot = msgspec.structs.replace(settings, telegram_token="42:token-of-a-test")
    other = Station(station.shop, with_bot, station.boss)
    async with station.shop.uow.write() as tx:
        await tx.insert(
            chat_links,
            channel="telegram",
            address="777",
            customer_id=DEWI,
            role="owner",
            linked_at=tx.now,
        )
    await other.begun()
    written = await other.go_on(30)
    assert "777" in written
    assert "6281200000004" not in written


async def test_quiet_hours_are_quiet(station: Station) -> None:
    station.shop.clock.move_to(datetime.fromisoformat("2026-11-22T20:00:00+07:00"))
    broadcast_id = await station.begun()
    assert await station.go_on(5) == []
    station.shop.clock.move_to(datetime.fromisoformat("2026-11-23T07:59:59+07:00"))
    assert await station.go_on(0) == []
    station.shop.clock.move(timedelta(seconds=1))
    assert len(await station.go_on(20)) == 4
    assert await station.state(broadcast_id) is State.DONE


async def test_a_scheduled_broadcast_waits_for_its_time(station: Station) -> None:
    now = station.shop.clock.now()
    await station.begun(start_at=now + timedelta(hours=2))
    assert await station.go_on(5) == []
    station.shop.clock.move_to(now + timedelta(hours=2))
    assert len(await station.go_on(20)) == 4
    with pytest.raises(Invalid, match="start_in_past"):
        await station.broadcasts.compose(station.boss, EVERYBODY, TEXT, request_id="r-2", start_at=now)
    with pytest.raises(Invalid, match="start_in_past"):
        await station.broadcasts.compose(
            station.boss, EVERYBODY, TEXT, request_id="r-3", start_at=datetime.max.replace(tzinfo=UTC)
        )


async def test_it_can_be_paused_gone_on_with_and_cancelled(station: Station) -> None:
    await grown(station.shop, 60)
    broadcast_id = await station.begun()
    first = await station.go_on(20)
    await station.broadcasts.pause(station.boss, broadcast_id)
    leaving = await station.go_on(30)
    assert len(leaving) <= 6  # what had its moment in the next seconds already
    assert await station.go_on(60) == []
    await station.broadcasts.resume(station.boss, broadcast_id)
    second = await station.go_on(20)
    assert second
    await station.broadcasts.cancel(station.boss, broadcast_id)
    assert await station.go_on(60) == []
    written = first + leaving + second
    assert len(written) == len(set(written)) < 64
    with pytest.raises(Conflict, match="broadcast_over"):
        await station.broadcasts.resume(station.boss, broadcast_id)
    rows = await station.shop.all(
        select(audit_log.c.action).where(audit_log.c.action.like("broadcast_%")).order_by(audit_log.c.id)
    )
    assert [row.action for row in rows] == [
        "broadcast_confirmed",
        "broadcast_paused",
        "broadcast_resumed",
        "broadcast_cancelled",
    ]


async def test_progress_is_told_each_quarter_where_it_was_composed(station: Station) -> None:
    await grown(station.shop, 36)
    await station.begun(chat=("whatsapp", "62811"))
    await station.go_on(120)
    told = [each.text for each in station.mouth.sent if each.to == "62811"]
    assert [text.split()[2] for text in told] == ["25", "50", "75", "selesai:"] or len(told) == 4


async def test_the_count_must_be_typed_and_confirming_twice_sends_once(station: Station) -> None:
    draft = await station.broadcasts.compose(station.boss, EVERYBODY, TEXT, request_id="r-1")
    assert draft.sample == "Halo John Doe, besok ada perawatan untuk ISP00123."
    assert draft.done_by == station.shop.clock.now() + timedelta(seconds=8)
    again = await station.broadcasts.compose(station.boss, EVERYBODY, TEXT, request_id="r-1")
    assert again.broadcast.id == draft.broadcast.id
    with pytest.raises(Conflict, match="broadcast_count"):
        await station.broadcasts.confirm(station.boss, draft.broadcast.id, count=5)
    assert await station.go_on(5) == []
    for _ in range(2):
        await station.broadcasts.confirm(station.boss, draft.broadcast.id, count=4)
    assert len(await station.go_on(30)) == 4


@pytest.mark.parametrize("role", [Role.REPORT, Role.AGENT, Role.SALES])
async def test_not_every_role_may(station: Station, role: Role) -> None:
    clerk = await hired(station.shop, role)
    draft = await station.broadcasts.compose(station.boss, EVERYBODY, TEXT, request_id="r-1")
    attempts = (
        station.broadcasts.reach(clerk, EVERYBODY),
        station.broadcasts.compose(clerk, EVERYBODY, TEXT, request_id="r-2"),
        station.broadcasts.confirm(clerk, draft.broadcast.id, count=4),
        station.broadcasts.pause(clerk, draft.broadcast.id),
        station.broadcasts.cancel(clerk, draft.broadcast.id),
        station.broadcasts.progress(clerk, draft.broadcast.id),
        station.broadcasts.listed(clerk),
    )
    for attempt in attempts:
        with pytest.raises(Forbidden, match="broadcast"):
            await attempt


@pytest.mark.parametrize("body", ["", "Halo {telepon}", "Halo {nama", "x" * 2000, "a\x00b"])
async def test_a_text_that_cannot_work_is_refused(station: Station, body: str) -> None:
    with pytest.raises(Invalid, match="template_"):
        await station.broadcasts.compose(station.boss, EVERYBODY, body, request_id="r-1")


async def test_two_workers_write_to_nobody_twice(station: Station, settings: Settings) -> None:
    fast = msgspec.structs.replace(settings, broadcast_whatsapp_per_minute=60_000)
    await grown(station.shop, 200, phones=100)
    first, second = Station(station.shop, fast, station.boss), Station(station.shop, fast, station.boss)
    broadcast_id = await first.begun()
    for _ in range(60):
        await asyncio.gather(first.worker.drain(), second.worker.drain())
        station.shop.clock.move(timedelta(seconds=1))
        if await first.state(broadcast_id) is State.DONE:
            break
    await asyncio.gather(first.go_on(12), second.go_on(0))
    written = Counter(each.to for each in first.mouth.sent + second.mouth.sent)
    assert len(written) == 104
    assert set(written.values()) == {1}


_WORKER = """
import asyncio, sys
from datetime import timedelta
sys.path.insert(0, ".")
from core.broadcasts import fanout
from core.broadcasts.fanout import BroadcastSteps
from core.platform.clock import SystemClock
from core.platform.dispatcher import Consumer, Dispatcher
from core.platform.uow import open_uow
from core.settings import load

url, secret = sys.argv[1:]
settings = load({"LOKET_SECRET_KEY": secret, "LOKET_DATABASE_URL": url, "LOKET_QUIET_FROM_HOUR": "0",
    "LOKET_QUIET_UNTIL_HOUR": "0", "LOKET_BROADCAST_WHATSAPP_PER_MINUTE": "60000"})
uow = open_uow(url, SystemClock())
steps = BroadcastSteps(uow, settings)
asyncio.run(Dispatcher(uow, SystemClock(), {fanout.STEP_TOPIC: Consumer(steps)}, poll_s=0.01).run())
"""


@pytest.mark.slow
async def test_a_killed_worker_leaves_nobody_out_and_writes_to_nobody_twice(
    station: Station, settings: Settings
) -> None:
    """Killed wherever it stands, again and again: each slice is there as a whole, or not at all."""
    await grown(station.shop, 1100)
    broadcast_id = await station.begun()
    command = [sys.executable, "-c", _WORKER, settings.database_url, settings.secret_key]
    for _ in range(2):
        worker = await asyncio.create_subprocess_exec(*command)
        before = await _queued(station)
        async with asyncio.timeout(60):
            while await _queued(station) == before and worker.returncode is None:  # noqa: ASYNC110 - another process's work
                await asyncio.sleep(0.01)
        worker.kill()
        await worker.wait()
        await station.shop.change(outbox.update().values(leased_until=None))  # as time would
    fast = msgspec.structs.replace(
        settings, broadcast_whatsapp_per_minute=60_000, quiet_from_hour=0, quiet_until_hour=0
    )
    station.shop.clock.move(timedelta(days=400))  # past whatever the worker's own clock has set
    rest = Station(station.shop, fast, station.boss)
    for _ in range(30):
        await rest.worker.drain()
        station.shop.clock.move(timedelta(seconds=1))
    row = await station.shop.one(select(broadcasts).where(broadcasts.c.id == broadcast_id))
    assert (row.state, row.queued) == (State.DONE, 1104)
    jobs = await station.shop.one(select(func.count().label("n")).where(outbox.c.topic == fanout.TEXT_TOPIC))
    people = await station.shop.one(select(func.count().label("n")).select_from(broadcast_recipients))
    assert jobs.n == people.n == 1104
    written = Counter(each.to for each in rest.mouth.sent)
    assert set(written.values()) == {1}
    assert len(written) == 1104


async def _queued(station: Station) -> int:
    row = await station.shop.one(select(func.count().label("n")).select_from(broadcast_recipients))
    return int(row.n)


def at(hour: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-22T{hour}:00+07:00")


def test_quiet_hours_may_span_midnight_or_be_none(settings: Settings) -> None:
    assert next_opening(at("19:59"), settings) == at("19:59")
    assert next_opening(at("20:00"), settings) == at("08:00") + timedelta(days=1)
    assert next_opening(at("03:00"), settings) == at("08:00")
    noon = msgspec.structs.replace(settings, quiet_from_hour=12, quiet_until_hour=13)
    assert next_opening(at("12:30"), noon) == at("13:00")
    never = msgspec.structs.replace(settings, quiet_from_hour=9, quiet_until_hour=9)
    assert next_opening(at("09:30"), never) == at("09:30")


def test_the_end_is_told_with_the_nights_left_out(settings: Settings) -> None:
    assert done_by(at("10:00"), 30, settings) == at("10:01")
    assert done_by(at("19:00"), 60 * 30 + 30, settings) == at("08:01") + timedelta(days=1)
    never = msgspec.structs.replace(settings, quiet_from_hour=0, quiet_until_hour=0)
    assert done_by(at("19:00"), 90 * 30, never) == at("20:30")


async def test_what_nobody_confirms_is_forgotten_after_a_day(station: Station) -> None:
    begun = await station.begun()
    left = await station.broadcasts.compose(station.boss, EVERYBODY, "Nanti saja", request_id="r-2")
    station.shop.clock.move(timedelta(hours=24))
    assert await station.broadcasts.purge_drafts() == 0
    station.shop.clock.move(timedelta(minutes=1))
    assert await station.broadcasts.purge_drafts() == 1
    with pytest.raises(NotFound, match="broadcast"):
        await station.broadcasts.confirm(station.boss, left.broadcast.id, count=left.broadcast.expected)
    assert await station.state(begun) is State.RUNNING


async def test_a_held_account_pauses_what_runs_and_staff_hear_of_it_once(station: Station) -> None:
    await grown(station.shop, 20)
    broadcast_id = await station.begun()
    station.mouth.held = True
    assert await station.go_on(10) == []
    assert await station.state(broadcast_id) is State.PAUSED
    told = [
        each for each in await station.shop.queued(TEXT_TOPIC) if f"Siaran {broadcast_id} " in each["text"]
    ]
    assert len(told) == len({each["to"] for each in told}) > 0
    station.mouth.held = False
    await station.broadcasts.resume(station.boss, broadcast_id)
    written = await station.go_on(20)
    assert len(written) == len(set(written)) > 0
