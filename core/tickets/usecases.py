"""What can be done about tickets: customers open, follow and close them, staff answer."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, date
from typing import Any

from sqlalchemy import Row, func, select

from core.customers.queries import name_of, subscribed
from core.platform.clock import day_start, local_day
from core.platform.errors import Conflict
from core.platform.numbering import next_number
from core.platform.uow import ReadTx, UnitOfWork, WriteTx
from core.settings import Settings
from core.tickets import queries
from core.tickets.commands import OPENED_REMARK, add_event, add_staff_event, check_choice, tell_staff_of
from core.tickets.tables import help_solutions, help_types, tickets
from core.tickets.types import HelpSolution, HelpType, Ticket, TicketStatus, Timeline

#: More than this many open tickets are refused (mywifi contract §11.4).
MOST_OPEN = 5


class Tickets:
    """Each method is one use case and one transaction."""

    def __init__(self, uow: UnitOfWork, settings: Settings) -> None:
        self._uow, self._settings = uow, settings

    async def options(self) -> tuple[tuple[HelpType, ...], tuple[HelpSolution, ...]]:
        """What can be wrong, and the first remedy for it."""
        async with self._uow.read() as tx:
            types = await tx.all(select(help_types).order_by(help_types.c.id))
            solutions = await tx.all(select(help_solutions).order_by(help_solutions.c.id))
        return (
            tuple(HelpType(row.id, row.name) for row in types),
            tuple(HelpSolution(row.id, row.help_type_id, row.name, row.solution) for row in solutions),
        )

    async def tickets_of(
        self, customer_id: int, *, statuses: frozenset[TicketStatus] | None, year: int | None = None
    ) -> tuple[Ticket, ...]:
        """A customer's tickets of a year of the business's calendar (this one when None), newest first; `statuses` None means any."""
        async with self._uow.read() as tx:
            shown = local_day(tx.now, self._settings.zone).year if year is None else year
            if not MINYEAR < shown < MAXYEAR:
                return ()
            statement = queries.listed.where(
                tickets.c.customer_id == customer_id,
                tickets.c.opened_at >= day_start(date(shown, 1, 1), self._settings.zone),
                tickets.c.opened_at < day_start(date(shown + 1, 1, 1), self._settings.zone),
            )
            if statuses is not None:
                statement = statement.where(tickets.c.status.in_(sorted(statuses)))
            rows = await tx.all(statement.order_by(tickets.c.opened_at.desc(), tickets.c.id.desc()))
        return tuple(queries.as_ticket(row) for row in rows)

    async def open_ticket(
        self, customer_id: int, *, help_type_id: int, help_solution_id: int, description: str, request_id: str
    ) -> Ticket:
        """Open a ticket with its first timeline line; a repeated `request_id` gives the first one back.

        Raises `NotFound("not_subscribed")`, `Invalid("help_type")`, `Invalid("help_solution")`, `Conflict("too_many_open")`.
        """
        async with self._uow.write() as tx:
            customer = await subscribed(tx, customer_id, lock=True)  # the lock makes the count below hold
            earlier = await tx.first(
                queries.listed.where(tickets.c.request_id == request_id, tickets.c.customer_id == customer_id)
            )
            if earlier is not None:
                return queries.as_ticket(earlier)
            await check_choice(tx, help_type_id, help_solution_id)
            if await _open_count(tx, customer_id) >= MOST_OPEN:
                raise Conflict("too_many_open")
            ticket_id = await tx.insert(
                tickets,
                number=await next_number(tx, "ticket", local_day(tx.now, self._settings.zone)),
                customer_id=customer_id,
                help_type_id=help_type_id,
                help_solution_id=help_solution_id,
                description=description,
                status=TicketStatus.PENDING,
                request_id=request_id,
                opened_at=tx.now,
            )
            await add_event(
                tx,
                ticket_id,
                remark=OPENED_REMARK,
                status=TicketStatus.PENDING,
                actor=customer.name,
                action="by customer",
            )
            ticket = queries.as_ticket(await queries.named(tx, customer_id, ticket_id=ticket_id, number=None))
            await tell_staff_of(tx, self._settings, ticket, customer.name)
            return ticket

    async def timeline(self, customer_id: int, *, ticket_id: int | None, number: str | None) -> Timeline:
        """A ticket with its timeline. Raises `NotFound("not_subscribed")`, `NotFound("ticket")`."""
        async with self._uow.read() as tx:
            await name_of(tx, customer_id)
            row = await queries.named(tx, customer_id, ticket_id=ticket_id, number=number)
            return await _timeline(tx, row)

    async def close_ticket(
        self, customer_id: int, *, ticket_id: int | None, number: str | None, remark: str
    ) -> Timeline:
        """Close a ticket; the last event is the closing line. A closed one stays as it is: there is no reopening.

        Raises `NotFound("not_subscribed")`, `NotFound("ticket")`.
        """
        async with self._uow.write() as tx:
            customer = await name_of(tx, customer_id)
            row = await queries.named(tx, customer_id, ticket_id=ticket_id, number=number, lock=True)
            if row.status != TicketStatus.CLOSED:
                closed = TicketStatus.CLOSED
                await tx.execute(tickets.update().where(tickets.c.id == row.id).values(status=closed))
                await add_event(
                    tx, row.id, remark=remark, status=closed, actor=customer.name, action="by customer"
                )
                row = await queries.named(tx, customer_id, ticket_id=row.id, number=None)
            return await _timeline(tx, row)

    async def answer_ticket(self, number: str, *, remark: str, status: TicketStatus, actor: str) -> Timeline:
        """Staff say something of a ticket, or how it stands from now; the customer is told.

        `actor` is the name the customer reads. Raises `NotFound("ticket")`; a closed one is `Conflict("ticket_closed")`,
        there is no reopening.
        """
        async with self._uow.write() as tx:
            row = await queries.numbered(tx, number)
            if row.status == TicketStatus.CLOSED:
                raise Conflict("ticket_closed")
            await add_staff_event(tx, self._settings, row, remark=remark, status=status, actor=actor)
            return await _timeline(tx, await queries.numbered(tx, number))


async def _open_count(tx: WriteTx, customer_id: int) -> int:
    still_open = (tickets.c.customer_id == customer_id, tickets.c.status != TicketStatus.CLOSED)
    return int(await tx.scalar(select(func.count()).select_from(tickets).where(*still_open)))


async def _timeline(tx: ReadTx, row: Row[Any]) -> Timeline:
    return Timeline(queries.as_ticket(row), await queries.events_of(tx, row.id))
