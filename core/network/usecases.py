"""What can be asked of the network: how a customer's line is, now."""

from __future__ import annotations

import asyncio
from datetime import datetime

from sqlalchemy import select

from core.customers.tables import customers
from core.network.ports import RouterGateway
from core.network.tables import line_states, routers
from core.network.types import ConnectionReport, Line, LineKind, LineNews
from core.platform.errors import Forbidden, NotFound
from core.platform.uow import UnitOfWork
from core.subscriptions.tables import subscriptions

SECTIONS = frozenset({"connection", "usage", "session"})

_line = (
    select(
        customers.c.id.label("customer_id"),
        customers.c.service_number,
        customers.c.name,
        subscriptions.c.mode,
        subscriptions.c.line_user,
        subscriptions.c.line_profile,
        subscriptions.c.isolated_at,
        routers.c.id.label("router_id"),
        routers.c.alias,
    )
    .outerjoin(subscriptions, subscriptions.c.customer_id == customers.c.id)
    .outerjoin(routers, (routers.c.id == subscriptions.c.router_id) & routers.c.is_active)
    .order_by(subscriptions.c.id)
    .limit(1)
)

_opening = (
    select(line_states.c.wanted_at)
    .join(subscriptions, subscriptions.c.id == line_states.c.subscription_id)
    .where(
        line_states.c.desired == LineKind.OPEN,
        line_states.c.news == LineNews.REOPENED,
        line_states.c.applied_revision < line_states.c.revision,
    )
    .order_by(subscriptions.c.id)
    .limit(1)
)


class Network:
    """Reads the line from the database first and asks the router afterwards, outside any transaction."""

    def __init__(self, uow: UnitOfWork, routers_seen: RouterGateway) -> None:
        self._uow, self._routers = uow, routers_seen

    async def opening_since(self, customer_id: int) -> datetime | None:
        """Since when the customer's line is to be open again while its router has not followed; None when it is not so."""
        async with self._uow.read() as tx:
            wanted_at: datetime | None = await tx.scalar(
                _opening.where(subscriptions.c.customer_id == customer_id)
            )
        return wanted_at

    async def report_within(
        self, seconds: float, customer_id: int, service_number: str, sections: frozenset[str]
    ) -> ConnectionReport | None:
        """As `report_for`, but None when the router takes longer: somebody is waiting for an answer."""
        try:
            async with asyncio.timeout(seconds):
                return await self.report_for(customer_id, service_number, sections)
        except TimeoutError:
            return None

    async def report_for(
        self, customer_id: int, service_number: str, sections: frozenset[str]
    ) -> ConnectionReport:
        """How the caller's own line is, now; no sections mean all of them.

        Raises `NotFound("customer")`, `Forbidden("not_yours")`, `NotFound("router")`, `Unavailable("router")`.
        """
        async with self._uow.read() as tx:
            row = await tx.first(_line.where(customers.c.service_number == service_number))
        if row is None:
            raise NotFound("customer")
        if row.customer_id != customer_id:
            raise Forbidden("not_yours")
        if row.router_id is None or row.mode is None:
            raise NotFound("router")
        line = Line(
            service_number=row.service_number,
            customer_name=row.name,
            mode=row.mode,
            router_id=row.router_id,
            router_alias=row.alias,
            user=row.line_user or "",
            profile=row.line_profile,
            is_isolated=row.isolated_at is not None,
        )
        return await self._routers.look(line, sections or SECTIONS)
