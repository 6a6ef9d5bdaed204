"""Rounds over all routers: what is written down there is compared with what is wanted, and drift is mended by jobs.

A router that cannot be read says nothing about its lines, and users that are no line of ours are never touched.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct
from sqlalchemy import Select, select

from core.messaging.notices import StaffNotice, tell_staff
from core.network import switching
from core.network.applying import isolation_of
from core.network.drift import Finding, Found, compare, is_doubtful
from core.network.ports import LineSwitch
from core.network.tables import line_states, reconciliations, routers
from core.network.types import Reading, Survey
from core.network.wishes import Wish, wishes_at
from core.platform.scheduler import Every, Scheduled
from core.platform.uow import UnitOfWork, WriteTx
from core.settings import Settings
from core.subscriptions.tables import subscriptions

log = structlog.get_logger(__name__)

RETENTION = timedelta(days=90)
_LINES_A_READ = 500
_LINES_A_WRITE = 200
_ROUTERS_AT_ONCE = 8


class Round(Struct, frozen=True):
    """What one router's round came to. `mended` lines have a job; in a dry run they would have had one."""

    router_id: int
    router_alias: str
    reading: Reading
    lines: int = 0
    as_wanted: int = 0
    mended: int = 0
    waiting: int = 0
    stuck: int = 0
    detail: str | None = None


class Reconciliation:
    """Compares every router that has lines of ours; a slow one delays no other."""

    def __init__(self, uow: UnitOfWork, lines: LineSwitch, settings: Settings) -> None:
        self._uow, self._lines, self._settings = uow, lines, settings
        self._isolation = isolation_of(settings)

    async def run(self, *, is_dry: bool = False) -> list[Round]:
        """One round each, in order of the routers' names; a dry run changes and remembers nothing."""
        room = asyncio.Semaphore(_ROUTERS_AT_ONCE)

        async def one(router_id: int, alias: str) -> Round:
            async with room:
                return await self._visit(router_id, alias, is_dry=is_dry)

        async with self._uow.read() as tx:
            known = await tx.all(_with_lines())
        return list(await asyncio.gather(*(one(row.id, row.alias) for row in known)))

    def jobs(self) -> tuple[Scheduled, ...]:
        """When rounds are made, and forgotten."""

        async def run(_due: datetime) -> None:
            await self.run()

        async def purge(_due: datetime) -> None:
            await self.purge()

        return (
            Scheduled("network.reconcile", Every(timedelta(minutes=15)), run),
            Scheduled("network.retention", Every(timedelta(days=1)), purge),
        )

    async def purge(self) -> int:
        """Forget rounds past their retention."""
        async with self._uow.write() as tx:
            old = reconciliations.c.started_at < tx.now - RETENTION
            return await tx.execute(reconciliations.delete().where(old))

    async def _visit(self, router_id: int, alias: str, *, is_dry: bool) -> Round:
        # Before the router is read: what changes meanwhile is told by its revision, and left to its own job.
        started_at, wishes = await self._wishes(router_id)
        survey = await self._lines.survey(router_id, alias, self._isolation)
        if not isinstance(survey, Survey):
            visited = Round(router_id, alias, Reading.UNSEEN, lines=len(wishes), detail=survey.reason[:300])
            found: list[Found] = []
        else:
            found = compare(wishes, survey, started_at)
            visited = _summed_up(router_id, alias, found)
        if not is_dry:
            if visited.reading is Reading.READ:
                await self._mend(found, started_at)
            await self._remember(visited, started_at)
        log.info("lines_reconciled", router=alias, dry=is_dry, **_counts(visited))
        return visited

    async def _wishes(self, router_id: int) -> tuple[datetime, list[Wish]]:
        wishes: list[Wish] = []
        while True:
            after = wishes[-1].subscription_id if wishes else 0
            async with self._uow.read() as tx:
                more = await wishes_at(tx, router_id, self._isolation, after=after, limit=_LINES_A_READ)
                now = tx.now
            wishes += more
            if len(more) < _LINES_A_READ:
                return now, wishes

    async def _mend(self, found: Sequence[Found], started_at: datetime) -> None:
        """Jobs for what differs, in a transaction for so many lines; what waits is tried now, as its router answers."""
        to_do = [each for each in found if each.finding in _TO_DO]
        for part in _parts(to_do):
            async with self._uow.write() as tx:
                for each in part:
                    await _set_going(tx, each.wish, f"round-{started_at:%Y%m%dT%H%M%S}")

    async def _remember(self, visited: Round, started_at: datetime) -> None:
        async with self._uow.write() as tx:
            if visited.mended or await _is_news(tx, visited):
                await tell_staff(
                    tx,
                    self._settings,
                    kind=StaffNotice.LINES_DIFFER,
                    key=f"round-{visited.router_id}-{started_at:%Y%m%dT%H%M%S}",
                    args={"router": visited.router_alias, "mended": visited.mended, "stuck": visited.stuck},
                )
            await tx.insert(
                reconciliations,
                router_id=visited.router_id,
                started_at=started_at,
                finished_at=tx.now,
                outcome=visited.reading,
                detail=visited.detail,
                **_counts(visited),
            )


