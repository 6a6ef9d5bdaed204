"""Acts of staff for customers: each checks the role, and is recorded in the transaction that does it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, literal_column, or_, select

from core.audit import log as audit
from core.customers.tables import customers
from core.identity.staff import Permission, StaffMember
from core.network import switching
from core.office.types import Found, OpenTicket
from core.platform import phones
from core.platform.errors import Conflict, Forbidden, NotFound
from core.platform.uow import UnitOfWork
from core.settings import Settings
from core.subscriptions.tables import subscriptions
from core.tickets import queries as ticket_queries
from core.tickets.commands import add_staff_event
from core.tickets.tables import tickets
from core.tickets.types import TicketStatus

_MOST_FOUND, _MOST_LISTED = 10, 30
_SHORTEST_NAME = 3


class Office:
    """Each method is one use case and one transaction; all raise `Forbidden("not_staff")` for a role that may not."""

    def __init__(self, uow: UnitOfWork, settings: Settings) -> None:
        self._uow, self._settings = uow, settings

    async def search(self, member: StaffMember, typed: str) -> tuple[Found, ...]:
        """Customers by service number, phone, or the beginning of a name or of one of its words; the best ten."""
        _allow(member, Permission.CUSTOMERS)
        wanted = " ".join(typed.split())[:64]
        async with self._uow.read() as tx:
            rows = await tx.all(_found(_numbered(wanted)))
            if not rows and len(wanted) >= _SHORTEST_NAME:
                rows = await tx.all(_found(_called(wanted)))
        return tuple(Found(row.id, row.service_number, row.name) for row in rows)

    async def switch_line(
        self, member: StaffMember, customer_id: int, *, isolate: bool, request_id: str
    ) -> int:
        """Close or open every line of a customer; the router follows, and the customer is told by then.

        Returns how many lines that concerns; the repeat of a request changes nothing. Raises `NotFound("line")`.
        """
        _allow(member, Permission.LINES)
        async with self._uow.write() as tx:
            lines = await tx.all(
                select(subscriptions.c.id).where(
                    subscriptions.c.customer_id == customer_id, subscriptions.c.router_id.is_not(None)
                )
            )
            if not lines:
                raise NotFound("line")
            keys = {line.id: f"staff-{request_id}-{line.id}" for line in lines}
            wishes = [
                await switching.isolate(tx, line_id, reason="staff", key=key)
                if isolate
                else await switching.restore(tx, line_id, key=key)
                for line_id, key in keys.items()
            ]
            if any(wishes):
                await audit.record(
                    tx,
                    actor=member.actor,
                    action="line.isolate" if isolate else "line.restore",
                    subject=f"customer:{customer_id}",
                    details={"lines": len(lines)},
                )
        return len(lines)

    async def open_tickets(self, member: StaffMember) -> tuple[OpenTicket, ...]:
        """Reports that are not closed, oldest first."""
        _allow(member, Permission.TICKETS)
        async with self._uow.read() as tx:
            is_open = tickets.c.status != literal_column("'closed'")  # spelled as the index has it
            rows = await tx.all(
                ticket_queries.listed.where(is_open).order_by(tickets.c.opened_at).limit(_MOST_LISTED)
            )
        return tuple(map(_ticket, rows))

    async def ticket(self, member: StaffMember, number: str) -> OpenTicket:
        """Raises `NotFound("ticket")`, `Conflict("ticket_closed")`."""
        _allow(member, Permission.TICKETS)
        async with self._uow.read() as tx:
            row = await tx.first(ticket_queries.listed.where(tickets.c.number == number))
        if row is None:
            raise NotFound("ticket")
        if row.status == TicketStatus.CLOSED:
            raise Conflict("ticket_closed")
        return _ticket(row)

    async def answer_ticket(
        self, member: StaffMember, number: str, *, remark: str, status: TicketStatus
    ) -> None:
        """Say something of a report, and how it stands from now; the customer is told.

        Raises `NotFound("ticket")`, `Conflict("ticket_closed")`: there is no reopening.
        """
        _allow(member, Permission.TICKETS)
        async with self._uow.write() as tx:
            row = await ticket_queries.numbered(tx, number)
            if row.status == TicketStatus.CLOSED:
                raise Conflict("ticket_closed")
            await add_staff_event(tx, self._settings, row, remark=remark, status=status, actor=member.name)
            await audit.record(
                tx,
                actor=member.actor,
                action=f"ticket.{status}",
                subject=f"ticket:{row.id}",
                details={},
            )


def _found(condition: ColumnElement[bool]) -> Select[Any]:
    return (
        select(customers.c.id, customers.c.service_number, customers.c.name)
        .where(customers.c.service_number.is_not(None), condition)
        .order_by(customers.c.name, customers.c.id)
        .limit(_MOST_FOUND)
    )


def _numbered(wanted: str) -> ColumnElement[bool]:
    phone = phones.normalise(wanted)
    by_number = customers.c.service_number.in_({wanted, wanted.upper()})
    return or_(by_number, customers.c.phone == phone) if phone else by_number


def _called(wanted: str) -> ColumnElement[bool]:
    """A look through the names: staff do it seldom, and it ends at ten."""
    name, said = func.lower(customers.c.name), wanted.lower()
    return or_(name.startswith(said, autoescape=True), name.contains(f" {said}", autoescape=True))


def _ticket(row: Row[Any]) -> OpenTicket:
    return OpenTicket(
        row.number,
        row.customer_name,
        row.service_number,
        row.description,
        taken=row.status == TicketStatus.PROCESS,
    )


def _allow(member: StaffMember, permission: Permission) -> None:
    if not member.may(permission):
        raise Forbidden("not_staff")
