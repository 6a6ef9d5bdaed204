"""Who belongs to an audience, how many that is, and how far a broadcast has got."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, func, or_, select

from core.billing.tables import invoices
from core.billing.types import InvoiceStatus
from core.broadcasts.tables import broadcast_recipients, broadcasts
from core.broadcasts.types import Audience, AudienceKind, Broadcast, Named, Reach, State
from core.catalog.tables import plans, regions
from core.customers.tables import chat_links, customers
from core.messaging.kinds import Category
from core.messaging.tables import notice_consents
from core.network.tables import routers
from core.platform.errors import NotFound
from core.platform.outbox import State as JobState
from core.platform.outbox import outbox
from core.platform.uow import ReadTx, UnitOfWork, WriteTx
from core.subscriptions.tables import subscriptions

_LISTS: dict[AudienceKind, tuple[Any, Any]] = {
    AudienceKind.REGION: (regions.c.id, regions.c.name),
    AudienceKind.PLAN: (plans.c.id, plans.c.name),
    AudienceKind.ROUTER: (routers.c.id, routers.c.alias),
}

_others = customers.alias("others")
#: Whoever has stopped info for one of their lines has stopped it for the phone they read it on.
_is_stopped = or_(
    exists().where(
        notice_consents.c.customer_id == customers.c.id,
        notice_consents.c.category == Category.INFO,
        notice_consents.c.stopped_at.is_not(None),
    ),
    exists().where(
        _others.c.phone == customers.c.phone,
        notice_consents.c.customer_id == _others.c.id,
        notice_consents.c.category == Category.INFO,
        notice_consents.c.stopped_at.is_not(None),
    ),
)


def members(audience: Audience, today: date) -> Select[Any]:
    """The services of an audience, with what decides whether they are written to."""
    return (
        select(
            customers.c.id,
            customers.c.name,
            customers.c.service_number,
            customers.c.phone,
            _is_stopped.label("is_stopped"),
        )
        .where(customers.c.service_number.is_not(None), _belongs(audience, today))
        .order_by(customers.c.id)
    )


def _belongs(audience: Audience, today: date) -> ColumnElement[bool]:
    of_customer = subscriptions.c.customer_id == customers.c.id
    unpaid = (invoices.c.customer_id == customers.c.id, invoices.c.status == InvoiceStatus.UNPAID)
    match audience.kind:
        case AudienceKind.ALL:
            return customers.c.id.is_not(None)
        case AudienceKind.REGION:
            return customers.c.region_id == audience.id
        case AudienceKind.PLAN:
            return exists().where(of_customer, subscriptions.c.plan_id == audience.id)
        case AudienceKind.ROUTER:
            return exists().where(of_customer, subscriptions.c.router_id == audience.id)
        case AudienceKind.DUE:
            return exists().where(*unpaid)
        case AudienceKind.OVERDUE:
            return exists().where(*unpaid, invoices.c.due_on < today)


async def reach(uow: UnitOfWork, audience: Audience, today: date, channels: tuple[str, ...]) -> Reach:
    """Counted away from the event loop: an audience may be everybody."""
    linked = exists().where(
        chat_links.c.customer_id == customers.c.id,
        chat_links.c.channel.in_(channels),
        chat_links.c.role == "owner",
        chat_links.c.revoked_at.is_(None),
        chat_links.c.blocked_at.is_(None),
    )
    everybody = members(audience, today).order_by(None).add_columns(linked.label("is_linked")).subquery()
    row = everybody.c
    can = or_(row.phone.is_not(None), row.is_linked)
    person = func.coalesce(row.phone, "service:" + row.service_number)
    counted = select(
        func.count().label("services"),
        func.count(case((and_(can, ~row.is_stopped), person)).distinct()).label("persons"),
        func.count(case((row.is_stopped, 1))).label("stopped"),
        func.count(case((and_(~can, ~row.is_stopped), 1))).label("unreachable"),
    ).select_from(everybody)
    counts: list[Any] = [each async for batch in uow.scan(counted) for each in batch]
    return Reach(*counts[0])


async def named(tx: ReadTx, kind: AudienceKind) -> tuple[Named, ...]:
    """What an audience can be one of."""
    key, name = _LISTS[kind]
    rows = await tx.all(select(key.label("id"), name.label("name")).order_by(name))
    return tuple(Named(row.id, row.name) for row in rows)


async def exists_in(tx: ReadTx, audience: Audience) -> bool:
    if audience.kind not in _LISTS:
        return audience.id is None
    key, _ = _LISTS[audience.kind]
    return audience.id is not None and await tx.scalar(select(key).where(key == audience.id)) is not None


async def held(tx: WriteTx, broadcast_id: int) -> Row[Any]:
    """A broadcast, locked until commit; raises `NotFound("broadcast")`."""
    row = await tx.first(select(broadcasts).where(broadcasts.c.id == broadcast_id).with_for_update())
    if row is None:
        raise NotFound("broadcast")
    return row


async def shown(tx: ReadTx, row: Row[Any]) -> Broadcast:
    """A broadcast with what became of its messages."""
    counted = (
        select(outbox.c.state, func.count().label("jobs"))
        .select_from(broadcast_recipients)
        .join(outbox, outbox.c.key == broadcast_recipients.c.job_key)
        .where(broadcast_recipients.c.broadcast_id == row.id)
        .group_by(outbox.c.state)
    )
    jobs = {each.state: each.jobs for each in await tx.all(counted)}
    return Broadcast(
        id=row.id,
        audience=Audience(AudienceKind(row.audience), row.audience_id),
        body=row.body,
        state=State(row.state),
        expected=row.expected,
        queued=row.queued,
        sent=jobs.get(JobState.DONE, 0),
        failed=jobs.get(JobState.PARKED, 0),
        stopped=row.stopped,
        start_at=row.start_at,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )
