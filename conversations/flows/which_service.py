"""Which of the chat's own services is meant: asked only when there are several."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from conversations.engine.flow import Subflow
from conversations.engine.say import Say, option, say
from conversations.engine.turn import Outcome, Turn
from conversations.parsing import parse_service_number
from core.customers.types import ServiceOfChat
from core.platform.i18n import message


class WhichState(Struct, frozen=True, forbid_unknown_fields=True):
    #: A service number the customer has mentioned already.
    named: str = ""
    #: Key of the question, so that it says what the service is chosen for.
    question: str = "which_service.ask"


#: Gives None when the chat has no service, or has named one that is not its own.
flow = Subflow[WhichState, ServiceOfChat | None]("which_service", WhichState)


@flow.entry
async def begin(turn: Turn[WhichState]) -> Outcome:
    own, named = await turn.own_services(), turn.state.named
    if named:
        return turn.give(_numbered(own, named))
    if len(own) > 1:
        return turn.goto(choose)
    return turn.give(own[0] if own else None)


async def _services(turn: Turn[WhichState]) -> Say:
    own = await turn.own_services()
    rows = [
        option(each.service_number, "which_service.row", number=each.service_number, name=each.name)
        for each in own
    ]
    return say(message(turn.state.question, services=len(own)), rows=rows)


@flow.step(_services, help="which_service.help")
async def choose(turn: Turn[WhichState]) -> Outcome:
    number = turn.choice or parse_service_number(turn.text)
    service = _numbered(await turn.own_services(), number) if number else None
    return turn.retry("which_service.not_listed") if service is None else turn.give(service)


def _numbered(own: Sequence[ServiceOfChat], number: str) -> ServiceOfChat | None:
    return next((each for each in own if each.service_number.upper() == number.upper()), None)
