"""Which of the chat's own services is meant: asked only when there are several; what a role may not do is explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from conversations.engine.flow import Subflow
from conversations.engine.say import Say, option, say
from conversations.engine.turn import Outcome, Turn
from conversations.parsing import parse_service_number
from core.customers.types import ChatRole, Duty, ServiceOfChat
from core.platform.i18n import message


class WhichState(Struct, frozen=True, forbid_unknown_fields=True):
    #: A service number the customer has mentioned already.
    named: str = ""
    #: Key of the question, so that it says what the service is chosen for.
    question: str = "which_service.ask"
    #: The matter it is chosen for.
    duty: Duty = Duty.ACCOUNT


#: What a chat that is not the owner is told it is.
_PART: Mapping[ChatRole, str] = {
    ChatRole.PAYER: "which_service.only_payer",
    ChatRole.TECHNICAL: "which_service.only_technical",
}

#: Gives None when the chat has no service, or has named one that is not its own.
flow = Subflow[WhichState, ServiceOfChat | None]("which_service", WhichState)


@flow.entry
async def begin(turn: Turn[WhichState]) -> Outcome:
    own, named = await turn.own_services(turn.state.duty), turn.state.named
    if named and _numbered(own, named):
        return turn.give(_numbered(own, named))
    linked = await turn.linked_services()
    limited = _numbered(linked, named) if named else linked[0] if linked and not own else None
    if limited is not None:
        return _not_in_this_role(turn, limited)
    if named:
        return turn.give(None)
    if len(own) > 1:
        return turn.goto(choose)
    return turn.give(own[0] if own else None)


def _not_in_this_role(turn: Turn[WhichState], service: ServiceOfChat) -> Outcome:
    """Whose service it is can be asked for more; nobody else is told anything."""
    part = message(_PART[service.role], number=service.service_number)
    return turn.end(
        say(part, message("which_service.ask_the_owner", business=turn.services.settings.business_name))
    )


async def _services(turn: Turn[WhichState]) -> Say:
    own = await turn.own_services(turn.state.duty)
    rows = [
        option(each.service_number, "which_service.row", number=each.service_number, name=each.name)
        for each in own
    ]
    return say(message(turn.state.question, services=len(own)), rows=rows)


@flow.step(_services, help="which_service.help")
async def choose(turn: Turn[WhichState]) -> Outcome:
    number = turn.choice or parse_service_number(turn.text)
    service = _numbered(await turn.own_services(turn.state.duty), number) if number else None
    return turn.retry("which_service.not_listed") if service is None else turn.give(service)


def _numbered(own: Sequence[ServiceOfChat], number: str) -> ServiceOfChat | None:
    return next((each for each in own if each.service_number.upper() == number.upper()), None)
