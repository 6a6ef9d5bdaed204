"""Reads of hand-overs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, bindparam, select

from core.customers.tables import customers
from core.handover.tables import handover_lines, handovers
from core.handover.types import SILENT, Answering, Handover, HandoverState, Line, Story
from core.platform import phones
from core.platform.prepared import Prepared
from core.platform.uow import ReadTx

_SHOWN_LINES = 20
_MOST_LISTED = 30

_of_chat = (
    handovers.c.channel == bindparam("channel"),
    handovers.c.address == bindparam("address"),
    handovers.c.closed_at.is_(None),
)
_ANSWERING = Prepared(select(handovers.c.id, handovers.c.request_id, handovers.c.state).where(*_of_chat))

_last = (
    select(handover_lines.c.text)
    .where(handover_lines.c.handover_id == handovers.c.id, handover_lines.c.author.is_(None))
    .order_by(handover_lines.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
listed: Select[Any] = select(
    handovers, customers.c.name, customers.c.service_number, _last.label("last_text")
).outerjoin(customers, customers.c.id == handovers.c.customer_id)


async def answering(tx: ReadTx, channel: str, address: str) -> Answering | None:
    """Whether a person answers this chat, so that the bot must not."""
    rows = await tx.rows(_ANSWERING, channel=channel, address=address)
    if not rows or rows[0].state not in SILENT:
        return None
    return Answering(rows[0].id, rows[0].request_id)


async def locked_open(tx: ReadTx, channel: str, address: str) -> Row[Any] | None:
    """The open request of a chat, held until commit."""
    values = {"channel": channel, "address": address}
    return await tx.first(select(handovers).where(*_of_chat).with_for_update(), values)


async def locked(tx: ReadTx, handover_id: int) -> Row[Any] | None:
    return await tx.first(select(handovers).where(handovers.c.id == handover_id).with_for_update())


async def shown(tx: ReadTx, handover_id: int) -> Handover | None:
    row = await tx.first(listed.where(handovers.c.id == handover_id))
    return None if row is None else as_handover(row)


async def open_ones(tx: ReadTx) -> tuple[Handover, ...]:
    """Open requests, those that wait longest first."""
    statement = listed.where(handovers.c.closed_at.is_(None)).order_by(handovers.c.requested_at)
    return tuple(as_handover(row) for row in await tx.all(statement.limit(_MOST_LISTED)))


async def story(tx: ReadTx, handover_id: int, *, after: int = 0) -> Story | None:
    """A request with its latest lines, oldest first; only those after the line `after`."""
    found = await shown(tx, handover_id)
    if found is None:
        return None
    said = handover_lines.c
    lines = select(handover_lines).where(said.handover_id == handover_id, said.id > after)
    rows = await tx.all(lines.order_by(said.id.desc()).limit(_SHOWN_LINES))
    return Story(found, tuple(Line(row.id, row.author_name, row.text, row.said_at) for row in reversed(rows)))


def as_handover(row: Row[Any]) -> Handover:
    known = f"{row.name} · {row.service_number}" if row.name else ""
    return Handover(
        id=row.id,
        who=known or phones.mask(row.address),
        customer_id=row.customer_id,
        channel=row.channel,
        state=HandoverState(row.state),
        owner=row.owner,
        owner_name=row.owner_name,
        requested_at=row.requested_at,
        last_text=row.last_text or "",
    )
