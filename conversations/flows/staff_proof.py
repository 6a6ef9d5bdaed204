"""Before the first act of staff, a chat brings back a code sent to its member's phone; then it is trusted for a month."""

from __future__ import annotations

from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.say import CANCEL, Option, Say, option, say
from conversations.engine.turn import Audience, Outcome, Turn
from conversations.engine.words import STAFF, STAFF_PROOF
from conversations.parsing import parse_otp
from core.identity.types import Expired, Verified, WrongCode
from core.platform.errors import Throttled
from core.platform.i18n import message

RESEND = Option("resend", message("prove_owner.resend"))


class StaffProofState(Struct, frozen=True, forbid_unknown_fields=True):
    masked_phone: str = ""


flow = Flow(STAFF_PROOF, StaffProofState, audience=Audience.STAFF)


@flow.entry
async def begin(turn: Turn[StaffProofState]) -> Outcome:
    return turn.goto(code, masked_phone=await _send(turn))


async def _ask(turn: Turn[StaffProofState]) -> Say:
    return say(message("staff_proof.ask", phone=turn.state.masked_phone), actions=(RESEND, CANCEL))


@flow.step(_ask, help="staff_proof.help", perishable=True)
async def code(turn: Turn[StaffProofState]) -> Outcome:
    if turn.choice == RESEND.id:
        return await _resend(turn)
    typed = parse_otp(turn.text)
    if typed is None:
        return turn.retry("prove_owner.bad_code")
    chat = turn.chat
    match await turn.services.staff.check_proof(chat.channel, chat.address, typed, request_id=turn.id):
        case Verified():
            return turn.end(say("staff_proof.proved", actions=(option(STAFF, "engine.staff_menu"),)))
        case WrongCode(0):
            return turn.end("prove_owner.code_over")
        case WrongCode(left):
            return turn.retry(message("prove_owner.wrong_code", count=left), limited=False)
        case Expired():
            return turn.retry("prove_owner.code_expired")


async def _send(turn: Turn[StaffProofState]) -> str:
    return await turn.services.staff.start_proof(turn.chat.channel, turn.chat.address, request_id=turn.id)


async def _resend(turn: Turn[StaffProofState]) -> Outcome:
    try:
        return turn.goto(code, masked_phone=await _send(turn))
    except Throttled as error:  # the code sent before is still good
        minutes = -(-error.retry_after_s // 60)
        return turn.retry(message("prove_owner.too_often", count=minutes), limited=False)
