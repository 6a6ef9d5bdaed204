"""The outbox where it gets difficult: late workers, talkative peers, many at once, real processes dying."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from core.bootstrap import Bell
from core.platform import outbox
from core.platform.clock import ManualClock
from core.platform.dispatcher import Consumer, Dispatcher
from core.platform.leases import Try, turn_over
from core.platform.outbox import Done, Job, Outcome, Park, Retry, RetryPolicy, State
from core.platform.uow import UnitOfWork, open_uow

LEASE = timedelta(seconds=60)
POLICY = RetryPolicy(first_s=10, limit=3)


async def posted(uow: UnitOfWork, *keys: str, **options: object) -> None:
    async with uow.write() as tx:
        for key in keys:
            await outbox.post(tx, "demo", {"n": key}, key=key, **options)  # type: ignore[arg-type]


async def claimed(uow: UnitOfWork, limit: int = 10) -> list[Job]:
    return await turn_over(uow, [], ["demo"], limit=limit, lease=LEASE)


async def ended(uow: UnitOfWork, job: Job, outcome: Outcome) -> None:
    async with uow.read() as tx:
        now = tx.now
    await turn_over(uow, [Try(job, outcome, now, POLICY, 0.5)], [], limit=0, lease=LEASE)


async def states(uow: UnitOfWork) -> dict[str, str]:
    async with uow.read() as tx:
        return {row.key: row.state for row in await tx.all(select(outbox.outbox))}


async def test_a_late_failure_does_not_undo_a_newer_success(uow: UnitOfWork, clock: ManualClock) -> None:
    await posted(uow, "job")
    (late,) = await claimed(uow)
    clock.move(LEASE)
    (newer,) = await claimed(uow)
    await ended(uow, newer, Done())
    await ended(uow, late, Retry("too late"))
    assert await states(uow) == {"job": State.DONE}


async def test_a_late_failure_does_not_take_the_lease_of_a_newer_try(
    uow: UnitOfWork, clock: ManualClock
) -> None:
    await posted(uow, "job")
    (late,) = await claimed(uow)
    clock.move(LEASE)
    await claimed(uow)
    await ended(uow, late, Park("too late"))
    assert await states(uow) == {"job": State.PENDING}
    assert await claimed(uow) == []


async def test_a_late_success_still_counts(uow: UnitOfWork, clock: ManualClock) -> None:
    await posted(uow, "job")
    (late,) = await claimed(uow)
    clock.move(LEASE)
    (newer,) = await claimed(uow)
    await ended(uow, late, Done("sent after all"))
    await ended(uow, newer, Retry("down"))
    assert await states(uow) == {"job": State.DONE}


async def test_a_batch_of_mixed_ends_is_settled_each_its_own_way(uow: UnitOfWork, clock: ManualClock) -> None:
    await posted(uow, "done", "again", "parked", sensitive=True)
    jobs = {job.key: job for job in await claimed(uow)}
    outcomes: dict[str, Outcome] = {"done": Done("id-1"), "again": Retry("down"), "parked": Park("why")}
    tries = [Try(jobs[key], end, clock.now(), POLICY, 0.5) for key, end in outcomes.items()]
    await turn_over(uow, tries, [], limit=0, lease=LEASE)
    async with uow.read() as tx:
        rows = {row.key: row for row in await tx.all(select(outbox.outbox))}
        told = await tx.all(select(outbox.attempts).order_by(outbox.attempts.c.outbox_id))
    assert {key: row.state for key, row in rows.items()} == {
        "done": State.DONE,
        "again": State.PENDING,
        "parked": State.PARKED,
    }
    assert {key: row.payload for key, row in rows.items()} == {
        "done": {},
        "again": {"n": "again"},
        "parked": {},
    }
    assert rows["again"].due_at == clock.now() + timedelta(seconds=10)
    assert rows["parked"].reason == "why"
    assert [(row.outcome, row.detail, row.provider_id) for row in told] == [
        ("done", None, "id-1"),
        ("retry", "down", None),
        ("park", "why", None),
    ]


async def test_what_a_talkative_peer_says_cannot_undo_the_settlement(uow: UnitOfWork) -> None:
    await posted(uow, "a", "b", "c")
    first, second, third = await claimed(uow)
    await ended(uow, first, Done("i" * 500, "nul \0 and half \ud83d"))
    await ended(uow, second, Park("r" * 5000))
    await ended(uow, third, Retry("r\0" * 5000))
    assert await states(uow) == {"a": State.DONE, "b": State.PARKED, "c": State.PENDING}


async def test_a_reason_may_lower_the_number_of_tries(uow: UnitOfWork) -> None:
    await posted(uow, "job")
    (job,) = await claimed(uow)
    await ended(uow, job, Retry("declined", limit=1))
    assert await states(uow) == {"job": State.PARKED}


async def test_a_peer_that_asks_for_patience_gets_it(uow: UnitOfWork, clock: ManualClock) -> None:
    await posted(uow, "job")
    (job,) = await claimed(uow)
    await ended(uow, job, Retry("busy", after_s=300))
    clock.move(timedelta(seconds=299))
    assert await claimed(uow) == []
    clock.move(timedelta(seconds=1))
    assert len(await claimed(uow)) == 1


async def test_a_recipients_next_job_does_not_wait_for_one_that_is_too_late(
    uow: UnitOfWork, clock: ManualClock
) -> None:
    await posted(uow, "late", ordering_key="chat", expires_after=timedelta(minutes=5))
    await posted(uow, "next", ordering_key="chat")
    clock.move(timedelta(minutes=5))
    assert [job.key for job in await claimed(uow)] == ["next"]


async def test_a_recipients_next_job_waits_for_one_that_is_being_sent_late(
    uow: UnitOfWork, clock: ManualClock
) -> None:
    await posted(uow, "slow", ordering_key="chat", expires_after=timedelta(seconds=30))
    await posted(uow, "next", ordering_key="chat")
    assert [job.key for job in await claimed(uow)] == ["slow"]
    clock.move(timedelta(seconds=31))
    assert await claimed(uow) == []
    assert await outbox.expire(uow) == 0


async def test_an_expired_job_that_is_retried_by_hand_goes_out(uow: UnitOfWork, clock: ManualClock) -> None:
    await posted(uow, "late", expires_after=timedelta(minutes=5))
    clock.move(timedelta(minutes=5))
    assert await outbox.expire(uow) == 1
    async with uow.read() as tx:
        job_id = await tx.scalar(select(outbox.outbox.c.id))
    assert await outbox.retry_parked(uow, job_id) is True
    assert [job.key for job in await claimed(uow)] == ["late"]


async def test_an_erased_job_cannot_be_retried(uow: UnitOfWork) -> None:
    await posted(uow, "code", sensitive=True)
    (job,) = await claimed(uow)
    await ended(uow, job, Park("why"))
    assert await outbox.retry_parked(uow, job.id) is False


async def test_a_delayed_job_waits(uow: UnitOfWork, clock: ManualClock) -> None:
    await posted(uow, "later", delay=timedelta(minutes=1))
    assert await claimed(uow) == []
    clock.move(timedelta(minutes=1))
    assert len(await claimed(uow)) == 1


async def test_purge_takes_any_number_in_batches(uow: UnitOfWork, clock: ManualClock) -> None:
    await posted(uow, *(f"job-{number}" for number in range(25)))
    for job in await claimed(uow, 25):
        await ended(uow, job, Done())
    clock.move(timedelta(days=1, seconds=1))
    assert await outbox.purge(uow, older_than=timedelta(days=1), batch=10) == 25
    async with uow.read() as tx:
        assert await tx.all(select(outbox.attempts)) == []


async def test_a_running_dispatcher_is_woken_by_the_commit(database_url: str, clock: ManualClock) -> None:
    sent = asyncio.Queue[str]()

    async def send(job: Job) -> Outcome:
        await sent.put(job.key)
        return Done()

    bell = Bell()
    uow = open_uow(database_url, clock, nudge=bell.ring)
    worker = Dispatcher(uow, clock, {"demo": Consumer(send)}, poll_s=60)
    bell.wake(worker.nudge)
    working = asyncio.create_task(worker.run())
    await asyncio.sleep(0.05)
    for key in ("first", "second"):
        await posted(uow, key)
        assert await asyncio.wait_for(sent.get(), 10) == key  # long before the poll
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert await states(uow) == {"first": State.DONE, "second": State.DONE}
    await uow.aclose()


async def test_a_shutdown_lets_tries_under_way_end(uow: UnitOfWork, clock: ManualClock) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()

    async def send(_job: Job) -> Outcome:
        begun.set()
        await gate.wait()
        return Done()

    await posted(uow, "job")
    working = asyncio.create_task(Dispatcher(uow, clock, {"demo": Consumer(send)}).run())
    await begun.wait()
    working.cancel()
    await asyncio.sleep(0.01)
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert await states(uow) == {"job": State.DONE}


async def test_a_try_past_its_deadline_is_repeated(uow: UnitOfWork, clock: ManualClock) -> None:
    async def hang(_job: Job) -> Outcome:
        await asyncio.Event().wait()
        return Done()

    await posted(uow, "job")
    await Dispatcher(uow, clock, {"demo": Consumer(hang, POLICY, deadline_s=0.01)}).drain()
    async with uow.read() as tx:
        row = await tx.first(select(outbox.outbox))
    assert row is not None
    assert (row.state, row.reason) == (State.PENDING, "no answer in time")


async def test_two_dispatchers_share_the_work_and_repeat_none(uow: UnitOfWork, clock: ManualClock) -> None:
    sent: list[str] = []

    async def send(job: Job) -> Outcome:
        await asyncio.sleep(0)
        sent.append(job.key)
        return Done()

    await posted(uow, *(f"job-{number}" for number in range(100)))
    pair = [Dispatcher(uow, clock, {"demo": Consumer(send)}, concurrency=16) for _ in range(2)]
    await asyncio.gather(*(each.drain() for each in pair))
    assert len(sent) == len(set(sent)) == 100


async def test_topics_nobody_consumes_stay_queued(uow: UnitOfWork, clock: ManualClock) -> None:
    async def send(_job: Job) -> Outcome:
        return Done()

    await posted(uow, "job")
    assert await Dispatcher(uow, clock, {"other": Consumer(send)}).drain() == 0
    assert await states(uow) == {"job": State.PENDING}


@settings(max_examples=80)
@given(
    attempt=st.integers(1, 10_000),
    chance=st.floats(0, 1, exclude_max=True),
    asked_s=st.none() | st.floats(0, 1e300),
)
def test_a_pause_stays_within_its_bounds(attempt: int, chance: float, asked_s: float | None) -> None:
    policy = RetryPolicy(first_s=5, factor=3, longest_s=3600)
    pause = policy.wait(attempt, chance, asked_s).total_seconds()
    assert 4 <= pause <= max(3600 * 1.2, 86_400 if asked_s else 0)
    if asked_s is not None:
        assert pause >= min(asked_s, 86_400) - 1e-6


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 5), (2, 15), (3, 45), (7, 3600), (50, 3600)])
def test_pauses_grow_to_their_longest(attempt: int, seconds: float) -> None:
    assert RetryPolicy().wait(attempt, 0.5) == timedelta(seconds=seconds)
