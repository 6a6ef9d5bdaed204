"""Sets a new password after the owner of the service is proved by a code."""

from __future__ import annotations

from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.turn import Outcome, Turn
from conversations.flows import link_account, prove_owner, which_service
from conversations.flows.link_account import LinkState
from conversations.flows.prove_owner import Proven, ProveState
from conversations.flows.which_service import WhichState
from conversations.understanding import Intent, understand
from core.customers.types import ServiceOfChat


class ResetState(Struct, frozen=True, forbid_unknown_fields=True):
    number: str = ""
    customer_id: int = 0
    grant: str = ""


flow = Flow(
    "otp_reset",
    ResetState,
    label="topic.reset_password",
    reopening="otp_reset.reopening",
    serves=(Intent.RESET_PASSWORD,),
    commands=("reset", "password"),
)


@flow.entry
async def begin(turn: Turn[ResetState]) -> Outcome:
    named = understand(turn.text).entities.service_number or ""
    which = WhichState(named, question="otp_reset.which_service")
    return turn.call(which_service.flow, which, then=chosen, number=named)


@flow.continuation
async def chosen(turn: Turn[ResetState], service: ServiceOfChat | None) -> Outcome:
    """The chat's own number is no proof by itself: the code is asked for in any case."""
    if service is None:
        return turn.call(prove_owner.flow, ProveState(turn.state.number), then=proven)
    return turn.call(prove_owner.flow, ProveState(service.service_number, is_own=True), then=proven)


@flow.continuation
async def proven(turn: Turn[ResetState], owner: Proven) -> Outcome:
    return turn.goto(password, number=owner.number, customer_id=owner.customer_id, grant=owner.grant)


@flow.step("otp_reset.ask_password", help="otp_reset.password_help", secret=True)
async def password(turn: Turn[ResetState]) -> Outcome:
    """A weak password is refused by core with its reason, and asked for again."""
    state = turn.state
    if not await turn.services.identity.set_password(state.grant, turn.text, request_id=turn.id):
        return turn.end("otp_reset.too_late")
    link = LinkState(state.customer_id, state.number)
    return turn.call(link_account.flow, link, "otp_reset.done", then=linked, grant="")


@flow.continuation
async def linked(turn: Turn[ResetState], _is_linked: bool) -> Outcome:  # noqa: FBT001 - what the flow gives
    return turn.end()
