"""Whose service a chat is speaking of: its own, chosen or only; or one whose ownership it proves."""

from __future__ import annotations

from msgspec import Struct

from conversations.engine.flow import Subflow
from conversations.engine.turn import Outcome, Turn
from conversations.flows import link_account, prove_owner, which_service
from conversations.flows.link_account import LinkState
from conversations.flows.prove_owner import Proven, ProveState
from conversations.flows.which_service import WhichState
from core.customers.types import Duty, ServiceOfChat


class IdentifyState(Struct, frozen=True, forbid_unknown_fields=True):
    #: A service number the customer has mentioned already.
    named: str = ""
    customer_id: int = 0
    #: The matter it is about; the default is what only the owner may do.
    duty: Duty = Duty.ACCOUNT


#: Gives the service that may be spoken of.
flow = Subflow[IdentifyState, ServiceOfChat]("identify", IdentifyState)


@flow.entry
async def begin(turn: Turn[IdentifyState]) -> Outcome:
    return turn.call(which_service.flow, WhichState(turn.state.named, duty=turn.state.duty), then=chosen)


@flow.continuation
async def chosen(turn: Turn[IdentifyState], service: ServiceOfChat | None) -> Outcome:
    if service is not None:
        return turn.give(service)
    return turn.call(prove_owner.flow, ProveState(turn.state.named), then=proven)


@flow.continuation
async def proven(turn: Turn[IdentifyState], owner: Proven) -> Outcome:
    link = LinkState(owner.customer_id, owner.number)
    return turn.call(link_account.flow, link, then=linked, customer_id=owner.customer_id)


@flow.continuation
async def linked(turn: Turn[IdentifyState], _is_linked: bool) -> Outcome:  # noqa: FBT001 - what the flow gives
    customer = await turn.services.customers.name_of(turn.state.customer_id)
    return turn.give(ServiceOfChat(customer.id, customer.service_number, customer.name))
