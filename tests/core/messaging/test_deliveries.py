"""News of messages of ours: whatever order it comes in, a state only rises, and the sending finds it."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.messaging import deliveries
from core.messaging.delivery import TextDelivery
from core.messaging.notices import TEXT_TOPIC, send_text
from core.messaging.ports import Accepted, ChannelDown, OutgoingText, SendOutcome
from core.messaging.received import DeliveryState, Receipt
from core.messaging.tables import message_deliveries
from core.platform.clock import ManualClock
from core.platform.dispatcher import Consumer, Dispatcher
from core.platform.outbox import outbox
from core.platform.uow import UnitOfWork

ID = "cloud:wamid.1"


class Phone:
    """A channel that says what it is told to say."""

    def __init__(self, *outcomes: SendOutcome) -> None:
        self.outcomes, self.keys = list(outcomes), list[str]()

    async def send(self, message: OutgoingText, *, idempotency_key: str) -> SendOutcome:
        self.keys.append(idempotency_key)
        return self.outcomes.pop(0)

    async def aclose(self) -> None:
        return None


async def told(uow: UnitOfWork, *states: DeliveryState, key: str | None = None) -> None:
    for state in states:
        async with uow.write() as tx:
            await deliveries.note(tx, Receipt(provider_id=ID, state=state, key=key))


async def queue(uow: UnitOfWork) -> int:
    async with uow.write() as tx:
        await send_text(tx, to="628123456789", text="Halo", key="notice-1")
        return int(await tx.scalar(select(outbox.c.id)))


@pytest.mark.parametrize("order", tuple(itertools.permutations(DeliveryState))[::3])
async def test_in_whatever_order_news_comes_the_furthest_state_stands(
    uow: UnitOfWork, order: tuple[DeliveryState, ...]
) -> None:
    await told(uow, *order, *order)
    async with uow.read() as tx:
        row = await tx.first(select(message_deliveries))
    assert row is not None
    assert row.state == DeliveryState.READ
    assert None not in {row.sent_at, row.failed_at, row.delivered_at, row.read_at}


async def test_each_state_is_dated_by_the_first_that_told_of_it(uow: UnitOfWork, clock: ManualClock) -> None:
    first = clock.now()
    await told(uow, DeliveryState.SENT)
    clock.move(timedelta(minutes=1))
    await told(uow, DeliveryState.SENT, DeliveryState.DELIVERED)
    async with uow.read() as tx:
        row = await tx.first(select(message_deliveries))
    assert row is not None
    assert (row.sent_at, row.delivered_at, row.updated_at) == (first, clock.now(), clock.now())


async def test_news_that_comes_before_the_sending_is_settled_is_found_afterwards(
    uow: UnitOfWork, clock: ManualClock
) -> None:
    job_id = await queue(uow)
    await told(uow, DeliveryState.DELIVERED)
    consumer = Consumer(TextDelivery({"whatsapp": Phone(Accepted(ID))}, uow))
    await Dispatcher(uow, clock, {TEXT_TOPIC: consumer}).drain()
    async with uow.read() as tx:
        known = await deliveries.of_jobs(tx, [job_id, 999])
    assert {job: delivery.state for job, delivery in known.items()} == {job_id: DeliveryState.DELIVERED}


async def test_a_message_whose_answer_was_lost_is_not_sent_again(uow: UnitOfWork, clock: ManualClock) -> None:
    await queue(uow)
    phone = Phone(ChannelDown("no answer"), Accepted("cloud:wamid.2"))
    dispatcher = Dispatcher(uow, clock, {TEXT_TOPIC: Consumer(TextDelivery({"whatsapp": phone}, uow))})
    await dispatcher.drain()
    await told(uow, DeliveryState.SENT, key="notice-1")
    clock.move(timedelta(hours=1))
    await dispatcher.drain()
    assert phone.keys == ["notice-1"]


async def test_a_message_that_failed_there_is_sent_again(uow: UnitOfWork, clock: ManualClock) -> None:
    await queue(uow)
    phone = Phone(ChannelDown("no answer"), Accepted("cloud:wamid.2"))
    dispatcher = Dispatcher(uow, clock, {TEXT_TOPIC: Consumer(TextDelivery({"whatsapp": phone}, uow))})
    await dispatcher.drain()
    await told(uow, DeliveryState.FAILED, key="notice-1")
    clock.move(timedelta(hours=1))
    await dispatcher.drain()
    assert phone.keys == ["notice-1", "notice-1"]


async def test_old_news_is_forgotten(uow: UnitOfWork, clock: ManualClock) -> None:
    await told(uow, DeliveryState.READ)
    clock.move(timedelta(days=31))
    assert await deliveries.purge(uow, older_than=timedelta(days=30)) == 1
    assert await deliveries.purge(uow, older_than=timedelta(days=30)) == 0
