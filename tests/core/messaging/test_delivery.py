"""Queued texts through the real dispatcher and the real WhatsApp adapter, against a gateway on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import select

from core.adapters.whatsapp import GatewayConfig, WhatsAppGateway
from core.messaging.delivery import TextDelivery
from core.messaging.notices import TEXT_TOPIC, send_text
from core.messaging.ports import (
    Accepted,
    ChannelDown,
    Choice,
    Declined,
    Gone,
    Misconfigured,
    OutgoingText,
    Refused,
    SendOutcome,
)
from core.platform import outbox
from core.platform.clock import ManualClock
from core.platform.dispatcher import Consumer, Dispatcher
from core.platform.outbox import Done, Job, Outcome, Park, Priority, Retry, RetryPolicy, State
from core.platform.uow import UnitOfWork

PHONE = "6281200000001"
Answer = Callable[[], Awaitable[web.Response]]


def saying(body: object, status: int = 200, **headers: str) -> Answer:
    async def answer() -> web.Response:
        return web.json_response(body, status=status, headers=headers)

    return answer


async def hanging() -> web.Response:
    await asyncio.Event().wait()
    return web.Response()


class Gateway:
    """A gateway that answers from a list, then well, and keeps what it was sent."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.keys: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.keys.append(request.headers["Idempotency-Key"])
        self.bodies.append(json.loads(await request.text()))
        answer = self.answers.pop(0) if self.answers else saying({"status": True, "id": "wa-1"})
        return await answer()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    stand_in = Gateway()
    app = web.Application()
    app.router.add_post("/ext/s/wa", stand_in.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    stand_in.url = f"http://127.0.0.1:{runner.addresses[0][1]}/ext/s/wa"
    yield stand_in
    await runner.cleanup()


@pytest.fixture
async def worker(uow: UnitOfWork, clock: ManualClock, gateway: Gateway) -> AsyncIterator[Dispatcher]:
    config = GatewayConfig(method="post", url=gateway.url, secret="s", read_timeout_s=0.2)
    channel = WhatsAppGateway(config, now=clock.now)
    consumer = Consumer(TextDelivery({"whatsapp": channel}, uow), RetryPolicy(first_s=10, factor=2, limit=3))
    yield Dispatcher(uow, clock, {TEXT_TOPIC: consumer}, chance=lambda: 0.5)
    await channel.aclose()


async def queued(uow: UnitOfWork, key: str = "receipt-1", **options: Any) -> bool:
    async with uow.write() as tx:
        return await send_text(tx, to=PHONE, text=f"Halo {key}", key=key, **options)


async def job_of(uow: UnitOfWork, key: str = "receipt-1") -> Any:
    async with uow.read() as tx:
        return await tx.first(select(outbox.outbox).where(outbox.outbox.c.key == key))


async def test_a_text_arrives_with_its_key_and_choices(
    uow: UnitOfWork, gateway: Gateway, worker: Dispatcher
) -> None:
    assert await queued(uow, choices=[Choice("pay", "Bayar")]) is True
    assert await queued(uow) is False
    await worker.drain()
    assert gateway.keys == ["receipt-1"]
    (body,) = gateway.bodies
    assert body["to"] == PHONE
    assert "Halo receipt-1" in json.dumps(body)
    assert "Bayar" in json.dumps(body)
    async with uow.read() as tx:
        tried = await tx.first(select(outbox.attempts))
    assert tried is not None
    assert (tried.outcome, tried.provider_id) == ("done", "wa-1")


@pytest.mark.parametrize(
    "trouble",
    [
        saying({"message": "sedang rusak"}, status=500),
        saying({"status": False, "message": "session closed"}),
        hanging,
    ],
    ids=["http 500", "status false", "hangs"],
)
async def test_trouble_is_retried_with_the_same_key_then_parked_with_its_reason(
    uow: UnitOfWork, clock: ManualClock, gateway: Gateway, worker: Dispatcher, trouble: Answer
) -> None:
    gateway.answers = [trouble] * 3
    await queued(uow)
    for pause_s in (10, 20):
        assert await worker.drain() == 1
        clock.move(timedelta(seconds=pause_s))
    await worker.drain()
    assert gateway.keys == ["receipt-1"] * 3
    async with uow.read() as tx:
        (parked,) = await outbox.listed(tx, state=State.PARKED)
        tries = await tx.all(select(outbox.attempts.c.outcome))
    assert parked.reason.startswith("gave up after 3 tries: the gateway")
    assert [row.outcome for row in tries] == ["retry"] * 3
    assert PHONE not in parked.reason
    # A person looks, mends the gateway, and has it tried again: still the same key.
    assert await outbox.retry_parked(uow, parked.id) is True
    await worker.drain()
    assert gateway.keys == ["receipt-1"] * 4
    assert (await job_of(uow)).state == State.DONE


async def test_a_gateway_that_is_not_there_is_trouble_too(uow: UnitOfWork, clock: ManualClock) -> None:
    channel = WhatsAppGateway(
        GatewayConfig(method="post", url="http://127.0.0.1:1/ext/s/wa", secret="s"), now=clock.now
    )
    await queued(uow)
    await Dispatcher(uow, clock, {TEXT_TOPIC: Consumer(TextDelivery({"whatsapp": channel}, uow))}).drain()
    await channel.aclose()
    job = await job_of(uow)
    assert (job.state, job.reason) == (State.PENDING, "the gateway cannot be reached")


async def test_what_the_gateway_will_never_take_is_parked_at_once(
    uow: UnitOfWork, gateway: Gateway, worker: Dispatcher
) -> None:
    gateway.answers = [saying({"message": f"{PHONE} is no number"}, status=422)]
    await queued(uow)
    await worker.drain()
    job = await job_of(uow)
    assert (job.state, len(gateway.keys)) == (State.PARKED, 1)
    assert PHONE not in job.reason


async def test_a_gateway_that_asks_for_patience_is_given_it(
    uow: UnitOfWork, clock: ManualClock, gateway: Gateway, worker: Dispatcher
) -> None:
    gateway.answers = [saying({}, status=429, **{"Retry-After": "120"})]
    await queued(uow)
    await worker.drain()
    clock.move(timedelta(seconds=119))
    assert await worker.drain() == 0
    clock.move(timedelta(seconds=1))
    assert await worker.drain() == 1


async def test_a_code_is_erased_when_it_was_sent(
    uow: UnitOfWork, gateway: Gateway, worker: Dispatcher
) -> None:
    await queued(uow, "otp-1", priority=Priority.URGENT, sensitive=True)
    assert "Halo otp-1" in (await job_of(uow, "otp-1")).payload["text"]
    await worker.drain()
    assert (await job_of(uow, "otp-1")).payload == {}
    assert "Halo otp-1" in json.dumps(gateway.bodies)


async def test_a_code_is_erased_when_it_could_not_be_sent(
    uow: UnitOfWork, clock: ManualClock, gateway: Gateway, worker: Dispatcher
) -> None:
    gateway.answers = [saying({}, status=500)]
    await queued(uow, "otp-1", priority=Priority.URGENT, sensitive=True, expires_after=timedelta(minutes=5))
    await worker.drain()
    assert (await job_of(uow, "otp-1")).payload != {}
    clock.move(timedelta(minutes=5))
    assert await worker.drain() == 0
    assert await outbox.expire(uow) == 1
    job = await job_of(uow, "otp-1")
    assert (job.state, job.payload, job.reason) == (State.PARKED, {}, "expired before it could be sent")
    assert len(gateway.keys) == 1


async def test_one_recipients_texts_arrive_in_order_even_when_the_first_is_repeated(
    uow: UnitOfWork, clock: ManualClock, gateway: Gateway, worker: Dispatcher
) -> None:
    gateway.answers = [saying({}, status=500)]
    for key in ("first", "second", "third"):
        await queued(uow, key)
    await worker.drain()
    assert gateway.keys == ["first"]
    clock.move(timedelta(seconds=10))
    await worker.drain()
    assert gateway.keys == ["first", "first", "second", "third"]


async def test_a_code_does_not_wait_behind_a_notice(
    uow: UnitOfWork, gateway: Gateway, worker: Dispatcher
) -> None:
    gateway.answers = [saying({}, status=500), saying({"status": True})]
    await queued(uow, "notice")
    await worker.drain()
    await queued(uow, "otp-1", priority=Priority.URGENT)
    await queued(uow, "otp-2", priority=Priority.URGENT)
    assert await worker.drain() == 2
    assert set(gateway.keys[1:]) == {"otp-1", "otp-2"}


class Mouth:
    """A channel that says what it is told to."""

    def __init__(self, outcome: SendOutcome) -> None:
        self.outcome = outcome
        self.sent: list[tuple[OutgoingText, str]] = []

    async def send(self, message: OutgoingText, *, idempotency_key: str) -> SendOutcome:
        self.sent.append((message, idempotency_key))
        return self.outcome

    async def aclose(self) -> None:
        return None


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (Accepted("wa-1"), Done("wa-1")),
        (
            Accepted(None, certain=False),
            Done(None, "accepted, but the answer was unreadable"),
        ),
        (ChannelDown("down"), Retry("down")),
        (ChannelDown("busy", 30), Retry("busy", 30)),
        (Declined("no"), Retry("no", limit=3)),
        (Gone("blocked"), Park("blocked")),
        (Refused("never"), Park("never")),
        (Misconfigured("no address"), Park("no address")),
    ],
)
async def test_what_a_channel_says_decides_what_becomes_of_the_job(
    uow: UnitOfWork, clock: ManualClock, said: SendOutcome, meant: Outcome
) -> None:
    mouth = Mouth(said)
    extras = {"choices": [{"id": "a", "label": "A"}]}
    payload = {"channel": "whatsapp", "to": PHONE, "text": "[[wa]] stays words", "extras": extras}
    job = Job(1, TEXT_TOPIC, payload, "key-1", 1, clock.now())
    assert await TextDelivery({"whatsapp": mouth}, uow)(job) == meant
    message = OutgoingText(PHONE, "[[wa]] stays words", (Choice("a", "A"),), markup=False)
    assert mouth.sent == [(message, "key-1")]
