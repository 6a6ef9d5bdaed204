"""Writes of tickets that run inside a use case's transaction."""

from __future__ import annotations

import nh3
from sqlalchemy import select

from core.platform.errors import Invalid
from core.platform.uow import WriteTx
from core.tickets.tables import help_solutions, help_types, ticket_events
from core.tickets.types import TicketStatus

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
) -> None:
    """Append a line to a ticket's timeline."""
    await tx.execute(
        ticket_events.insert().values(
            ticket_id=ticket_id, remark=remark, status=status, actor=actor, action=action, created_at=tx.now
        )
    )
