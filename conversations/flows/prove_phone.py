"""Proves that somebody holds a phone number, known or not, by a code sent to it."""

from __future__ import annotations

from msgspec import Struct

from conversations.engine.flow import Subflow
from conversations.engine.say import CANCEL, Option, Say, say
from conversations.engine.turn import Outcome, Turn
from conversations.parsing import parse_otp, parse_phone
from core.identity.types import Expired, Verified, WrongCode
from core.platform import phones
from core.platform.errors import Throttled
from core.platform.i18n import message

RESEND = Option("resend", message("prove_owner.resend"))


class PhoneState(Struct, frozen=True, forbid_unknown_fields=True):
    """`question` is the key of what is asked; `but_not` is a number that would change nothing."""

    question: str = "prove_phone.ask"
    but_not: str = ""
    phone: str = ""


class ProvenPhone(Struct, frozen=True):
    """A number (E.164 digits) and the grant that proves it once, within five minutes."""

    phone: str
    grant: str


flow = Subflow[PhoneState, ProvenPhone]("prove_phone", PhoneState)


async def _question(turn: Turn[PhoneState]) -> Say:
    return say(turn.state.question, actions=(CANCEL,))


@flow.step(_question, help="prove_phone.help")
async def number(turn: Turn[PhoneState]) -> Outcome:
    typed = parse_phone(turn.text)
    if typed is None:
        return turn.retry("prove_phone.bad_number")
    if typed == turn.state.but_not:
        return turn.retry("prove_phone.same_number", limited=False)
    try:
        await _send(turn, typed)
    except Throttled as error:
        return turn.end(_too_often(error))
    return turn.goto(code, phone=typed)


async def _ask_code(turn: Turn[PhoneState]) -> Say:
    sent = message("prove_phone.ask_code", phone=phones.mask(turn.state.phone))
    return say(sent, actions=(RESEND, CANCEL))


@flow.step(_ask_code, help="prove_owner.code_help", perishable=True)
async def code(turn: Turn[PhoneState]) -> Outcome:
    if turn.choice == RESEND.id:
        return await _resend(turn)
    typed = parse_otp(turn.text)
    if typed is None:
        return turn.retry("prove_owner.bad_code")
    match await turn.services.contacts.check_proof(turn.state.phone, typed, request_id=turn.id):
        case Verified(grant):
            return turn.give(ProvenPhone(turn.state.phone, grant))
        case WrongCode(0):
            return turn.end("prove_owner.code_over")
        case WrongCode(left):
            return turn.retry(message("prove_owner.wrong_code", count=left), limited=False)
        case Expired():
            return turn.retry("prove_owner.code_expired")


async def _resend(turn: Turn[PhoneState]) -> Outcome:
    try:
        await _send(turn, turn.state.phone)
    except Throttled as error:  # the code sent before is still good
        return turn.retry(_too_often(error), limited=False)
    return turn.goto(code)


async def _send(turn: Turn[PhoneState], phone: str) -> None:
    await turn.services.contacts.start_proof(
        phone, origin=turn.chat.origin, language=turn.chat.language, request_id=turn.id
    )


def _too_often(error: Throttled) -> Say:
    return say(message("prove_owner.too_often", count=-(-error.retry_after_s // 60)))
