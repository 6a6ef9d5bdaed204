"""Changes the phone or the e-mail address of a service: the new number proves itself, and the owner the change."""

from __future__ import annotations

import re

from msgspec import Struct

from conversations.engine.flow import Subflow
from conversations.engine.say import CANCEL, Say, say
from conversations.engine.turn import Outcome, Turn
from conversations.flows import prove_owner, prove_phone
from conversations.flows.prove_owner import Proven, ProveState
from conversations.flows.prove_phone import PhoneState, ProvenPhone
from conversations.own_words import is_another_wish
from conversations.understanding import Intent
from core.customers.commands import mask_email
from core.platform import phones
from core.platform.i18n import message

PHONE, EMAIL = "phone", "email"
#: What an address for e-mail may hold (mywifi contract, operation 16).
_LONGEST_EMAIL = 128
_EMAIL = re.compile(r"[^\s@,;:<>\"'()]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+", re.IGNORECASE)


class ContactState(Struct, frozen=True, forbid_unknown_fields=True):
    """Begun with the service and what shall change. `proof` is the new number's grant."""

    customer_id: int = 0
    number: str = ""
    what: str = PHONE
    phone: str = ""
    proof: str = ""
    email: str = ""


#: Ends the dialogue; nothing is given back.
flow = Subflow[ContactState, None]("change_contact", ContactState)


@flow.entry
async def begin(turn: Turn[ContactState]) -> Outcome:
    profile = await turn.services.subscriptions.profile(turn.state.customer_id)
    if turn.state.what == PHONE:
        asked = PhoneState("change_contact.ask_phone", but_not=profile.phone or "")
        return turn.call(prove_phone.flow, asked, then=phone_proven)
    if profile.email_verified_on is not None:
        business = turn.services.settings.business_name
        return turn.end(message("change_contact.email_verified", business=business))
    return turn.goto(email)


async def _ask_email(_turn: Turn[ContactState]) -> Say:
    return say("change_contact.ask_email", actions=(CANCEL,))


@flow.step(_ask_email, help="change_contact.email_help")
async def email(turn: Turn[ContactState]) -> Outcome:
    found = _EMAIL.search(turn.text)
    if found is None or len(found[0]) > _LONGEST_EMAIL or is_another_wish(turn.text, Intent.PROFILE):
        return turn.retry("change_contact.bad_email")
    if await turn.services.customers.email_is_taken(found[0], but_not_by=turn.state.customer_id):
        return turn.retry("error.email_taken", limited=False)
    will = message("change_contact.will_email", number=turn.state.number, email=mask_email(found[0]))
    owner = ProveState(turn.state.number, is_own=True)
    return turn.call(prove_owner.flow, owner, will, then=owner_proven, email=found[0])


@flow.continuation
async def phone_proven(turn: Turn[ContactState], held: ProvenPhone) -> Outcome:
    will = message("change_contact.will_phone", number=turn.state.number, phone=phones.mask(held.phone))
    owner = ProveState(turn.state.number, is_own=True)
    return turn.call(prove_owner.flow, owner, will, then=owner_proven, phone=held.phone, proof=held.grant)


@flow.continuation
async def owner_proven(turn: Turn[ContactState], owner: Proven) -> Outcome:
    """Both proofs are good for five minutes; core refuses what comes later, and what is taken or verified meanwhile."""
    state, contacts = turn.state, turn.services.contacts
    if state.what == EMAIL:
        await contacts.change_email(state.customer_id, state.email, grant=owner.grant, request_id=turn.id)
        return turn.end(message("change_contact.email_changed", email=mask_email(state.email)))
    here = (turn.chat.channel, turn.chat.address)
    await contacts.change_phone(
        state.customer_id,
        state.phone,
        grant=owner.grant,
        proof=state.proof,
        asked_in=here,
        request_id=turn.id,
    )
    is_still_own = any(each.customer_id == state.customer_id for each in await turn.own_services())
    moved = [] if is_still_own else ["change_contact.write_from_new"]
    changed = message("change_contact.phone_changed", phone=phones.mask(state.phone))
    return turn.end(changed, "change_contact.codes_wait", *moved)
