"""An outage that is ours and known: said before anybody makes a ticket of it, with news of its end for who wants them."""

from __future__ import annotations

from msgspec import Struct

from conversations.engine.flow import Subflow
from conversations.engine.say import Option, say
from conversations.engine.turn import Outcome, Turn
from conversations.parsing import parse_yes_no
from conversations.understanding import Intent
from core.monitoring import texts
from core.monitoring.types import Outage
from core.platform.i18n import message

TELL_ME = Option("tell_me", message("outage.tell_me"))
PERSON = Option(f"intent:{Intent.HUMAN}", message("outage.person"))


class OutageState(Struct, frozen=True, forbid_unknown_fields=True):
    """The outage as it was when it was told; `since` is in seconds since the epoch."""

    customer_id: int = 0
    outage_id: int = 0
    down: int = 0
    total: int = 0
    since: int = 0

    @classmethod
    def of(cls, customer_id: int, outage: Outage) -> OutageState:
        return cls(customer_id, outage.id, outage.down, outage.total, int(outage.since.timestamp()))


#: Gives nothing, whatever was answered.
flow = Subflow[OutageState, None]("outage", OutageState)


@flow.entry
async def begin(turn: Turn[OutageState]) -> Outcome:
    """Whoever is told has complained: staff see how many have."""
    state = turn.state
    await turn.services.monitoring.complain(state.customer_id, state.outage_id, wants_news=False)
    known = texts.outage(state.down, state.total, state.since, turn.now, turn.services.settings.zone)
    return turn.goto(told, known)


@flow.step(say("outage.news", actions=(TELL_ME, PERSON)), help="outage.help", browsing=True)
async def told(turn: Turn[OutageState]) -> Outcome:
    state = turn.state
    if turn.choice == TELL_ME.id or (turn.choice is None and parse_yes_no(turn.text)):
        await turn.services.monitoring.complain(state.customer_id, state.outage_id, wants_news=True)
        return turn.give(None, "outage.will_tell")
    if turn.choice is None and parse_yes_no(turn.text) is False:
        return turn.give(None, "outage.wont_tell")
    return turn.retry("payment_code.not_listed")
