"""Outages written down: opened, followed, closed after they have held; staff are told, and so is who asked to be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, func, select, text

from core.catalog.tables import regions
from core.messaging.notices import Notice, StaffNotice, notify, tell_staff
from core.monitoring import detection
from core.monitoring.detection import Affected, Census, Found, Progress, Scope
from core.monitoring.scanning import Round, Visit
from core.monitoring.tables import incident_followers, incident_lines, incidents
from core.monitoring.types import IncidentKind, Scanned
from core.network.tables import routers
from core.platform.i18n import TimeOfDay
from core.platform.uow import ReadTx, UnitOfWork, WriteTx
from core.settings import Settings
from core.subscriptions.tables import subscriptions

log = structlog.get_logger(__name__)

#: A router out of sight for so long is worth an alarm.
_UNSEEN_FOR = timedelta(minutes=3)
#: A router not read for so long is no longer counted on.
_COUNTED_ON_FOR = timedelta(days=1)
#: When more than this share of our routers is out of sight, it is us who see nothing.
_BLIND_SHARE = 0.5
_NETWORK = "network"
_TOLD_A_TURN = 100
_LINES_A_TURN = 500
RETENTION = timedelta(days=400)

#: In the order of their own index: the walk through those of a year would come every minute.
_open = select(incidents).where(incidents.c.closed_at.is_(None)).order_by(incidents.c.kind, incidents.c.place)


class Incidents:
    """Draws the conclusions of each round. Rounds come one at a time; each may be cut short and followed by the next."""

    def __init__(self, uow: UnitOfWork, settings: Settings) -> None:
        self._uow, self._settings = uow, settings

    async def conclude(self, seen: Round) -> None:
        """Open, follow and close. While nearly no router answers, nothing is concluded about any line."""
        is_blind = _is_blind(seen.visits, seen.at)
        await self._mind_sight(seen.visits, seen.at, is_blind=is_blind)
        if not is_blind:
            await self._mind_outages(seen.census, seen.at)
        await self.tell_followers()

    async def tell_followers(self) -> int:
        """Tell everybody who waits for the end of an outage that is over; returns how many were told."""
        told = 0
        while True:
            async with self._uow.write() as tx:
                waiting = await tx.all(_waiting().limit(_TOLD_A_TURN))
                for row in waiting:
                    await _tell_it_is_over(tx, self._settings, row)
            told += len(waiting)
            if len(waiting) < _TOLD_A_TURN:
                return told

    async def purge(self) -> int:
        """Forget incidents past their retention."""
        async with self._uow.write() as tx:
            old = (incidents.c.opened_at < tx.now - RETENTION, incidents.c.closed_at.is_not(None))
            return await tx.execute(incidents.delete().where(*old))

    async def _mind_sight(self, visits: Sequence[Visit], now: datetime, *, is_blind: bool) -> None:
        unseen = (
            {} if is_blind else {f"router:{each.router_id}": each for each in visits if _is_lost(each, now)}
        )
        read = {f"router:{each.router_id}" for each in visits if each.outcome is Scanned.READ}
        async with self._uow.write() as tx:
            known = {(row.kind, row.place): row for row in await tx.all(_open)}
            for where, visit in unseen.items():
                if (IncidentKind.UNSEEN, where) not in known:
                    await self._open_unseen(tx, where, visit)
            for (kind, where), row in known.items():
                is_over = (kind == IncidentKind.UNSEEN and where in read) or (
                    kind == IncidentKind.BLIND and not is_blind
                )
                if is_over:
                    await self._close(tx, row)
            if is_blind and (IncidentKind.BLIND, _NETWORK) not in known:
                await self._open_blind(tx, visits)

    async def _mind_outages(self, census: Census, now: datetime) -> None:
        async with self._uow.read() as tx:
            standing = [row for row in await tx.all(_open) if row.kind == IncidentKind.OUTAGE]
        for row in standing:
            async with self._uow.write() as tx:
                await self._follow_up(tx, row, census, now)
        for found in detection.find(census, now, [row.place for row in standing]):
            async with self._uow.write() as tx:
                await self._open_outage(tx, found)

    async def _follow_up(self, tx: WriteTx, row: Row[Any], census: Census, now: datetime) -> None:
        affected = await _affected(tx, row.id)
        stands = detection.progress(
            census, row.place, affected, now, was_recovering=row.recovering_since is not None
        )
        since = (row.recovering_since or now) if stands.is_recovering else None
        await _add_lines(tx, row.id, stands.joined)
        await _note(tx, row, stands, since)
        if since is not None and now - since >= detection.RECOVERED_FOR:
            await self._close(tx, row)

    async def _open_outage(self, tx: WriteTx, found: Found) -> None:
        label, region = await _names(tx, found)
        incident_id = await tx.insert(
            incidents,
            kind=IncidentKind.OUTAGE,
            place=found.place,
            label=label,
            region_id=found.region_id,
            started_at=found.since,
            opened_at=tx.now,
            down=len(found.lines),
            total=found.total,
            worst=len(found.lines),
        )
        await _add_lines(tx, incident_id, found.lines)
        await self._tell_staff(
            tx,
            StaffNotice.OUTAGE_OPENED,
            incident_id,
            place=label,
            area=region,
            down=len(found.lines),
            total=found.total,
            since=TimeOfDay(found.since, self._settings.zone),
        )
        log.warning("outage_opened", incident_id=incident_id, place=found.place, lines=len(found.lines))

    async def _open_unseen(self, tx: WriteTx, where: str, visit: Visit) -> None:
        started_at = visit.last_read or tx.now
        incident_id = await _insert_blank(
            tx,
            kind=IncidentKind.UNSEEN,
            place=where,
            label=visit.router_alias,
            started_at=started_at,
            total=visit.lines,
        )
        since = TimeOfDay(started_at, self._settings.zone)
        await self._tell_staff(
            tx,
            StaffNotice.ROUTER_UNSEEN,
            incident_id,
            router=visit.router_alias,
            lines=visit.lines,
            since=since,
        )

    async def _open_blind(self, tx: WriteTx, visits: Sequence[Visit]) -> None:
        unread = sum(visit.outcome is not Scanned.READ for visit in visits)
        lines = sum(visit.lines for visit in visits if visit.outcome is not Scanned.READ)
        incident_id = await _insert_blank(
            tx, kind=IncidentKind.BLIND, place=_NETWORK, label=_NETWORK, started_at=tx.now, total=lines
        )
        await self._tell_staff(
            tx, StaffNotice.NETWORK_UNSEEN, incident_id, unseen=unread, routers=len(visits)
        )

    async def _close(self, tx: WriteTx, row: Row[Any]) -> None:
        await tx.execute(incidents.update().where(incidents.c.id == row.id).values(closed_at=tx.now, down=0))
        log.info("incident_closed", incident_id=row.id, kind=row.kind)
        minutes = max(1, round((tx.now - row.started_at).total_seconds() / 60))
        if row.kind == IncidentKind.OUTAGE:
            complaints = await tx.scalar(_complaints.where(incident_followers.c.incident_id == row.id))
            args = {"place": row.label, "worst": row.worst, "minutes": minutes, "complaints": complaints}
            await self._tell_staff(tx, StaffNotice.OUTAGE_CLOSED, row.id, **args)
        elif row.kind == IncidentKind.UNSEEN:
            await self._tell_staff(tx, StaffNotice.ROUTER_SEEN, row.id, router=row.label, minutes=minutes)
        else:
            await self._tell_staff(tx, StaffNotice.NETWORK_SEEN, row.id, minutes=minutes)

    async def _tell_staff(
        self, tx: WriteTx, kind: StaffNotice, incident_id: int, **args: str | int | TimeOfDay
    ) -> None:
        await tell_staff(tx, self._settings, kind=kind, key=f"{kind}-{incident_id}", args=args)


_complaints = select(func.count()).select_from(incident_followers)


def _is_lost(visit: Visit, now: datetime) -> bool:
    return (
        visit.outcome is not Scanned.READ
        and visit.last_read is not None
        and now - visit.last_read >= _UNSEEN_FOR
    )


def _is_blind(visits: Iterable[Visit], now: datetime) -> bool:
    """Whether most routers we could count on are out of sight together: rather our fault than theirs."""
    counted_on = [
        visit
        for visit in visits
        if visit.outcome is Scanned.READ
        or (visit.last_read is not None and now - visit.last_read < _COUNTED_ON_FOR)
    ]
    unread = sum(visit.outcome is not Scanned.READ for visit in counted_on)
    return unread > 1 and unread > _BLIND_SHARE * len(counted_on)


async def _insert_blank(tx: WriteTx, **values: str | int | datetime) -> int:
    """An incident of which nobody knows what it does to any line."""
    return await tx.insert(incidents, **values, opened_at=tx.now, down=0, worst=0)


async def _affected(tx: ReadTx, incident_id: int) -> list[Affected]:
    rows = await tx.all(
        select(incident_lines.c.subscription_id, subscriptions.c.router_id)
        .join(subscriptions, subscriptions.c.id == incident_lines.c.subscription_id)
        .where(incident_lines.c.incident_id == incident_id)
    )
    return [Affected(row.subscription_id, row.router_id) for row in rows]


async def _add_lines(tx: WriteTx, incident_id: int, lines: Collection[int]) -> None:
    rows = [{"incident_id": incident_id, "subscription_id": line} for line in sorted(lines)]
    for start in range(0, len(rows), _LINES_A_TURN):
        part = rows[start : start + _LINES_A_TURN]
        await tx.insert_all_new(incident_lines, part, incident_lines.c.subscription_id)


async def _note(tx: WriteTx, row: Row[Any], stands: Progress, recovering_since: datetime | None) -> None:
    values = {
        "down": stands.down,
        "total": stands.total,
        "worst": max(row.worst, stands.down),
        "recovering_since": recovering_since,
    }
    if any(getattr(row, name) != value for name, value in values.items()):
        await tx.execute(incidents.update().where(incidents.c.id == row.id).values(values))


async def _names(tx: ReadTx, found: Found) -> tuple[str, str]:
    """The place as staff know it, and the region it is in."""
    region = await tx.scalar(select(regions.c.name).where(regions.c.id == found.region_id)) or ""
    scope, _, which = found.place.partition(":")
    match Scope(scope):
        case Scope.REGION:
            return region, region
        case Scope.ROUTER:
            alias = await tx.scalar(select(routers.c.alias).where(routers.c.id == int(which)))
            return alias or which, region
        case Scope.ODP:
            return which, region


def _waiting() -> Any:
    return (
        select(
            incident_followers.c.incident_id,
            incident_followers.c.customer_id,
            incidents.c.closed_at,
            func.coalesce(regions.c.name, "").label("area"),
        )
        .join(incidents, incidents.c.id == incident_followers.c.incident_id)
        .outerjoin(regions, regions.c.id == incidents.c.region_id)
        .where(
            # Not compared with 1, as SQLite would have a truth: its index of those who wait says it like this.
            text("incident_followers.wants_news"),
            incident_followers.c.told_at.is_(None),
            incidents.c.closed_at.is_not(None),
        )
        .order_by(incident_followers.c.incident_id, incident_followers.c.customer_id)
    )


async def _tell_it_is_over(tx: WriteTx, settings: Settings, row: Row[Any]) -> None:
    follower = incident_followers.c
    await tx.execute(
        incident_followers.update()
        .where(follower.incident_id == row.incident_id, follower.customer_id == row.customer_id)
        .values(told_at=tx.now)
    )
    await notify(
        tx,
        settings,
        customer_id=row.customer_id,
        kind=Notice.OUTAGE_OVER,
        key=f"outage-over-{row.incident_id}-{row.customer_id}",
        args={"area": row.area or settings.business_name},
    )
