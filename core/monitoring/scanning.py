"""Rounds over all routers: one read of each, and what it says about every line written down.

A router that cannot be read leaves a failed scan behind and every line of it as it was (design §3.7).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import structlog
from msgspec import Struct
from sqlalchemy import func, select

from core.monitoring import rules
from core.monitoring.detection import Census, DownLine
from core.monitoring.lines import Seen, WatchedLine, lines_behind, look_through, places_of, write_down
from core.monitoring.ports import RouterScanner
from core.monitoring.tables import router_scans
from core.monitoring.types import Scanned, Snapshot, Wanted
from core.network.tables import routers
from core.platform.uow import ReadTx, UnitOfWork
from core.subscriptions.tables import subscriptions

log = structlog.get_logger(__name__)

_LINES_A_TURN = 250
_ROUTERS_AT_ONCE = 12
#: Of a router not read for so long nothing is known any more: all its lines are seen as if for the first time.
_FORGOTTEN_AFTER = timedelta(days=2)


class Visit(Struct, frozen=True):
    """How one router was found; `last_read` is when it was read the time before, `online` counts its lines."""

    router_id: int
    router_alias: str
    outcome: Scanned
    last_read: datetime | None
    lines: int
    online: int = 0
    detail: str | None = None


class Round(Struct, frozen=True):
    """One scan of the whole network."""

    at: datetime
    visits: tuple[Visit, ...]
    census: Census


class _Known(Struct, frozen=True):
    id: int
    alias: str
    last_read: datetime | None
    was_read: bool


class Scanning:
    """Reads every router that has lines; at most so many at a time, and each has its own deadline."""

    def __init__(self, uow: UnitOfWork, scanner: RouterScanner) -> None:
        self._uow, self._scanner = uow, scanner

    async def run(self) -> Round:
        """One round. Routers that did not answer the last time come last, so that they keep nobody waiting."""
        async with self._uow.read() as tx:
            known, now = await _known(tx), tx.now
        room, census = asyncio.Semaphore(_ROUTERS_AT_ONCE), Census()

        async def one(router: _Known) -> Visit:
            async with room:
                return await self._visit(router, census)

        in_order = sorted(known, key=lambda router: not router.was_read)
        return Round(now, tuple(await asyncio.gather(*map(one, in_order))), census)

    async def _visit(self, router: _Known, census: Census) -> Visit:
        """Only what the census needs outlives the visit: the memory of a round does not grow with the network."""
        lines, begun_at = await self._lines(router.id), time.monotonic()
        async with self._uow.read() as tx:
            now = tx.now
        is_sampling = router.last_read is None or rules.slot_of(router.last_read) < rules.slot_of(now)
        wanted = _wanted(lines, with_counters=is_sampling)
        snapshot = await self._scanner.scan(router.id, router.alias, wanted)
        visit = Visit(router.id, router.alias, Scanned.UNSEEN, router.last_read, len(lines))
        if isinstance(snapshot, Snapshot):
            last_read = router.last_read or now - _FORGOTTEN_AFTER
            online = 0
            for start in range(0, len(lines), _LINES_A_TURN):
                part = lines[start : start + _LINES_A_TURN]
                seen = list(look_through(part, snapshot, now, last_read, is_sampling=is_sampling))
                await self._write_down(seen)
                _count(census, seen)
                online += sum(each.now.is_online for each in seen)
            census.read_routers.add(router.id)
            visit = msgspec.structs.replace(visit, outcome=Scanned.READ, online=online)
        else:
            visit = msgspec.structs.replace(visit, detail=snapshot.reason[:300])
        await self._keep(visit, now, took_ms=round((time.monotonic() - begun_at) * 1000))
        return visit

    async def _lines(self, router_id: int) -> list[WatchedLine]:
        lines: list[WatchedLine] = []
        while True:
            after = lines[-1].subscription_id if lines else 0
            async with self._uow.read() as tx:
                more = await lines_behind(tx, router_id, after=after, limit=_LINES_A_TURN)
            lines += more
            if len(more) < _LINES_A_TURN:
                return lines
            await asyncio.sleep(0)

    async def _write_down(self, seen: Sequence[Seen]) -> None:
        async with self._uow.write() as tx:
            await write_down(tx, seen)
        await asyncio.sleep(0)

    async def _keep(self, visit: Visit, now: datetime, *, took_ms: int) -> None:
        """Written last: until then the next scan takes everything since the one before as its own."""
        async with self._uow.write() as tx:
            await tx.insert_new(
                router_scans,
                router_id=visit.router_id,
                started_at=now,
                outcome=visit.outcome,
                took_ms=took_ms,
                lines=visit.lines,
                online=visit.online,
                detail=visit.detail,
            )
        log.info(
            "router_scanned",
            router=visit.router_alias,
            outcome=visit.outcome,
            lines=visit.lines,
            online=visit.online,
            took_ms=took_ms,
        )


def _count(census: Census, seen: Sequence[Seen]) -> None:
    for each in seen:
        line, state = each.line, each.now
        if not line.is_expected:
            continue
        if state.is_online:
            census.add_online(places_of(line))
        else:
            census.add_down(DownLine(line.subscription_id, line.region_id, places_of(line), state.since))


def _wanted(lines: Sequence[WatchedLine], *, with_counters: bool) -> Wanted:
    modes = {line.mode for line in lines}
    return Wanted(
        has_ppp=bool(modes - {"HOTSPOT", "STATIC"}),
        has_hotspot="HOTSPOT" in modes,
        static=tuple(line.user for line in lines if line.mode == "STATIC"),
        with_counters=with_counters,
    )


async def _known(tx: ReadTx) -> list[_Known]:
    """Active routers with lines, and when each was read and tried last."""
    scans = router_scans.c
    last = select(func.max(scans.started_at)).where(scans.router_id == routers.c.id).correlate(routers)
    statement = (
        select(
            routers.c.id,
            routers.c.alias,
            last.where(scans.outcome == Scanned.READ).scalar_subquery().label("last_read"),
            last.scalar_subquery().label("last_tried"),
        )
        .where(
            routers.c.is_active,
            select(subscriptions.c.id).where(subscriptions.c.router_id == routers.c.id).exists(),
        )
        .order_by(routers.c.alias)
    )
    return [
        _Known(row.id, row.alias, row.last_read, was_read=row.last_read == row.last_tried)
        for row in await tx.all(statement)
    ]
