"""Runs the outbox: claims due jobs, gives each to its consumer, settles what came of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta

import structlog
from msgspec import Struct

from core.platform import leases
from core.platform.clock import Clock
from core.platform.leases import Try
from core.platform.outbox import Job, Outcome, Retry, RetryPolicy
from core.platform.uow import UnitOfWork

log = structlog.get_logger(__name__)

#: A lease outlives the longest try by this; when a process is killed, its jobs wait that long for another.
_LEASE_MARGIN_S = 30

Consume = Callable[[Job], Awaitable[Outcome]]

#: While many tries end one after another, this long is waited for more of them, to settle and claim for all at once.
_GATHER_S = 0.005


class Consumer(Struct, frozen=True):
    """What handles one topic. `deadline_s` bounds a single try; a lease outlives it, so no two try at once."""

    consume: Consume
    policy: RetryPolicy = RetryPolicy()
    deadline_s: float = 30.0


class Dispatcher:
    """Drains the outbox for the topics it has consumers for; any number of processes may run one."""

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        consumers: Mapping[str, Consumer],
        *,
        concurrency: int = 64,
        poll_s: float = 0.5,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._uow, self._clock, self._consumers = uow, clock, dict(consumers)
        self._concurrency, self._poll_s, self._chance = concurrency, poll_s, chance
        self._woken = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._ended: list[Try] = []
        longest_s = max((consumer.deadline_s for consumer in self._consumers.values()), default=30)
        self._lease = timedelta(seconds=longest_s + _LEASE_MARGIN_S)

    def nudge(self) -> None:
        """Something was committed: look now instead of at the next poll."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled; tries under way are finished first, so that nothing is sent twice for a shutdown."""
        try:
            while True:
                self._woken.clear()
                turn = asyncio.create_task(self._turn_over(self._concurrency - len(self._running)))
                try:
                    await asyncio.shield(turn)
                finally:
                    await turn  # a shutdown must not come between a claim and its tries
                await self._wait()
        except asyncio.CancelledError:
            if self._running:
                await asyncio.wait(self._running, timeout=8)
            await self._turn_over(0)
            raise

    async def drain(self) -> int:
        """Run everything due now to its end, and return how many tries that took."""
        tries = 0
        while started := await self._turn_over(self._concurrency):
            tries += started
            await asyncio.gather(*self._running)
        return tries

    async def _wait(self) -> None:
        """Until something was posted or has ended, or it is time to look for what other processes have left."""
        with suppress(TimeoutError):
            # Not `wait_for`, which may swallow a cancellation that comes together with the event (Python 3.11).
            async with asyncio.timeout(self._poll_s):
                await self._woken.wait()
        if self._ended and self._running:
            await asyncio.sleep(_GATHER_S)

    async def _turn_over(self, free: int) -> int:
        """Settle what has ended and start what is due; returns how many tries were started."""
        ended, self._ended = self._ended, []
        try:
            jobs = await leases.turn_over(
                self._uow, ended, tuple(self._consumers), limit=free, lease=self._lease
            )
        except Exception:  # the database may be away for a moment; the queue must outlive that
            log.exception("outbox_turnover_failed")
            self._ended = ended + self._ended
            return 0
        for each in ended:
            log.info("outbox_tried", job_id=each.job.id, topic=each.job.topic, state=each.state)
        for job in jobs:
            task = asyncio.create_task(self._try(job))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return len(jobs)

    async def _try(self, job: Job) -> None:
        consumer = self._consumers[job.topic]
        started_at = self._clock.now()
        outcome = await self._outcome(consumer, job)
        self._ended.append(Try(job, outcome, started_at, consumer.policy, self._chance()))
        self._woken.set()

    async def _outcome(self, consumer: Consumer, job: Job) -> Outcome:
        try:
            async with asyncio.timeout(consumer.deadline_s):
                return await consumer.consume(job)
        except TimeoutError:
            return Retry("no answer in time")
        except Exception as error:  # a bug in a consumer must not stop the queue
            log.exception("outbox_consumer_failed", job_id=job.id, topic=job.topic)
            return Retry(f"internal error: {type(error).__name__}")
