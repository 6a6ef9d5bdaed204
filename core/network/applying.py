"""The consumers of lines' jobs: bring a router to what is wanted of one line, write down how far it has followed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from sqlalchemy import select

from core.messaging.kinds import Given, Notice
from core.messaging.notices import notify
from core.network import wishes
from core.network.ports import LineSwitch
from core.network.switching import UNPAID
from core.network.tables import line_states, routers
from core.network.types import (
    Applied,
    Declined,
    DesiredLine,
    Isolation,
    Line,
    LineKind,
    LineNews,
    OutOfReach,
    Switched,
)
from core.network.wishes import Wish, wish_of
from core.platform import outbox
from core.platform.i18n import Rupiah
from core.platform.outbox import Done, Job, Later, Outcome, Park, Retry, RetryPolicy
from core.platform.quiet import until_morning
from core.platform.uow import ReadTx, UnitOfWork, WriteTx
from core.settings import Settings

CLEAR_TOPIC = "line.clear"

log = structlog.get_logger(__name__)

#: A router may be down for days: quick at first, then every quarter of an hour for about a week, then a person looks.
RETRIES = RetryPolicy(first_s=3, factor=2, longest_s=900, limit=700)
#: A router that answers, and says something odd, is asked this often in all.
_TRIES_AFTER_A_NO = 8
#: The adapter's own deadline is shorter.
DEADLINE_S = 20.0
#: Jobs of all routers under way at once, of one router, and of one that failed lately: the others make room.
CONCURRENCY = 128
_MOST_AT_ONCE = 32
_MOST_OF_A_FAILING_ONE = 2
_COME_BACK_AFTER = timedelta(seconds=1)

#: What a customer owes, which the slices above this one know.
OwedBy = Callable[[ReadTx, int], Awaitable[int]]


class LineSwitching:
    """Applies the latest wish, whichever wish the job was posted for."""

    def __init__(self, uow: UnitOfWork, settings: Settings, lines: LineSwitch, owed_by: OwedBy) -> None:
        self._uow, self._settings, self._lines, self._owed_by = uow, settings, lines, owed_by
        self._isolation = isolation_of(settings)
        self._under_way: Counter[int] = Counter()
        self._failing: set[int] = set()

    async def __call__(self, job: Job) -> Outcome:
        subscription_id = int(job.payload["subscription_id"])
        async with self._uow.read() as tx:
            wish, now = await wish_of(tx, subscription_id, self._isolation), tx.now
        if wish is None:
            return Done(detail="no such line any more")
        if wish.applied_revision >= wish.revision:
            return Done(detail="was so already")
        if night := self._night_left(wish, now):
            return Later("no line is closed for its bills at night", night)
        router_id = wish.place.router_id if wish.place else 0
        room = _MOST_OF_A_FAILING_ONE if router_id in self._failing else _MOST_AT_ONCE
        if self._under_way[router_id] >= room:
            return Later("its router is busy with other lines", _COME_BACK_AFTER)
        with self._counted(router_id):
            switched = await self._switched(wish, was_tried=job.attempt > 1)
        self._judge(router_id, switched)
        await self._note(wish, switched)
        return _outcome(switched)

    def _night_left(self, wish: Wish, now: datetime) -> timedelta:
        """How long a line whose router was out of reach by day stays open: nobody is cut off in the middle of the night."""
        is_new = wish.news is LineNews.ISOLATED and wish.reason == UNPAID
        return until_morning(now, self._settings.zone) if is_new else timedelta(0)

    def _judge(self, router_id: int, switched: Switched) -> None:
        if isinstance(switched, OutOfReach):
            self._failing.add(router_id)
        else:
            self._failing.discard(router_id)

    @contextmanager
    def _counted(self, router_id: int) -> Iterator[None]:
        self._under_way[router_id] += 1
        try:
            yield
        finally:
            self._under_way[router_id] -= 1

    async def _switched(self, wish: Wish, *, was_tried: bool) -> Switched:
        if wish.place is None:
            return Applied()
        if wish.is_shared and wish.kind is LineKind.ABSENT:
            return Applied(("left to the other line of this login",))
        if wish.is_contested:
            return Declined("another line has this login, and is to be otherwise", is_final=True)
        desired = msgspec.structs.replace(wish.desired, was_tried=was_tried)
        return await self._lines.apply(wish.place, desired)

    async def _note(self, wish: Wish, switched: Switched) -> None:
        async with self._uow.write() as tx:
            if isinstance(switched, Applied):
                await _note_success(tx, wish)
                await self._tell(tx, wish)
            else:
                await _note_failure(tx, wish, switched)
        if isinstance(switched, Applied):
            log.info(
                "line_switched",
                subscription_id=wish.subscription_id,
                kind=wish.kind,
                revision=wish.revision,
                changes=switched.changes,
            )

    async def _tell(self, tx: WriteTx, wish: Wish) -> None:
        """Only what is still so: a newer wish has its own job, and its own news."""
        row = line_states.c
        told = line_states.update().where(
            row.subscription_id == wish.subscription_id, row.revision == wish.revision, row.news.is_not(None)
        )
        if not await tx.execute(told.values(news=None)):
            return
        key = f"line-{wish.news}-{wish.subscription_id}-{wish.revision}"
        if wish.news is LineNews.REOPENED:
            await self._notify(tx, wish, Notice.REOPENED, key, {})
        elif wish.news is LineNews.ISOLATED and (owed := await self._owed_by(tx, wish.customer_id)):
            await self._notify(tx, wish, Notice.ISOLATED, key, {"amount": Rupiah(owed)})

    async def _notify(
        self, tx: WriteTx, wish: Wish, kind: Notice, key: str, args: Mapping[str, Given]
    ) -> None:
        await notify(tx, self._settings, customer_id=wish.customer_id, kind=kind, key=key, args=args)


class LineClearing:
    """Removes what a line that has moved left behind, unless another line has that login by now."""

    def __init__(self, uow: UnitOfWork, settings: Settings, lines: LineSwitch) -> None:
        self._uow, self._lines, self._isolation = uow, lines, isolation_of(settings)

    async def __call__(self, job: Job) -> Outcome:
        router_id, mode, user = (job.payload[name] for name in ("router_id", "mode", "user"))
        async with self._uow.read() as tx:
            is_free = await wishes.is_free(tx, router_id, mode, user)
            alias = await tx.scalar(select(routers.c.alias).where(routers.c.id == router_id))
        if not is_free or alias is None:
            return Done(detail="another line has this login by now" if alias else "no such router any more")
        line = Line("", "", mode, router_id, alias, user, profile=None, is_isolated=False)
        return _outcome(await self._lines.apply(line, DesiredLine(LineKind.ABSENT, self._isolation)))


def isolation_of(settings: Settings) -> Isolation:
    """How this installation closes lines."""
    return Isolation(settings.isolation_profile, settings.isolation_address_list)


async def _note_success(tx: WriteTx, wish: Wish) -> None:
    """A job that took long may meet the mark of a newer one, which stays. What is left at an old place has its own job."""
    place, left = wish.place, wish.left_behind
    made: dict[str, Any] = {"applied_router_id": None, "applied_mode": None, "applied_user": None}
    if place is not None and wish.kind is not LineKind.ABSENT:
        made = {
            "applied_router_id": place.router_id,
            "applied_mode": place.mode,
            "applied_user": place.user,
            "applied_secret": wish.secret_fingerprint,
        }
    row = line_states.c
    older = (row.subscription_id == wish.subscription_id, row.applied_revision < wish.revision)
    followed = {
        "applied_revision": wish.revision,
        "applied_at": tx.now,
        "last_error": None,
        "refused_at": None,
    }
    if await tx.execute(line_states.update().where(*older).values({**made, **followed})) and left is not None:
        await outbox.post(
            tx,
            CLEAR_TOPIC,
            {"router_id": left.router_id, "mode": left.mode, "user": left.user},
            key=f"line:{wish.subscription_id}:left-{wish.revision}",
        )


async def _note_failure(tx: WriteTx, wish: Wish, failure: OutOfReach | Declined) -> None:
    is_final = isinstance(failure, Declined) and failure.is_final
    row = line_states.c
    current = (row.subscription_id == wish.subscription_id, row.revision == wish.revision)
    await tx.execute(
        line_states.update()
        .where(*current)
        .values(
            attempts=row.attempts + 1,
            last_error=failure.reason[:300],
            refused_at=tx.now if is_final else None,
        )
    )


def _outcome(switched: Switched) -> Outcome:
    match switched:
        case Applied(changes):
            return Done(detail=", ".join(changes) or "was so already")
        case OutOfReach(reason, retry_after_s):
            return Retry(reason, retry_after_s)
        case Declined(reason, is_final=True):
            return Park(reason)
        case Declined(reason):
            return Retry(reason, limit=_TRIES_AFTER_A_NO)
