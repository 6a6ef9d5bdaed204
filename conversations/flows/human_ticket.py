"""Turns a request that nobody has answered into a report, with what the customer has written so far."""

from __future__ import annotations

from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.say import NO, YES, Say, option, say
from conversations.engine.turn import Cue, Outcome, Turn
from conversations.engine.words import folded
from conversations.flows import identify
from conversations.flows.identify import IdentifyState
from conversations.own_words import one_line
from conversations.parsing import parse_yes_no
from conversations.understanding import Intent, understand
from core.customers.types import Duty, ServiceOfChat
from core.platform.i18n import message

LONGEST_DESCRIPTION = 1000
REPORT = option(f"intent:{Intent.REPORT_PROBLEM}", "topic.report_problem")


class HumanTicketState(Struct, frozen=True, forbid_unknown_fields=True):
    customer_id: int = 0
    number: str = ""
    description: str = ""


#: What the notice that nobody came tells people to reply with.
_WORDS = frozenset({"jadikan tiket", "make it a ticket"})


async def _hears(cue: Cue) -> bool:
    return folded(cue.text) in _WORDS


flow = Flow(
    "human_ticket",
    HumanTicketState,
    commands=("jadikantiket", "maketicket"),
    hears=_hears,
)


@flow.entry
async def begin(turn: Turn[HumanTicketState]) -> Outcome:
    """Without an open request, a report is begun from the start."""
    story = await turn.services.handovers.open_of(turn.chat.channel, turn.chat.address)
    said = [line.text for line in story.lines if line.author is None] if story else []
    if not said:
        return turn.end(say("human_ticket.nothing_open", actions=(REPORT,)))
    story_told = [line for line in said if understand(line).intent is not Intent.HUMAN] or said
    description = one_line(" / ".join(story_told), LONGEST_DESCRIPTION)
    return turn.call(identify.flow, IdentifyState(duty=Duty.LINE), then=identified, description=description)


@flow.continuation
async def identified(turn: Turn[HumanTicketState], service: ServiceOfChat) -> Outcome:
    return turn.goto(confirm, customer_id=service.customer_id, number=service.service_number)


async def _ask(turn: Turn[HumanTicketState]) -> Say:
    state = turn.state
    return say(
        message("human_ticket.confirm", number=state.number, description=one_line(state.description)),
        actions=(YES, NO),
    )


@flow.step(_ask, help="human_ticket.help")
async def confirm(turn: Turn[HumanTicketState]) -> Outcome:
    agreed = parse_yes_no(turn.text) if turn.choice is None else turn.choice == YES.id
    if agreed is None:
        return turn.retry("human_ticket.yes_or_no")
    if not agreed:
        return turn.end("human_ticket.stays")
    state, services = turn.state, turn.services
    _, solutions = await services.tickets.options()
    if not solutions:
        return turn.end("human_ticket.stays")
    opened = await services.tickets.open_ticket(
        state.customer_id,
        help_type_id=solutions[0].help_type_id,
        help_solution_id=solutions[0].id,
        description=state.description,
        request_id=turn.id,
    )
    await services.handovers.withdraw(turn.chat.channel, turn.chat.address)
    return turn.end(message("human_ticket.made", ticket=opened.number))
