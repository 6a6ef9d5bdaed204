"""Time to pay: the line stays open, or opens again, for a few days; once a bill, and never without a yes."""

from __future__ import annotations

from msgspec import Struct

from conversations.engine.flow import Subflow
from conversations.engine.say import NO, YES, Option, Say, say
from conversations.engine.turn import End, Outcome, Turn
from conversations.parsing import parse_yes_no
from core.platform.i18n import Day, message
from core.subscriptions.types import ServiceStatus

ASK_FOR_TIME = Option("more_time", message("more_time.label"))


class TimeState(Struct, frozen=True, forbid_unknown_fields=True):
    customer_id: int = 0


#: Gives nothing, whatever was decided.
flow = Subflow[TimeState, None]("more_time", TimeState)


@flow.entry
async def begin(turn: Turn[TimeState]) -> Outcome:
    return turn.goto(confirm)


async def _question(turn: Turn[TimeState]) -> Say | End:
    until = await turn.services.billing.time_on_offer(turn.state.customer_id)
    if until is None:  # paid, or asked for elsewhere, while it was on offer
        return End((say("more_time.over"),))
    profile = await turn.services.subscriptions.profile(turn.state.customer_id)
    is_closed = profile.status is ServiceStatus.ISOLATED
    key = "more_time.ask_to_open" if is_closed else "more_time.ask_to_stay"
    return say(message(key, until=Day(until)), "more_time.once", actions=(YES, NO))


@flow.step(_question, help="more_time.help")
async def confirm(turn: Turn[TimeState]) -> Outcome:
    """What made it impossible in the meantime is said by core with its reason."""
    agreed = parse_yes_no(turn.text) if turn.choice is None else turn.choice == YES.id
    if agreed is None:
        return turn.retry("more_time.yes_or_no")
    if not agreed:
        return turn.give(None, "more_time.not_asked")
    who = turn.state.customer_id
    given = await turn.services.billing.ask_for_time(who, actor=f"customer:{who}")
    key = "more_time.opens" if given.is_reopened else "more_time.stays"
    return turn.give(None, message(key, until=Day(given.until)))
