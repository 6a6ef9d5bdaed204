"""What tickets' use cases give back."""

from __future__ import annotations

import enum
from datetime import datetime

from msgspec import Struct


class TicketStatus(enum.StrEnum):
    PENDING = "pending"
    PROCESS = "process"
    CLOSED = "closed"


class HelpType(Struct, frozen=True):
    id: int
    name: str


class HelpSolution(Struct, frozen=True):
    """A first remedy for a help type; `solution` is sanitised HTML."""

    id: int
    help_type_id: int
    name: str
    solution: str


class Ticket(Struct, frozen=True):
    id: int
    number: str
    service_number: str
    description: str
    status: TicketStatus
    opened_at: datetime
    help_type: str
    help_solution: str


class TicketEvent(Struct, frozen=True):
    """A line of the timeline; `actor` is the name of who did it."""

    remark: str
    status: TicketStatus
    actor: str
    action: str
    at: datetime


class Timeline(Struct, frozen=True):
    ticket: Ticket
    events: tuple[TicketEvent, ...]
