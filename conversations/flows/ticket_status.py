"""Shows how the reports of a service stand: what is open, the story of each by date; and closes one when asked to."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from conversations import ticket_texts
from conversations.engine.flow import Flow
from conversations.engine.say import NO, YES, Option, Say, option, say
from conversations.engine.turn import End, Outcome, Turn
from conversations.flows import identify, which_service
from conversations.flows.identify import IdentifyState
from conversations.flows.which_service import WhichState
from conversations.own_words import has_words, is_another_wish, one_line
from conversations.parsing import parse_yes_no
from conversations.understanding import Intent, understand
from core.customers.types import Duty, ServiceOfChat
from core.platform.errors import NotFound
from core.platform.i18n import Message, message
from core.tickets.types import Ticket, TicketStatus, Timeline

OPEN = frozenset({TicketStatus.PENDING, TicketStatus.PROCESS})
#: Tickets are listed by year; without a day of registration this many years are looked through.
_YEARS_BACK = 5
LONGEST_REMARK = 500

CLOSE, BACK = option("close", "ticket_status.close"), option("back", "ticket_status.back")
SETTLED = option("settled", "ticket_status.settled")
OTHER_SERVICE = option("other_service", "ticket_status.other_service")
REPORT = option(f"intent:{Intent.REPORT_PROBLEM}", "topic.report_problem")

#: What a reason to close may sound like: "thanks, the wifi works again".
_REASONS = (Intent.THANKS, Intent.TICKET_STATUS, Intent.CHECK_CONNECTION, Intent.REPORT_PROBLEM)


class StatusState(Struct, frozen=True, forbid_unknown_fields=True):
    """`ticket` is the number of the one asked for or looked at; `remark` is why it is to be closed, settled if empty."""

    customer_id: int = 0
    number: str = ""
    ticket: str = ""
    remark: str = ""


flow = Flow(
    "ticket_status",
    StatusState,
    label="topic.ticket_status",
    reopening="ticket_status.reopening",
    serves=(Intent.TICKET_STATUS,),
    commands=("tiket", "ticket"),
)


@flow.entry
async def begin(turn: Turn[StatusState]) -> Outcome:
    """A ticket that was named needs no question which of the chat's own services it belongs to."""
    asked = understand(turn.text).entities
    if asked.ticket:
        for service in await turn.own_services(Duty.LINE):
            if await _timeline(turn, service.customer_id, asked.ticket):
                return turn.goto(detail, **_owner(service), ticket=asked.ticket)
    named = IdentifyState(asked.service_number or "", duty=Duty.LINE)
    return turn.call(identify.flow, named, then=identified, ticket=asked.ticket or "")


@flow.continuation
async def identified(turn: Turn[StatusState], service: ServiceOfChat) -> Outcome:
    """The ticket asked for, or what is open."""
    named = turn.state.ticket
    if named and await _timeline(turn, service.customer_id, named):
        return turn.goto(detail, **_owner(service))
    return await _open_of(turn, service, *(["ticket_status.no_such_ticket"] if named else []))


async def _open_of(turn: Turn[StatusState], service: ServiceOfChat, *before: str) -> Outcome:
    """A single open ticket is shown at once, several are listed."""
    opened = await _tickets(turn, service.customer_id, OPEN)
    if len(opened) == 1:
        return turn.goto(detail, *before, **_owner(service), ticket=opened[0].number)
    return turn.goto(tickets, *before, **_owner(service), ticket="")


async def _list(turn: Turn[StatusState]) -> Say | End:
    opened = await _tickets(turn, turn.state.customer_id, OPEN)
    if not opened:
        return await _none_open(turn)
    zone = turn.services.settings.zone
    return say(
        message("ticket_status.open", number=turn.state.number, count=len(opened)),
        rows=[ticket_texts.row(ticket, zone) for ticket in opened],
        footer="ticket_status.pick",
        actions=await _other_services(turn),
    )


@flow.step(_list, help="ticket_status.pick_help", browsing=True)
async def tickets(turn: Turn[StatusState]) -> Outcome:
    if turn.choice == OTHER_SERVICE.id:
        return turn.call(which_service.flow, WhichState(duty=Duty.LINE), then=other)
    asked = turn.choice or understand(turn.text).entities.ticket
    if asked and await _timeline(turn, turn.state.customer_id, asked):
        return turn.goto(detail, ticket=asked)
    return turn.retry("ticket_status.not_listed")


async def _story(turn: Turn[StatusState]) -> Say | End:
    timeline = await _timeline(turn, turn.state.customer_id, turn.state.ticket)
    if timeline is None:
        return End((say("ticket_status.no_such_ticket"),))
    lines = ticket_texts.story(timeline, turn.services.settings.zone)
    if timeline.ticket.status is TicketStatus.CLOSED:
        return _over(*lines)
    opened = await _tickets(turn, turn.state.customer_id, OPEN)
    back = [BACK] if len(opened) > 1 else []
    return say(*lines, actions=(CLOSE, *back, *await _other_services(turn)))


