"""Calls a person: the bot falls silent within office hours, outside them the request waits with what the customer adds."""

from __future__ import annotations

from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.say import Option, option, say
from conversations.engine.turn import Outcome, Turn
from conversations.own_words import has_words
from conversations.understanding import Intent
from core.platform.i18n import TimeOfDay, message

NOTHING = Option("nothing", message("human.nothing_to_add"))
WITHDRAW = option("withdraw", "human.withdraw")


class HumanState(Struct, frozen=True, forbid_unknown_fields=True):
    pass


flow = Flow(
    "human",
    HumanState,
    label="topic.human",
    reopening="human.reopening",
    serves=(Intent.HUMAN,),
    commands=("cs", "agent"),
)


@flow.entry
async def begin(turn: Turn[HumanState]) -> Outcome:
    own = await turn.own_services()
    asked = await turn.services.handovers.request(
        turn.chat.channel,
        turn.chat.address,
        session=turn.cue.session,
        language=turn.chat.language,
        customer_id=own[0].customer_id if own else None,
        text=turn.text,
        request_id=turn.id,
    )
    settings = turn.services.settings
    if asked.opens_at is None:
        opens, closes = (TimeOfDay(each, settings.zone) for each in asked.hours)
        minutes = settings.handover_minutes
        return turn.end(message("human.called", opens=opens, closes=closes, minutes=minutes))
    return turn.goto(note, message("human.closed", opens=TimeOfDay(asked.opens_at, settings.zone)))


@flow.step(say("human.ask_note", actions=(NOTHING, WITHDRAW)), help="human.note_help")
async def note(turn: Turn[HumanState]) -> Outcome:
    chat, handovers = turn.chat, turn.services.handovers
    if turn.choice == WITHDRAW.id:
        await handovers.withdraw(chat.channel, chat.address)
        return turn.end("human.withdrawn")
    if turn.choice == NOTHING.id:
        return turn.end("human.kept")
    if not has_words(turn.text):
        return turn.retry("human.note_unclear")
    await handovers.leave_note(chat.channel, chat.address, turn.text, request_id=turn.id)
    return turn.end("human.noted")
