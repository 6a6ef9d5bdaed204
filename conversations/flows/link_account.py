"""Offers to remember a chat for a service whose owner has just been proved: asked once, never assumed."""

from __future__ import annotations

from msgspec import Struct

from conversations.engine.flow import Subflow
from conversations.engine.say import NO, YES, Say, say
from conversations.engine.turn import Outcome, Turn
from core.platform.i18n import message


class LinkState(Struct, frozen=True, forbid_unknown_fields=True):
    customer_id: int = 0
    number: str = ""


#: Gives whether the chat may act for the service from now on.
flow = Subflow[LinkState, bool]("link_account", LinkState)


@flow.entry
async def begin(turn: Turn[LinkState]) -> Outcome:
    own = await turn.own_services()
    if any(each.customer_id == turn.state.customer_id for each in own):
        return turn.give(True)  # noqa: FBT003 - the result itself
    return turn.goto(ask)


async def _question(turn: Turn[LinkState]) -> Say:
    return say(message("link_account.ask", number=turn.state.number), actions=(YES, NO))


@flow.step(_question, help="link_account.help")
async def ask(turn: Turn[LinkState]) -> Outcome:
    if turn.choice is None:
        return turn.retry("link_account.yes_or_no")
    if turn.choice == NO.id:
        return turn.give(False, "link_account.not_linked")  # noqa: FBT003 - the result itself
    await turn.services.customers.link_chat(turn.chat.channel, turn.chat.address, turn.state.customer_id)
    return turn.give(True, message("link_account.linked", number=turn.state.number))  # noqa: FBT003
