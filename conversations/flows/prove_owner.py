"""Proves that somebody owns a service, by a code sent to the phone it is registered with.

A stranger learns nothing on the way: whether or not a number is a customer's, whether or not it has a phone, the same
things are said, and as many tries are granted.
"""

from __future__ import annotations

from contextlib import suppress

from msgspec import Struct

from conversations.engine.flow import Subflow
from conversations.engine.say import CANCEL, Option, Say, say
from conversations.engine.turn import Outcome, Turn
from conversations.parsing import parse_otp, parse_phone, parse_service_number
from core.identity.types import CodeCheck, Expired, Verified, WrongCode
from core.platform.errors import Invalid, NotFound, Throttled
from core.platform.i18n import message

#: What core grants a code; repeated here because a number that is nobody's has no code to ask.
TRIES, LIFETIME_S = 5, 300

RESEND = Option("resend", message("prove_owner.resend"))


class ProveState(Struct, frozen=True, forbid_unknown_fields=True):
    """Begun with a `number`, nothing is asked before the code. An `is_own` service is no secret to this chat."""

    number: str = ""
    is_own: bool = False
    masked_phone: str = ""
    tries_left: int = TRIES
    is_resent: bool = False
    sent_at: int = 0  # of the latest code, in seconds since the epoch; 0 before the first


class Proven(Struct, frozen=True):
    """The chat's owner holds the phone of this service. The grant sets one password within five minutes."""

    number: str
    customer_id: int
    grant: str


flow = Subflow[ProveState, Proven]("prove_owner", ProveState)


@flow.entry
async def begin(turn: Turn[ProveState]) -> Outcome:
    return await _send(turn, turn.state.number) if turn.state.number else turn.goto(number)


@flow.step("prove_owner.ask_number", help="prove_owner.number_help")
async def number(turn: Turn[ProveState]) -> Outcome:
    typed = parse_service_number(turn.text)
    if typed is not None:
        return await _send(turn, typed)
    return turn.retry("prove_owner.phone_instead" if parse_phone(turn.text) else "prove_owner.bad_number")


async def _ask_code(turn: Turn[ProveState]) -> Say:
    phone, is_resent = turn.state.masked_phone, turn.state.is_resent
    if phone:
        key = "prove_owner.ask_new_code_own" if is_resent else "prove_owner.ask_code_own"
        line = message(key, phone=phone)
    else:
        line = message("prove_owner.ask_new_code" if is_resent else "prove_owner.ask_code")
    return say(line, actions=(RESEND, CANCEL))


@flow.step(_ask_code, help="prove_owner.code_help", perishable=True)
async def code(turn: Turn[ProveState]) -> Outcome:
    if turn.choice == RESEND.id:
        return await _resend(turn)
    typed = parse_otp(turn.text)
    if typed is None:
        return turn.retry("prove_owner.bad_code")
    match await _check(turn, typed):
        case Verified(grant):
            customer_id = await turn.services.customers.id_of(turn.state.number)
            return turn.give(Proven(turn.state.number, customer_id or 0, grant))
        case WrongCode(0):
            return turn.end("prove_owner.code_over")
        case WrongCode(left):
            return turn.retry(message("prove_owner.wrong_code", count=left), limited=False, tries_left=left)
        case Expired():
            return turn.retry("prove_owner.code_expired")


async def _send(turn: Turn[ProveState], service_number: str) -> Outcome:
    """Send a code, if there is somebody to send it to, and ask for it in any case."""
    masked_phone = ""
    try:
        started = await turn.services.identity.start_recovery(
            service_number, ip=turn.chat.origin, request_id=turn.id
        )
    except (NotFound, Invalid):
        if turn.state.is_own:
            raise
    else:
        masked_phone = started.masked_phone if turn.state.is_own else ""
    return turn.goto(
        code,
        number=service_number,
        masked_phone=masked_phone,
        tries_left=TRIES,
        is_resent=turn.state.sent_at > 0,
        sent_at=int(turn.now.timestamp()),
    )


async def _resend(turn: Turn[ProveState]) -> Outcome:
    try:
        return await _send(turn, turn.state.number)
    except Throttled as error:  # the code sent before is still good
        minutes = -(-error.retry_after_s // 60)
        return turn.retry(message("prove_owner.too_often", count=minutes), limited=False)


async def _check(turn: Turn[ProveState], typed: str) -> CodeCheck:
    """What core says of the code; to a stranger only a right code makes a difference."""
    state = turn.state
    checked: CodeCheck | None = None
    with suppress(NotFound):
        checked = await turn.services.identity.check_code(state.number, typed, request_id=turn.id)
    if isinstance(checked, Verified) or (state.is_own and checked is not None):
        return checked
    is_over = turn.now.timestamp() >= state.sent_at + LIFETIME_S
    return Expired() if is_over else WrongCode(state.tries_left - 1)
