"""Staff work on reports: the open ones, one taken, a remark, the end; the customer is told of each."""

from __future__ import annotations

from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.say import Option, Say, option, say
from conversations.engine.turn import Audience, Cue, End, Outcome, Turn
from conversations.own_words import has_words, one_line
from conversations.understanding import understand
from core.identity.staff import Permission, StaffMember
from core.office.types import OpenTicket
from core.platform.errors import Conflict, Forbidden, NotFound
from core.platform.i18n import message
from core.tickets.types import TicketStatus

TAKE, REMARK = option("take", "staff_tickets.take"), option("remark", "staff_tickets.remark")
CLOSE, BACK = option("close", "staff_tickets.close"), option("back", "staff_tickets.back")
LONGEST_REMARK = 500


class TicketsState(Struct, frozen=True, forbid_unknown_fields=True):
    """`closes` says what the remark that is asked for is going to do."""

    ticket: str = ""
    closes: bool = False


async def _waiting(cue: Cue) -> int:
    staff = cue.chat.staff
    return 0 if staff is None else len(await cue.services.office.open_tickets(staff))


flow = Flow(
    "staff_tickets",
    TicketsState,
    label="topic.staff_tickets",
    reopening="staff_tickets.reopening",
    commands=("tugas", "jobs"),
    audience=Audience.STAFF,
    permission=Permission.TICKETS,
    counts=(_waiting, "topic.staff_tickets_waiting"),
)


@flow.entry
async def begin(turn: Turn[TicketsState]) -> Outcome:
    """`tugas 261122001` opens that one at once."""
    named = understand(turn.text).entities.ticket
    return turn.goto(detail, ticket=named) if named else turn.goto(queue)


async def _queue(turn: Turn[TicketsState]) -> Say | End:
    opened = await turn.services.office.open_tickets(_member(turn))
    if not opened:
        return End((say("staff_tickets.empty"),))
    rows = [
        Option(each.number, message("staff_tickets.row", number=each.number, who=each.customer))
        for each in opened
    ]
    return say(message("staff_tickets.queue", count=len(rows)), rows=rows)


@flow.step(_queue, help="staff_tickets.queue_help", browsing=True)
async def queue(turn: Turn[TicketsState]) -> Outcome:
    chosen = turn.choice or understand(turn.text).entities.ticket
    return turn.goto(detail, ticket=chosen) if chosen else turn.retry("staff_tickets.queue_help")


async def _detail(turn: Turn[TicketsState]) -> Say | End:
    ticket = await _ticket(turn)
    if ticket is None:
        return End((say("staff_tickets.over"),))
    told = message(
        "staff_tickets.detail", number=ticket.number, who=ticket.customer, service=ticket.service_number
    )
    words = message("staff_tickets.words", text=one_line(ticket.description))
    return say(told, words, actions=(*(() if ticket.taken else (TAKE,)), REMARK, CLOSE, BACK))


@flow.step(_detail, help="staff_tickets.detail_help", browsing=True)
async def detail(turn: Turn[TicketsState]) -> Outcome:
    if turn.choice == BACK.id:
        return turn.goto(queue)
    if turn.choice == TAKE.id:
        remark = TAKEN.render(turn.services.settings.language)
        return await _answer(turn, remark, TicketStatus.PROCESS)
    if turn.choice in {REMARK.id, CLOSE.id}:
        return turn.goto(words, closes=turn.choice == CLOSE.id)
    return turn.retry("staff_tickets.detail_help")


async def _ask_words(turn: Turn[TicketsState]) -> Say:
    key = "staff_tickets.ask_closing" if turn.state.closes else "staff_tickets.ask_remark"
    return say(message(key, number=turn.state.ticket), actions=(BACK,))


@flow.step(_ask_words, help="staff_tickets.words_help", interruptible=False)
async def words(turn: Turn[TicketsState]) -> Outcome:
    if turn.choice == BACK.id:
        return turn.goto(detail)
    if not has_words(turn.text):
        return turn.retry("staff_tickets.words_help")
    status = TicketStatus.CLOSED if turn.state.closes else TicketStatus.PROCESS
    return await _answer(turn, one_line(turn.text, LONGEST_REMARK), status)


TAKEN = message("staff_tickets.taken_remark")


async def _answer(turn: Turn[TicketsState], remark: str, status: TicketStatus) -> Outcome:
    number = turn.state.ticket
    try:
        await turn.services.office.answer_ticket(_member(turn), number, remark=remark, status=status)
    except (NotFound, Conflict):
        return turn.end("staff_tickets.over")
    if status is TicketStatus.CLOSED:
        return turn.end(message("staff_tickets.closed", number=number))
    return turn.goto(detail, "staff_tickets.told")


async def _ticket(turn: Turn[TicketsState]) -> OpenTicket | None:
    try:
        return await turn.services.office.ticket(_member(turn), turn.state.ticket)
    except (NotFound, Conflict):
        return None


def _member(turn: Turn[TicketsState]) -> StaffMember:
    if turn.staff is None:
        raise Forbidden("not_staff")
    return turn.staff
