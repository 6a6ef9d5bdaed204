"""What can be asked of monitoring: is there an outage around a customer, what happened to a line, what is wrong now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from core.catalog.tables import regions
from core.customers.tables import customers
from core.messaging.attachments import File, Renderer
from core.monitoring import diagnosis, texts
from core.monitoring.diagnosis import Condition, Diagnosis, Period
from core.monitoring.lines import line_of, places_of
from core.monitoring.names import CARD
from core.monitoring.tables import incident_followers, incidents
from core.monitoring.types import Incident, IncidentKind, Outage
from core.platform.errors import Forbidden, NotFound
from core.platform.i18n import Language, Message, message
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
        # One at a time: the library's caches are not made for several.
        self._easel = ThreadPoolExecutor(1, thread_name_prefix="cards")

    async def outage_around(self, customer_id: int) -> Outage | None:
        """The outage where the customer's line is; the widest, should there be several. It says nothing of that line."""
        async with self._uow.read() as tx:
            line = await line_of(tx, customer_id)
            if line is None:
                return None
            row = await tx.first(_outages.where(incidents.c.place.in_(places_of(line))))
            if row is None:
                return None
            follower = incident_followers.c
            own = (follower.incident_id == row.id, follower.customer_id == customer_id)
            was_told = await tx.scalar(select(follower.customer_id).where(*own)) is not None
        return Outage(
            id=row.id,
            takes_line=line.before is not None and not line.before.is_online,
            was_told=was_told,
            area=row.area,
            down=row.down,
            total=row.total,
            since=row.started_at,
        )

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

    async def explain(self, customer_id: int, now: datetime, *, is_seen_off: bool) -> tuple[Message, ...]:
        """See `core.network.ports.Outages`."""
        around = await self.outage_around(customer_id)
        if around is None or not (is_seen_off or around.takes_line):
            return ()
        await self.complain(customer_id, around.id, wants_news=False)
        since_s = int(around.since.timestamp())
        known = texts.outage(around.down, around.total, since_s, now, self._settings.zone)
        return known, message("outage.ask_for_news")

    async def condition(self, customer_id: int) -> Condition | None:
        """How a customer's line does today; None when it is not watched."""
        async with self._uow.read() as tx:
            line = await line_of(tx, customer_id)
            return None if line is None else await diagnosis.condition(tx, line, self._settings.zone)

    async def diagnosis(self, customer_id: int, period: Period, *, number: str | None = None) -> Diagnosis:
        """A customer's own line over the last day or week.

        Raises `NotFound("customer")`, `Forbidden("not_yours")` for the `number` of somebody else, `NotFound("router")`.
        """
        async with self._uow.read() as tx:
            wanted = customers.c.id == customer_id if number is None else customers.c.service_number == number
            owner = await tx.first(select(customers.c.id, customers.c.service_number).where(wanted))
            if owner is None:
                raise NotFound("customer")
            if owner.id != customer_id:
                raise Forbidden("not_yours")
            line = await line_of(tx, customer_id)
            if line is None:
                raise NotFound("router")
            stretches = await diagnosis.stretches(tx, line, period)
            return diagnosis.diagnosis_of(tx, line, owner.service_number or "", period, stretches)

    async def card(self, found: Diagnosis, language: Language) -> File:
        """The diagnosis as a picture, drawn in a thread."""
        settings = self._settings

        def draw() -> bytes:
            from core.monitoring import drawing  # noqa: PLC0415 - what draws is loaded by who draws, in the thread

            return drawing.card(found, settings.business_name, language, settings.zone)

        content = await asyncio.get_running_loop().run_in_executor(self._easel, draw)
        return File(content, "image/png")

    def renderers(self) -> Mapping[str, Renderer]:
        """What attachments can be made of."""
        return {CARD: self._card_of}

    def close(self) -> None:
        """Let go of the thread; a card under way is finished."""
        self._easel.shutdown()

    async def _card_of(self, args: Mapping[str, int | str]) -> File:
        try:
            found = await self.diagnosis(int(args["customer"]), Period(str(args["period"])))
        except NotFound:
            raise NotFound("attachment") from None
        return await self.card(found, "en" if args["language"] == "en" else "id")

    async def incidents(self, *, only_open: bool = True) -> list[Incident]:
        """What is wrong, newest first; with what is over by now, the last hundred."""
        complaints = (
            select(func.count())
            .where(incident_followers.c.incident_id == incidents.c.id)
            .scalar_subquery()
            .label("complaints")
        )
        listed = select(incidents, complaints)
        if only_open:  # few, and found by their own index
            listed = listed.where(incidents.c.closed_at.is_(None)).order_by(
                incidents.c.kind, incidents.c.place
            )
        else:
            listed = listed.order_by(incidents.c.opened_at.desc()).limit(_MOST_LISTED)
        async with self._uow.read() as tx:
            rows = await tx.all(listed)
        return [_as_incident(row) for row in sorted(rows, key=lambda row: row.opened_at, reverse=True)]


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
