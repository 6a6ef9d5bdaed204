"""Takes a report of a problem: first what may help at once, then the story, then the ticket; never without a yes."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.say import CANCEL, Option, Say, option, say
from conversations.engine.turn import End, Outcome, Turn
from conversations.flows import identify, outage
from conversations.flows.identify import IdentifyState
from conversations.flows.outage import OutageState
from conversations.own_words import has_words, is_another_wish, one_line, tells_a_problem
from conversations.parsing import parse_yes_no, word_set
from conversations.ticket_texts import plain_tip
from conversations.understanding import Intent, understand
from core.customers.types import Duty, ServiceOfChat
from core.platform.errors import Conflict
from core.platform.i18n import Message, message
from core.subscriptions.types import ServiceStatus
from core.tickets.types import HelpSolution, HelpType

#: What a ticket holds (mywifi contract, operation 22).
LONGEST_STORY = 2000

#: An afterthought as short as this adds nothing to a story.
_FEW_WORDS = 4

FIXED, STILL = option("fixed", "ticket_create.fixed_answer"), option("still", "ticket_create.still_answer")
SEND, CHANGE = option("send", "ticket_create.send"), option("change", "ticket_create.change")
OTHER_KIND = option("other_kind", "ticket_create.other_kind")
SEE_STATUS = option(f"intent:{Intent.TICKET_STATUS}", "ticket_create.see_status")

#: Wishes that are part of telling what is wrong with a line.
_ABOUT_THE_LINE = (Intent.REPORT_PROBLEM, Intent.CHECK_CONNECTION)
_STILL_WORDS = word_set("masih belum blm tetap tetep sama tidak nggak ngga gak ga still not no same isnt")
_FIXED_WORDS = word_set("beres normal nyala lancar pulih fixed works working solved")


class ReportState(Struct, frozen=True, forbid_unknown_fields=True):
    """`tip` is the place of the remedy on show; the last one shown is what the ticket says was tried."""

    customer_id: int = 0
    number: str = ""
    description: str = ""
    help_type: int = 0
    tip: int = 0


flow = Flow(
    "ticket_create",
    ReportState,
    label="topic.report_problem",
    reopening="ticket_create.reopening",
    serves=(Intent.REPORT_PROBLEM,),
    commands=("lapor", "report"),
)


@flow.entry
async def begin(turn: Turn[ReportState]) -> Outcome:
    """What the customer came with is kept when it says what is wrong."""
    named = understand(turn.text).entities.service_number or ""
    told = turn.text[:LONGEST_STORY] if tells_a_problem(turn.text) else ""
    return turn.call(identify.flow, IdentifyState(named, duty=Duty.LINE), then=identified, description=told)


@flow.continuation
async def identified(turn: Turn[ReportState], service: ServiceOfChat) -> Outcome:
    """A line that an outage has taken needs no ticket; one is made all the same for who asks again."""
    owner: dict[str, object] = {"customer_id": service.customer_id, "number": service.service_number}
    around = await turn.services.monitoring.outage_around(service.customer_id)
    if around is not None and around.takes_line and not around.was_told:
        return turn.call(outage.flow, OutageState.of(service.customer_id, around), then=after_outage, **owner)
    return await _begin_report(turn, owner)


@flow.continuation
async def after_outage(turn: Turn[ReportState], _nothing: None) -> Outcome:
    return turn.end()


async def _begin_report(turn: Turn[ReportState], owner: dict[str, object]) -> Outcome:
    types = await _types(turn)
    meant = _meant(types, turn.state.description)
    if meant is not None:
        notes = await _notes(turn, int(str(owner["customer_id"])), meant)
        return turn.goto(tip, *notes, **owner, help_type=meant.id, tip=0)
    return turn.goto(kind, **owner) if types else turn.end("ticket_create.no_kinds")


async def _which_kind(turn: Turn[ReportState]) -> Say:
    rows = [_as_row(help_type) for help_type in await _types(turn)]
    return say("ticket_create.which_kind", rows=rows, actions=(CANCEL,))


@flow.step(_which_kind, help="ticket_create.kind_help")
async def kind(turn: Turn[ReportState]) -> Outcome:
    chosen = next((each for each in await _types(turn) if str(each.id) == turn.choice), None)
    if chosen is None:
        return turn.retry("ticket_create.kind_not_listed")
    notes = await _notes(turn, turn.state.customer_id, chosen)
    return turn.goto(tip, *notes, help_type=chosen.id, tip=0)


async def _tip(turn: Turn[ReportState]) -> Say | End:
    remedies, place = await _remedies(turn), turn.state.tip
    if place >= len(remedies):  # the catalogue has changed since
        return End((say("error.help_type"),))
    remedy, is_last = remedies[place], place + 1 == len(remedies)
    return say(
        "ticket_create.next_tip" if place else "ticket_create.first_tip",
        message("ticket_create.tip", name=remedy.name, text=plain_tip(remedy.solution)),
        "ticket_create.else_we_report" if is_last else "ticket_create.did_it_help",
        actions=(FIXED, STILL),
    )


@flow.step(_tip, help="ticket_create.tip_help")
async def tip(turn: Turn[ReportState]) -> Outcome:
    """Somebody who tells more about the problem has answered, too."""
    told = turn.choice is None and tells_a_problem(turn.text)
    if turn.choice == FIXED.id or (not told and _is_fixed(turn.text)):
        return turn.end("ticket_create.fixed")
    if turn.choice == STILL.id or told or _says(turn.text, _STILL_WORDS):
        return await _on(turn, turn.text if told else "")
    return turn.retry("ticket_create.tip_unclear")


async def _on(turn: Turn[ReportState], told: str) -> Outcome:
    """To the next remedy, then to the story unless it was told, then to the summary."""
    story = _longer(turn.state.description, told)
    if turn.state.tip + 1 < len(await _remedies(turn)):
        return turn.goto(tip, tip=turn.state.tip + 1, description=story)
    return turn.goto(confirm, description=story) if story else turn.goto(describe)


async def _ask_story(turn: Turn[ReportState]) -> Say:
    if not turn.state.description:
        return say("ticket_create.describe", actions=(CANCEL,))
    several = [OTHER_KIND] if len(await _types(turn)) > 1 else []
    return say("ticket_create.describe_anew", actions=(*several, CANCEL))


@flow.step(_ask_story, help="ticket_create.describe_help")
async def describe(turn: Turn[ReportState]) -> Outcome:
    if turn.choice == OTHER_KIND.id:
        return turn.goto(kind)
    if not has_words(turn.text) or is_another_wish(turn.text, *_ABOUT_THE_LINE):
        return turn.retry("ticket_create.too_short")
    if len(turn.text) > LONGEST_STORY:
        return turn.retry(message("ticket_create.too_long", longest=LONGEST_STORY), limited=False)
    return turn.goto(confirm, description=turn.text)


async def _summary(turn: Turn[ReportState]) -> Say:
    state = turn.state
    profile = await turn.services.subscriptions.profile(state.customer_id)
    named = next((each.name for each in await _types(turn) if each.id == state.help_type), "")
    return say(
        "ticket_create.summary",
        message("ticket_create.summary_story", help_type=named, description=one_line(state.description)),
        _place(state.number, profile.address),
        "ticket_create.is_it_right",
        actions=(SEND, CHANGE, CANCEL),
    )


@flow.step(_summary, help="ticket_create.confirm_help")
async def confirm(turn: Turn[ReportState]) -> Outcome:
    agreed = parse_yes_no(turn.text)
    if turn.choice == SEND.id or agreed is True:
        return await _send(turn)
    if turn.choice == CHANGE.id or agreed is False:
        return turn.goto(describe)
    if tells_a_problem(turn.text):
        return turn.goto(confirm, description=turn.text[:LONGEST_STORY])
    return turn.retry("ticket_create.send_or_change")


async def _send(turn: Turn[ReportState]) -> Outcome:
    state, remedies = turn.state, await _remedies(turn)
    try:
        ticket = await turn.services.tickets.open_ticket(
            state.customer_id,
            help_type_id=state.help_type,
            help_solution_id=remedies[min(state.tip, len(remedies) - 1)].id if remedies else 0,
            description=state.description,
            request_id=turn.id,
        )
    except Conflict:  # five are open already
        return turn.end(say("ticket_create.too_many", actions=(SEE_STATUS,)))
    return turn.end(say(message("ticket_create.sent", number=ticket.number), actions=(SEE_STATUS,)))


async def _types(turn: Turn[ReportState]) -> list[HelpType]:
    """What can be reported: a ticket names a remedy, so a type without any cannot be."""
    types, solutions = await turn.services.tickets.options()
    helped = {solution.help_type_id for solution in solutions}
    return [help_type for help_type in types if help_type.id in helped]


async def _remedies(turn: Turn[ReportState]) -> list[HelpSolution]:
    _, solutions = await turn.services.tickets.options()
    return [solution for solution in solutions if solution.help_type_id == turn.state.help_type]


def _meant(types: Sequence[HelpType], told: str) -> HelpType | None:
    """The type nobody has to ask for: the only one, or that of the line when a problem was told."""
    if len(types) == 1:
        return types[0]
    of_the_line = [help_type for help_type in types if _is_about_the_line(help_type)]
    return of_the_line[0] if told and len(of_the_line) == 1 else None


def _is_about_the_line(help_type: HelpType) -> bool:
    return understand(help_type.name).intent in _ABOUT_THE_LINE


async def _notes(turn: Turn[ReportState], customer_id: int, help_type: HelpType) -> list[str]:
    """A line that is off for an unpaid bill is no fault, and is said so first."""
    if not _is_about_the_line(help_type):
        return []
    profile = await turn.services.subscriptions.profile(customer_id)
    return ["ticket_create.isolated"] if profile.status is ServiceStatus.ISOLATED else []


def _longer(story: str, told: str) -> str:
    """A story with what was added to it; "still dead" is none and adds nothing."""
    if len(told.split()) <= _FEW_WORDS:
        return story
    return "\n".join(filter(None, (story, told)))[:LONGEST_STORY]


def _is_fixed(text: str) -> bool:
    """A bare "ok" may as well promise to try, so it is no answer."""
    if _says(text, _STILL_WORDS):
        return False
    agreed = parse_yes_no(text) is True and understand(text).intent is not Intent.THANKS
    return agreed or _says(text, _FIXED_WORDS)


def _says(text: str, words: frozenset[str]) -> bool:
    return not words.isdisjoint(text.casefold().replace("'", "").replace(",", " ").replace(".", " ").split())


def _place(number: str, address: str | None) -> Message:
    if not address:
        return message("ticket_create.summary_service", number=number)
    return message("ticket_create.summary_place", number=number, address=one_line(address))


def _as_row(help_type: HelpType) -> Option:
    return option(str(help_type.id), "ticket_create.kind", name=help_type.name)
