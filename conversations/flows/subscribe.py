"""Takes an order for a first line: who, where, which phone; shown once more, then sent. What is known is not asked."""

from __future__ import annotations

from msgspec import Struct

from conversations.engine.flow import Subflow
from conversations.engine.say import CANCEL, YES, Say, option, say
from conversations.engine.turn import Outcome, Turn
from conversations.flows import prove_phone
from conversations.flows.prove_phone import PhoneState, ProvenPhone
from conversations.own_words import (
    LONGEST_ADDRESS,
    is_another_wish,
    one_line,
    reads_as_address,
    reads_as_name,
)
from conversations.parsing import parse_yes_no
from conversations.understanding import Intent
from core.orders.usecases import Applicant
from core.platform import phones
from core.platform.i18n import Rupiah, message

EDIT = option("edit", "subscribe.edit")
ANOTHER = option("another", "subscribe.another")


class SubscribeState(Struct, frozen=True, forbid_unknown_fields=True):
    """Begun with the plan. `proof` is the grant of a `phone` that no channel vouches for."""

    plan_id: int = 0
    plan: str = ""
    price: int = 0
    region_id: int = 0
    region: str = ""
    name: str = ""
    address: str = ""
    phone: str = ""
    proof: str = ""
    order: str = ""


#: Ends the dialogue; nothing is given back.
flow = Subflow[SubscribeState, None]("subscribe", SubscribeState)


@flow.entry
async def begin(turn: Turn[SubscribeState]) -> Outcome:
    known = await turn.services.orders.known_of(turn.chat.channel, turn.chat.address)
    facts = {"name": known.name, "address": known.address, "phone": known.phone}
    if known.order is not None:
        return turn.goto(waiting, order=known.order.number, **facts)
    if known.name and known.address and known.phone:
        return turn.goto(confirm, **facts)
    return turn.goto(address if known.name else name, **facts)


async def _waiting(turn: Turn[SubscribeState]) -> Say:
    return say(message("subscribe.waiting", order=turn.state.order), actions=(ANOTHER, CANCEL))


@flow.step(_waiting, help="subscribe.waiting_help")
async def waiting(turn: Turn[SubscribeState]) -> Outcome:
    """Somebody whose order is under way hardly means a second one."""
    if turn.choice == ANOTHER.id or parse_yes_no(turn.text):
        return turn.goto(address if turn.state.name else name, order="")
    return turn.retry("subscribe.waiting_unclear")


async def _ask_name(turn: Turn[SubscribeState]) -> Say:
    chosen = message("subscribe.chosen", plan=turn.state.plan, price=Rupiah(turn.state.price))
    return say(chosen, "subscribe.ask_name", actions=(CANCEL,))


@flow.step(_ask_name, help="subscribe.name_help")
async def name(turn: Turn[SubscribeState]) -> Outcome:
    typed = " ".join(turn.text.split())
    if not reads_as_name(typed) or is_another_wish(typed, Intent.SUBSCRIBE, Intent.PACKAGES):
        return turn.retry("subscribe.bad_name")
    return turn.goto(address, name=typed)


async def _ask_address(turn: Turn[SubscribeState]) -> Say:
    who = message("subscribe.ask_address", name=turn.state.name, region=turn.state.region)
    return say(who, actions=(CANCEL,))


@flow.step(_ask_address, help="profile.address_help")
async def address(turn: Turn[SubscribeState]) -> Outcome:
    typed = " ".join(turn.text.split())
    if not reads_as_address(typed) or is_another_wish(typed, Intent.SUBSCRIBE, Intent.PACKAGES):
        return turn.retry("profile.bad_address")
    if len(typed) > LONGEST_ADDRESS:
        return turn.retry(message("profile.long_address", longest=LONGEST_ADDRESS), limited=False)
    if turn.state.phone:
        return turn.goto(confirm, address=typed)
    return turn.call(prove_phone.flow, PhoneState("subscribe.ask_phone"), then=proven, address=typed)


@flow.continuation
async def proven(turn: Turn[SubscribeState], held: ProvenPhone) -> Outcome:
    return turn.goto(confirm, phone=held.phone, proof=held.grant)


async def _summary(turn: Turn[SubscribeState]) -> Say:
    state = turn.state
    return say(
        message("subscribe.summary", plan=state.plan, price=Rupiah(state.price), region=state.region),
        message("subscribe.who", name=state.name, phone=phones.mask(state.phone)),
        message("subscribe.where", address=one_line(state.address)),
        "subscribe.right",
        actions=(YES, EDIT, CANCEL),
    )


@flow.step(_summary, help="subscribe.confirm_help")
async def confirm(turn: Turn[SubscribeState]) -> Outcome:
    if turn.choice == EDIT.id:
        return turn.goto(name)
    agreed = parse_yes_no(turn.text) if turn.choice is None else turn.choice == YES.id
    if agreed is None:
        return turn.retry("subscribe.yes_or_edit")
    if not agreed:
        return turn.end("subscribe.not_sent")
    state = turn.state
    placed = await turn.services.orders.subscribe(
        Applicant(state.name, state.address, state.phone, state.proof),
        plan_id=state.plan_id,
        region_id=state.region_id,
        asked_in=(turn.chat.channel, turn.chat.address),
        origin=turn.chat.origin,
        request_id=turn.id,
    )
    return turn.end(
        message("subscribe.sent", order=placed.order_number, number=placed.service_number),
        "subscribe.next",
    )
