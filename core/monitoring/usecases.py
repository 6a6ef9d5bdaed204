"""What can be asked of monitoring: is there an outage around a customer, what happened to a line, what is wrong now."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, select

from core.catalog.tables import regions
from core.monitoring.lines import line_of, places_of
from core.monitoring.tables import incident_followers, incidents
from core.monitoring.types import Incident, IncidentKind, Outage
from core.platform.uow import UnitOfWork
from core.settings import Settings

_MOST_LISTED = 100

_outages = (
    select(incidents, func.coalesce(regions.c.name, "").label("area"))
    .outerjoin(regions, regions.c.id == incidents.c.region_id)
    .where(incidents.c.kind == IncidentKind.OUTAGE, incidents.c.closed_at.is_(None))
    .order_by(incidents.c.total.desc())
    .limit(1)
)


class Monitoring:
    """Each method is one use case and one transaction."""

    def __init__(self, uow: UnitOfWork, settings: Settings) -> None:
        self._uow, self._settings = uow, settings

    async def outage_around(self, customer_id: int) -> Outage | None:
        """The outage where the customer's line is; the widest, should there be several. It says nothing of that line."""
        async with self._uow.read() as tx:
            line = await line_of(tx, customer_id)
            if line is None:
                return None
            row = await tx.first(_outages.where(incidents.c.place.in_(places_of(line))))
        return None if row is None else _as_outage(row)

    async def complain(self, customer_id: int, outage_id: int, *, wants_news: bool) -> None:
        """Attach a complaint to an outage; who wants to is told once when it is over. A repeat changes nothing."""
        async with self._uow.write() as tx:
            complaint = {"complained_at": tx.now, "wants_news": wants_news}
            is_new = await tx.insert_new(
                incident_followers, incident_id=outage_id, customer_id=customer_id, **complaint
            )
            if not is_new and wants_news:
                row = incident_followers.c
                own = (row.incident_id == outage_id, row.customer_id == customer_id)
                await tx.execute(incident_followers.update().where(*own).values(wants_news=True))

    async def incidents(self, *, only_open: bool = True) -> list[Incident]:
        """What is wrong, newest first; with what is over by now, at most a hundred."""
        complaints = (
            select(func.count())
            .where(incident_followers.c.incident_id == incidents.c.id)
            .scalar_subquery()
            .label("complaints")
        )
        listed = select(incidents, complaints).order_by(incidents.c.opened_at.desc()).limit(_MOST_LISTED)
        async with self._uow.read() as tx:
            rows = await tx.all(listed.where(incidents.c.closed_at.is_(None)) if only_open else listed)
        return [_as_incident(row) for row in rows]


def _as_outage(row: Row[Any]) -> Outage:
    return Outage(row.id, row.area, row.down, row.total, row.started_at)


def _as_incident(row: Row[Any]) -> Incident:
    return Incident(
        id=row.id,
        kind=IncidentKind(row.kind),
        label=row.label,
        started_at=row.started_at,
        closed_at=row.closed_at,
        down=row.down,
        total=row.total,
        worst=row.worst,
        complaints=row.complaints,
    )
