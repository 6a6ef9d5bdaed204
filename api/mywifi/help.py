"""The help desk: see, open, follow and close tickets (mywifi contract §6, endpoints 20 to 24)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from quart import Blueprint, Response, request

from api.auth import services
from api.forms import Complaints
from api.http import answer, read
from api.mywifi import bodies, examples, render
from api.mywifi.access import for_customers, for_logins
from api.mywifi.bodies import StatusMessage
from api.mywifi.envelope import invalid
from api.operations import Operation, Refusal
from api.rules import OneOf, SomeOf, Text, Whole
from core.customers.types import CustomerName
from core.identity.types import Caller
from core.platform.errors import Conflict, Invalid, NotFound
from core.platform.ids import new_uuid
from core.tickets.types import TicketStatus

blueprint = Blueprint("mywifi_help", __name__, url_prefix="/api/help")

_NO_TICKET = Refusal(
    NotFound,
    "ticket",
    404,
    StatusMessage("not_found", "Tiket bantuan tidak ditemukan untuk pelanggan ini."),
)
_BAD_TYPE = "The selected help type is invalid."
_BAD_SOLUTION = "The selected help solution is invalid."
_TOO_MANY = "Masih ada 5 tiket terbuka. Tutup salah satu terlebih dahulu."
_OPEN = frozenset({"pending", "process"})
_STATUSES = SomeOf(OneOf(("pending", "process", "closed", "all"), also={"close": "closed"}))


class TicketFilter(Struct, frozen=True):
    """Which tickets; `all` means whatever their status. Without a year, those of this year."""

    status: Annotated[frozenset[str], _STATUSES] = _OPEN
    year: Annotated[int | None, Whole(1970, 2100)] = None

    @property
    def statuses(self) -> frozenset[TicketStatus] | None:
        return None if "all" in self.status else frozenset(map(TicketStatus, self.status))


class TicketForm(Struct, frozen=True):
    """A problem, and the remedy tried for it."""

    help_type: Annotated[int, Whole()]
    help_solution: Annotated[int, Whole()]
    description: Annotated[str, Text(longest=2000)]


class TicketChoice(Struct, frozen=True):
    """A ticket by its id or its number; both must mean the same one."""

    id: Annotated[int | None, Whole()] = None
    no_ticket: Annotated[str | None, Text(longest=64)] = None


class TicketClosing(Struct, frozen=True):
    """A ticket, and the last word about it."""

    remark: Annotated[str, Text(longest=1000)]
    id: Annotated[int | None, Whole()] = None
    no_ticket: Annotated[str | None, Text(longest=64)] = None


async def _choice_is_offered(form: Mapping[str, Any]) -> Complaints:
    """A type must exist, and a solution must belong to it."""
    types, solutions = await services().tickets.options()
    kind, solution = form.get("help_type"), form.get("help_solution")
    complaints: Complaints = {}
    if kind is not None and kind not in {each.id for each in types}:
        complaints["help_type"] = [_BAD_TYPE]
    fitting = {each.id for each in solutions if kind is None or each.help_type_id == kind}
    if solution is not None and "help_type" not in complaints and solution not in fitting:
        complaints["help_solution"] = [_BAD_SOLUTION]
    return complaints


async def _names_a_ticket(form: Mapping[str, Any]) -> Complaints:
    if "id" in form or "no_ticket" in form:
        return {}
    return {"id": ["Parameter id/no_ticket wajib ada salah satu."]}


@blueprint.get("")
@for_customers(
    Operation(summary="Daftar tiket bantuan pelanggan.", reads=TicketFilter, answer=examples.TICKETS)
)
async def list_tickets(customer: CustomerName) -> Response:
    """Newest first; open ones of this year unless asked otherwise."""
    form = await read(TicketFilter)
    found = await services().tickets.tickets_of(customer.id, statuses=form.statuses, year=form.year)
    tickets = tuple(render.ticket(each, _zone()) for each in found)
    return answer(bodies.HelpList(customer=render.head(customer), data=tickets))


@blueprint.get("/options")
@for_logins(Operation(summary="Pilihan tipe bantuan dan solusi.", answer=examples.HELP_OPTIONS))
async def list_options(_caller: Caller) -> Response:
    """What can be wrong, and the first remedy for each."""
    types, solutions = await services().tickets.options()
    return answer(
        bodies.HelpOptions(
            help_types=tuple(bodies.Named(each.id, each.name) for each in types),
            help_solutions=tuple(
                bodies.Solution(each.id, each.name, each.solution, each.help_type_id) for each in solutions
            ),
        )
    )


@blueprint.post("")
@for_customers(
    Operation(
        summary="Membuat tiket bantuan baru.",
        reads=TicketForm,
        answer=examples.TICKET_OPENED,
        status=201,
        refuses=(
            invalid(Conflict, "too_many_open", "description", _TOO_MANY),
            invalid(Invalid, "help_type", "help_type", _BAD_TYPE),
            invalid(Invalid, "help_solution", "help_solution", _BAD_SOLUTION),
        ),
    )
)
async def open_ticket(customer: CustomerName) -> Response:
    """A repeat with the same `Idempotency-Key` header gives the first ticket back."""
    form = await read(TicketForm, check=_choice_is_offered)
    opened = await services().tickets.open_ticket(
        customer.id,
        help_type_id=form.help_type,
        help_solution_id=form.help_solution,
        description=form.description,
        request_id=_request_id(customer.id),
    )
    return answer(bodies.HelpCreated(data=render.opened_ticket(opened, _zone())), 201)


@blueprint.get("/timeline")
@for_customers(
    Operation(
        summary="Timeline tiket bantuan tertentu.",
        reads=TicketChoice,
        answer=examples.TIMELINE,
        refuses=(_NO_TICKET,),
    )
)
async def show_timeline(customer: CustomerName) -> Response:
    """Oldest line first."""
    form = await read(TicketChoice, check=_names_a_ticket)
    found = await services().tickets.timeline(customer.id, ticket_id=form.id, number=form.no_ticket)
    lines = tuple(render.timeline_entry(each, _zone()) for each in found.events)
    name = bodies.TicketName(found.ticket.id, found.ticket.number)
    return answer(bodies.HelpTimeline(ticket=name, data=lines))


@blueprint.patch("/close")
@blueprint.put("/close")
@blueprint.post("/close")
@for_customers(
    Operation(
        summary="Menutup tiket bantuan.",
        reads=TicketClosing,
        answer=examples.TICKET_CLOSED,
        refuses=(_NO_TICKET,),
    )
)
async def close_ticket(customer: CustomerName) -> Response:
    """A closed ticket stays as it is: the answer is its closing line."""
    form = await read(TicketClosing, check=_names_a_ticket)
    closed = await services().tickets.close_ticket(
        customer.id, ticket_id=form.id, number=form.no_ticket, remark=form.remark
    )
    name = bodies.TicketName(closed.ticket.id, closed.ticket.number)
    return answer(bodies.HelpClosed(ticket=name, timeline=render.closing_entry(closed.events[-1], _zone())))


def _zone() -> ZoneInfo:
    return services().settings.zone


def _request_id(customer_id: int) -> str:
    """One customer's keys never meet another's, and are short enough to be kept."""
    key = request.headers.get("Idempotency-Key", "").strip()[:64] or new_uuid()
    return f"mywifi:{customer_id}:{key}"