_TO_DO = frozenset({Finding.DIFFERS, Finding.MISSING, Finding.WAITING})


async def _is_news(tx: WriteTx, visited: Round) -> bool:
    """Whether more lines need somebody to look than the last time this router was read."""
    if visited.reading is Reading.UNSEEN:
        return False
    row = reconciliations.c
    before = (
        select(row.stuck)
        .where(row.router_id == visited.router_id, row.outcome != Reading.UNSEEN)
        .order_by(row.started_at.desc())
        .limit(1)
    )
    return visited.stuck > (await tx.scalar(before) or 0)


def _with_lines() -> Select[Any]:
    line = (
        select(subscriptions.c.id)
        .join(line_states, line_states.c.subscription_id == subscriptions.c.id)
        .where(subscriptions.c.router_id == routers.c.id)
    )
    return (
        select(routers.c.id, routers.c.alias)
        .where(routers.c.is_active, line.exists())
        .order_by(routers.c.alias)
    )


async def _set_going(tx: WriteTx, wish: Wish, key: str) -> None:
    if await switching.hurry(tx, wish.subscription_id):
        return
    current = select(line_states.c.revision).where(line_states.c.subscription_id == wish.subscription_id)
    if await tx.scalar(current) == wish.revision:
        await switching.mend(tx, wish.subscription_id, key=key)


def _summed_up(router_id: int, alias: str, found: Sequence[Found]) -> Round:
    counted = Counter(each.finding for each in found)
    differing = counted[Finding.DIFFERS] + counted[Finding.MISSING]
    doubtful = is_doubtful(found)
    return Round(
        router_id,
        alias,
        Reading.DOUBTFUL if doubtful else Reading.READ,
        lines=len(found),
        as_wanted=counted[Finding.AS_WANTED],
        mended=0 if doubtful else differing,
        waiting=counted[Finding.WAITING],
        stuck=counted[Finding.STUCK] + (differing if doubtful else 0),
        detail=_detail(counted, is_doubtful=doubtful),
    )


def _detail(counted: Counter[Finding], *, is_doubtful: bool) -> str | None:
    notes = []
    if is_doubtful:
        notes.append("most lines are missing: is it the right router, was it reset? Nothing was changed.")
    if unread := counted[Finding.UNREAD]:
        notes.append(f"{unread} not shown by the router")
    return " ".join(notes) or None


def _counts(visited: Round) -> dict[str, int]:
    return {name: getattr(visited, name) for name in ("lines", "as_wanted", "mended", "waiting", "stuck")}


def _parts(found: Sequence[Found]) -> Iterator[Sequence[Found]]:
    for start in range(0, len(found), _LINES_A_WRITE):
        yield found[start : start + _LINES_A_WRITE]
