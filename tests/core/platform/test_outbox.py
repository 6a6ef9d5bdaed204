"""The outbox: claimed once, tried until it works, parked with a reason, never lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.platform import outbox
from core.platform.clock import ManualClock
from core.platform.dispatcher import Consumer, Dispatcher
from core.platform.leases import turn_over
from core.platform.outbox import Done, Job, Outcome, Park, Retry, RetryPolicy, State
from core.platform.uow import UnitOfWork

LEASE = timedelta(seconds=60)


async def posted(uow: UnitOfWork, *keys: str, **options: object) -> None:
    async with uow.write() as tx:
        for key in keys:
            await outbox.post(tx, "demo", {"n": key}, key=key, **options)  # type: ignore[arg-type]


async def states(uow: UnitOfWork) -> dict[str, str]:
    async with uow.read() as tx:
        return {row.key: row.state for row in await tx.all(select(outbox.outbox))}


async def test_a_rolled_back_transaction_posts_nothing(uow: UnitOfWork) -> None:
    async def fail() -> None:
        async with uow.write() as tx:
            await outbox.post(tx, "demo", {}, key="lost")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await states(uow) == {}


async def test_the_same_key_is_queued_once(uow: UnitOfWork) -> None:
    async with uow.write() as tx:
        assert await outbox.post(tx, "demo", {}, key="one") is True
        assert await outbox.post(tx, "demo", {}, key="one") is False
    assert await states(uow) == {"one": State.PENDING}


async def test_simultaneous_claimers_never_share_a_job(uow: UnitOfWork) -> None:
    await posted(uow, *(f"job-{n}" for n in range(60)))
    batches = await asyncio.gather(*(turn_over(uow, [], ["demo"], limit=10, lease=LEASE) for _ in range(8)))
    claimed = [job.id for batch in batches for job in batch]
    assert len(claimed) == len(set(claimed)) == 60
    assert all(len(batch) <= 10 for batch in batches)


async def test_a_job_whose_worker_died_is_claimed_again_with_its_key(
    uow: UnitOfWork, clock: ManualClock
) -> None:
    await posted(uow, "job")
    first = await turn_over(uow, [], ["demo"], limit=1, lease=LEASE)
    assert await turn_over(uow, [], ["demo"], limit=1, lease=LEASE) == []
    clock.move(LEASE)
    again = await turn_over(uow, [], ["demo"], limit=1, lease=LEASE)
    assert [job.key for job in again] == [job.key for job in first]
    assert again[0].attempt == 2


async def test_one_recipients_jobs_wait_for_each_other(uow: UnitOfWork) -> None:
    await posted(uow, "first", "second", ordering_key="chat-1")
    await posted(uow, "other", ordering_key="chat-2")
    claimed = await turn_over(uow, [], ["demo"], limit=10, lease=LEASE)
    assert [job.key for job in claimed] == ["first", "other"]


async def test_urgent_jobs_overtake_bulk(uow: UnitOfWork) -> None:
    await posted(uow, "bulk", priority=outbox.Priority.BULK)
    await posted(uow, "code", priority=outbox.Priority.URGENT)
    claimed = await turn_over(uow, [], ["demo"], limit=1, lease=LEASE)
    assert [job.key for job in claimed] == ["code"]


class Peer:
    """A consumer that answers what a test told it to."""

    def __init__(self, *answers: Outcome) -> None:
        self.answers, self.seen = list(answers), list[Job]()

    async def __call__(self, job: Job) -> Outcome:
        self.seen.append(job)
        return self.answers.pop(0) if self.answers else Done()


def dispatcher(uow: UnitOfWork, clock: ManualClock, peer: Peer, **policy: float) -> Dispatcher:
    consumer = Consumer(peer, RetryPolicy(**policy))  # type: ignore[arg-type]
    return Dispatcher(uow, clock, {"demo": consumer}, chance=lambda: 0.5)


async def test_a_failed_try_is_repeated_with_the_same_key_after_a_growing_pause(
    uow: UnitOfWork, clock: ManualClock
) -> None:
    await posted(uow, "job")
    peer = Peer(Retry("peer down"), Retry("peer down"))
    worker = dispatcher(uow, clock, peer, first_s=10, factor=3)
    await worker.drain()
    clock.move(timedelta(seconds=9))
    assert await worker.drain() == 0
    clock.move(timedelta(seconds=1))
    await worker.drain()
    clock.move(timedelta(seconds=29))
    assert await worker.drain() == 0
    clock.move(timedelta(seconds=1))
    await worker.drain()
    assert [job.key for job in peer.seen] == ["job"] * 3
    assert await states(uow) == {"job": State.DONE}


async def test_after_the_last_try_a_job_is_parked_with_its_reason(
    uow: UnitOfWork, clock: ManualClock
) -> None:
    await posted(uow, "job")
    worker = dispatcher(uow, clock, Peer(Retry("http 500"), Retry("http 500")), limit=2, first_s=1)
    await worker.drain()
    clock.move(timedelta(minutes=1))
    await worker.drain()
    async with uow.read() as tx:
        (row,) = await outbox.listed(tx, state=State.PARKED)
    assert row.reason == "gave up after 2 tries: http 500"


async def test_a_parked_job_can_be_given_new_tries(uow: UnitOfWork, clock: ManualClock) -> None:
    await posted(uow, "job")
    peer = Peer(Park("no such number"))
    worker = dispatcher(uow, clock, peer)
    await worker.drain()
    assert await outbox.retry_parked(uow, peer.seen[0].id) is True
    await worker.drain()
    assert await states(uow) == {"job": State.DONE}
    assert await outbox.retry_parked(uow, peer.seen[0].id) is False


async def test_a_sensitive_payload_is_erased_when_its_job_ends(uow: UnitOfWork, clock: ManualClock) -> None:
    await posted(uow, "code", sensitive=True)
    peer = Peer(Retry("down"))
    worker = dispatcher(uow, clock, peer, first_s=1)
    await worker.drain()
    async with uow.read() as tx:
        assert await tx.scalar(select(outbox.outbox.c.payload)) == {"n": "code"}
    clock.move(timedelta(minutes=1))
    await worker.drain()
    async with uow.read() as tx:
        assert await tx.scalar(select(outbox.outbox.c.payload)) == {}


async def test_a_job_past_its_time_is_parked_and_never_sent(uow: UnitOfWork, clock: ManualClock) -> None:
    await posted(uow, "code", expires_after=timedelta(minutes=5), sensitive=True)
    clock.move(timedelta(minutes=5))
    peer = Peer()
    assert await dispatcher(uow, clock, peer).drain() == 0
    assert await outbox.expire(uow) == 1
    assert peer.seen == []
    assert await states(uow) == {"code": State.PARKED}


async def test_a_broken_consumer_does_not_stop_the_others(uow: UnitOfWork, clock: ManualClock) -> None:
    async def broken(_job: Job) -> Outcome:
        raise ZeroDivisionError

    await posted(uow, "bad")
    async with uow.write() as tx:
        await outbox.post(tx, "good", {}, key="good")
    peer = Peer()
    worker = Dispatcher(uow, clock, {"demo": Consumer(broken), "good": Consumer(peer)}, chance=lambda: 0.0)
    await worker.drain()
    assert await states(uow) == {"bad": State.PENDING, "good": State.DONE}


async def test_finished_jobs_are_purged_after_their_retention_and_parked_ones_kept(
    uow: UnitOfWork, clock: ManualClock
) -> None:
    await posted(uow, "done", "parked")
    await dispatcher(uow, clock, Peer(Done(), Park("why"))).drain()
    clock.move(timedelta(days=31))
    assert await outbox.purge(uow, older_than=timedelta(days=30)) == 1
    assert await states(uow) == {"parked": State.PARKED}
