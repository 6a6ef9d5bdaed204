"""Writes of tickets that run inside a use case's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import nh3
from sqlalchemy import Row, select

from core.messaging.notices import Notice, StaffNotice, notify, tell_staff
from core.platform.errors import Invalid
from core.platform.i18n import message
from core.platform.uow import WriteTx
from core.settings import Settings
from core.tickets.tables import help_solutions, help_types, ticket_events, tickets
from core.tickets.types import Ticket, TicketStatus

_STANDS: Mapping[TicketStatus, str] = {
    TicketStatus.PENDING: "notice.status_pending",
    TicketStatus.PROCESS: "notice.status_process",
    TicketStatus.CLOSED: "notice.status_closed",
}
#: As much of a description is told to staff.
_TOLD = 200
OPENED_REMARK = "Tiket dibuat oleh pelanggan."


def clean_solution(html: str) -> str:
    """Solutions are HTML in old data: keep harmless markup, drop the rest."""
    return nh3.clean(html, tags={"b", "i", "em", "strong", "p", "br", "ul", "ol", "li"}, attributes={})


async def check_choice(tx: WriteTx, help_type_id: int, help_solution_id: int) -> None:
    """Raises `Invalid("help_type")` or `Invalid("help_solution")`; a solution must belong to the type."""
    if await tx.scalar(select(help_types.c.id).where(help_types.c.id == help_type_id)) is None:
        raise Invalid("help_type")
    belongs = (help_solutions.c.id == help_solution_id, help_solutions.c.help_type_id == help_type_id)
    if await tx.scalar(select(help_solutions.c.id).where(*belongs)) is None:
        raise Invalid("help_solution")


async def add_event(
    tx: WriteTx, ticket_id: int, *, remark: str, status: TicketStatus, actor: str, action: str
) -> int:
    """Append a line to a ticket's timeline; returns its id."""
    return await tx.insert(
        ticket_events,
        ticket_id=ticket_id,
        remark=remark,
        status=status,
        actor=actor,
        action=action,
        created_at=tx.now,
    )


async def tell_staff_of(tx: WriteTx, settings: Settings, ticket: Ticket, name: str) -> None:
    """Let staff know of a new ticket, in short: the whole of it is where they take it up."""
    description = " ".join(ticket.description.split())
    await tell_staff(
        tx,
        settings,
        kind=StaffNotice.TICKET_OPENED,
        key=f"ticket-{ticket.id}",
        args={
            "ticket": ticket.number,
            "name": name,
            "service": ticket.service_number,
            "help_type": ticket.help_type,
            "description": description[:_TOLD] + ("…" if len(description) > _TOLD else ""),
        },
    )


async def add_staff_event(
    tx: WriteTx, settings: Settings, ticket: Row[Any], *, remark: str, status: TicketStatus, actor: str
) -> None:
    """Write down what staff say of a ticket and how it stands from now, and let the customer know."""
    await tx.execute(tickets.update().where(tickets.c.id == ticket.id).values(status=status))
    event_id = await add_event(tx, ticket.id, remark=remark, status=status, actor=actor, action="by staff")
    await notify(
        tx,
        settings,
        customer_id=ticket.customer_id,
        kind=Notice.TICKET_CHANGED,
        key=f"ticket-event-{event_id}",
        args={"ticket": ticket.number, "status": message(_STANDS[status]), "remark": remark},
    )
