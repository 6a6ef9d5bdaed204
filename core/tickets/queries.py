"""Reads of tickets shared by the use cases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, select

from core.customers.tables import customers
from core.platform.errors import NotFound
from core.platform.uow import ReadTx
from core.tickets.tables import help_solutions, help_types, ticket_events, tickets
from core.tickets.types import Ticket, TicketEvent, TicketStatus

listed: Select[Any] = (
    select(
        tickets,
        customers.c.service_number,
        customers.c.name.label("customer_name"),
        help_types.c.name.label("help_type"),
        help_solutions.c.name.label("help_solution"),
    )
    .join(customers, customers.c.id == tickets.c.customer_id)
    .join(help_types, help_types.c.id == tickets.c.help_type_id)
    .join(help_solutions, help_solutions.c.id == tickets.c.help_solution_id)
)


async def named(
    tx: ReadTx, customer_id: int, *, ticket_id: int | None, number: str | None, lock: bool = False
) -> Row[Any]:
    """A customer's ticket by id, number or both agreeing; a foreign one is `NotFound("ticket")` like a missing one."""
    statement = listed.where(tickets.c.customer_id == customer_id)
    if ticket_id is not None:
        statement = statement.where(tickets.c.id == ticket_id)
    if number is not None:
        statement = statement.where(tickets.c.number == number)
    row = await tx.first(statement.with_for_update(of=tickets) if lock else statement)
    if row is None or (ticket_id is None and number is None):
        raise NotFound("ticket")
    return row


async def numbered(tx: ReadTx, number: str) -> Row[Any]:
    """Anybody's ticket by its number, locked until commit; raises `NotFound("ticket")`."""
    row = await tx.first(listed.where(tickets.c.number == number).with_for_update(of=tickets))
    if row is None:
        raise NotFound("ticket")
    return row


async def events_of(tx: ReadTx, ticket_id: int) -> tuple[TicketEvent, ...]:
    """A ticket's timeline, oldest line first."""
    rows = await tx.all(
        select(ticket_events).where(ticket_events.c.ticket_id == ticket_id).order_by(ticket_events.c.id)
    )
    return tuple(
        TicketEvent(row.remark, TicketStatus(row.status), row.actor, row.action, row.created_at)
        for row in rows
    )


def as_ticket(row: Row[Any]) -> Ticket:
    return Ticket(
        id=row.id,
        number=row.number,
        service_number=row.service_number,
        description=row.description,
        status=TicketStatus(row.status),
        opened_at=row.opened_at,
        help_type=row.help_type,
        help_solution=row.help_solution,
    )
