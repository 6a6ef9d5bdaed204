"""What may be sent to a customer unasked: stopped and begun again, by one word or by choosing; the essential always comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from conversations.consent_words import Wish, wish
from conversations.engine.flow import Flow
from conversations.engine.say import Option, Say, option, say
from conversations.engine.turn import Cue, End, Outcome, Turn
from conversations.understanding import Intent
from core.messaging.kinds import STOPPABLE, Category
from core.platform.i18n import Message, message

_STOPPED: Mapping[Category, str] = {
    Category.INFO: "consent.stopped_info",
    Category.SERVICE: "consent.stopped_service",
    Category.BILLING: "consent.stopped_billing",
}
_RESUMED: Mapping[Category, str] = {
    Category.INFO: "consent.resumed_info",
    Category.SERVICE: "consent.resumed_service",
    Category.BILLING: "consent.resumed_billing",
}
_ON: Mapping[Category, str] = {
    Category.INFO: "consent.info_on",
    Category.SERVICE: "consent.service_on",
    Category.BILLING: "consent.billing_on",
}
_OFF: Mapping[Category, str] = {
    Category.INFO: "consent.info_off",
    Category.SERVICE: "consent.service_off",
    Category.BILLING: "consent.billing_off",
}
STOP_ALL, SEND_ALL = option("stop_all", "consent.stop_all"), option("send_all", "consent.send_all")


class ConsentState(Struct, frozen=True, forbid_unknown_fields=True):
    """What was stopped is kept where it counts; the dialogue remembers nothing."""


async def _hears(cue: Cue) -> bool:
    """A bare START is how people greet; it is about this only where something was stopped."""
    said = wish(cue.text)
    if said is None or said.is_stop or said.categories:
        return said is not None
    own = await cue.services.customers.services_of_chat(cue.chat.channel, cue.chat.address)
    return bool(own and await cue.services.consents.stopped([each.customer_id for each in own]))


flow = Flow(
    "consent",
    ConsentState,
    label="topic.opt_out",
    reopening="consent.reopening",
    serves=(Intent.OPT_OUT,),
    commands=("berhenti", "stop"),
    hears=_hears,
)


@flow.entry
async def begin(turn: Turn[ConsentState]) -> Outcome:
    """A whole message that says what to stop is obeyed at once; anything vaguer is asked."""
    if not await turn.own_services():
        return turn.end("consent.nobody")
    said = wish(turn.text)
    return turn.goto(choose) if said is None else await _obey(turn, said)


async def _obey(turn: Turn[ConsentState], said: Wish) -> Outcome:
    """A bare STOP is about what nobody needs; a bare START takes everything back."""
    if said.is_stop:
        return turn.goto(choose, *await _stop(turn, said.categories or (Category.INFO,)))
    return turn.goto(choose, *await _resume(turn, said.categories or STOPPABLE))


async def _standing(turn: Turn[ConsentState]) -> Say | End:
    if not await turn.own_services():
        return End((say("consent.nobody"),))
    stopped = await turn.services.consents.stopped(await _customers(turn))
    rows = [Option(each, message((_OFF if each in stopped else _ON)[each])) for each in STOPPABLE]
    everything = SEND_ALL if set(STOPPABLE) <= stopped else STOP_ALL
    footer = "consent.pick_or_resume" if stopped else "consent.pick"
    return say("consent.standing", rows=rows, footer=footer, actions=(everything,))


@flow.step(_standing, help="consent.help", browsing=True)
async def choose(turn: Turn[ConsentState]) -> Outcome:
    # A row may read "…: berhenti"; whoever types that word asks to be left alone, and is not choosing the row.
    said = wish(turn.text)
    if said is not None:
        return await _obey(turn, said)
    if turn.choice == STOP_ALL.id:
        return turn.goto(choose, *await _stop(turn, STOPPABLE))
    if turn.choice == SEND_ALL.id:
        return turn.goto(choose, *await _resume(turn, STOPPABLE))
    if turn.choice not in set(STOPPABLE):
        return turn.retry("consent.not_listed")
    chosen = Category(turn.choice)
    stopped = await turn.services.consents.stopped(await _customers(turn))
    change = _resume if chosen in stopped else _stop
    return turn.goto(choose, *await change(turn, (chosen,)))


async def _stop(turn: Turn[ConsentState], categories: Sequence[Category]) -> list[Message]:
    """Stop, and say plainly what still comes."""
    await turn.services.consents.stop(await _customers(turn), categories, turn_id=turn.id)
    if len(categories) > 1:
        return [message("consent.stopped_all")]
    return [message(_STOPPED[categories[0]])]


async def _resume(turn: Turn[ConsentState], categories: Sequence[Category]) -> list[Message]:
    await turn.services.consents.resume(await _customers(turn), categories, turn_id=turn.id)
    if len(categories) > 1:
        return [message("consent.resumed_all")]
    return [message(_RESUMED[categories[0]])]


async def _customers(turn: Turn[ConsentState]) -> list[int]:
    return [each.customer_id for each in await turn.own_services()]