@flow.step(_story, help="ticket_status.detail_help", browsing=True)
async def detail(turn: Turn[StatusState]) -> Outcome:
    if turn.choice == CLOSE.id:
        return turn.goto(why)
    if turn.choice == BACK.id:
        return turn.goto(tickets)
    if turn.choice == OTHER_SERVICE.id:
        return turn.call(which_service.flow, WhichState(duty=Duty.LINE), then=other)
    return turn.retry("ticket_status.detail_unclear")


async def _ask_why(turn: Turn[StatusState]) -> Say:
    return say(message("ticket_status.ask_why", ticket=turn.state.ticket), actions=(SETTLED, BACK))


@flow.step(_ask_why, help="ticket_status.why_help")
async def why(turn: Turn[StatusState]) -> Outcome:
    if turn.choice == BACK.id:
        return turn.goto(detail)
    if turn.choice == SETTLED.id:
        return turn.goto(confirm, remark="")
    if not has_words(turn.text) or is_another_wish(turn.text, *_REASONS):
        return turn.retry("ticket_status.why_unclear")
    return turn.goto(confirm, remark=one_line(turn.text, LONGEST_REMARK))


async def _ask_to_close(turn: Turn[StatusState]) -> Say:
    ticket, remark = turn.state.ticket, one_line(turn.state.remark)
    settled = message("ticket_status.will_close_settled", ticket=ticket)
    told = message("ticket_status.will_close", ticket=ticket, remark=remark) if remark else settled
    return say(told, "ticket_status.is_final", actions=(YES, NO))


@flow.step(_ask_to_close, help="ticket_status.confirm_help")
async def confirm(turn: Turn[StatusState]) -> Outcome:
    agreed = parse_yes_no(turn.text) if turn.choice is None else turn.choice == YES.id
    if agreed is None:
        return turn.retry("ticket_status.yes_or_no")
    if not agreed:
        return turn.goto(detail, "ticket_status.stays_open")
    state = turn.state
    remark = state.remark or SETTLED.label.render(turn.services.settings.language)  # read by our staff
    closed = await turn.services.tickets.close_ticket(
        state.customer_id, ticket_id=None, number=state.ticket, remark=remark
    )
    return turn.end(message("ticket_status.closed", ticket=closed.ticket.number))


@flow.continuation
async def other(turn: Turn[StatusState], service: ServiceOfChat | None) -> Outcome:
    """Another service of the same chat, from the start."""
    return turn.goto(tickets, ticket="") if service is None else await _open_of(turn, service)


async def _timeline(turn: Turn[StatusState], customer_id: int, number: str) -> Timeline | None:
    try:
        return await turn.services.tickets.timeline(customer_id, ticket_id=None, number=number)
    except NotFound:
        return None


async def _tickets(
    turn: Turn[StatusState], customer_id: int, statuses: frozenset[TicketStatus]
) -> Sequence[Ticket]:
    """Newest first, since the service began."""
    profile = await turn.services.subscriptions.profile(customer_id)
    this_year = turn.today.year
    began = profile.registered_on.year if profile.registered_on else this_year - _YEARS_BACK
    found: list[Ticket] = []
    for year in range(this_year, began - 1, -1):
        found += await turn.services.tickets.tickets_of(customer_id, statuses=statuses, year=year)
    return found


async def _none_open(turn: Turn[StatusState]) -> Say | End:
    """Nothing to wait for: the last report that was settled, or that there was none."""
    state = turn.state
    closed = await _tickets(turn, state.customer_id, frozenset({TicketStatus.CLOSED}))
    last = await _timeline(turn, state.customer_id, closed[0].number) if closed else None
    if last is None:
        lines = [message("ticket_status.none", number=state.number)]
    else:
        story = ticket_texts.story(last, turn.services.settings.zone)
        lines = [message("ticket_status.none_open", number=state.number), *story]
    others = await _other_services(turn)
    return say(*lines, "ticket_status.how_to_report", actions=others) if others else _over(*lines)


def _over(*lines: Message) -> End:
    """The dialogue is over; a new report can be begun from here."""
    return End((say(*lines, actions=(REPORT,)),))


async def _other_services(turn: Turn[StatusState]) -> list[Option]:
    return [OTHER_SERVICE] if len(await turn.own_services(Duty.LINE)) > 1 else []


def _owner(service: ServiceOfChat) -> dict[str, object]:
    return {"customer_id": service.customer_id, "number": service.service_number}
