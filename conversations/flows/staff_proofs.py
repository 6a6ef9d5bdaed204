"""Staff look at proofs of payment: one tap books the money, a reason sends the picture back kindly."""

from __future__ import annotations

import re

from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.say import Option, Say, option, say
from conversations.engine.turn import Audience, Cue, End, Outcome, Turn
from conversations.own_words import has_words, one_line
from core.identity.staff import Permission, StaffMember
from core.platform.errors import Forbidden, NotFound
from core.platform.i18n import Month, Rupiah, TimeOfDay, message
from core.proofs.types import Confirmed, DecidedBefore, Decision, NothingOwed, Proof, ProofState, Rejected
from core.proofs.usecases import LONGEST_REASON, attachment_of

CONFIRM, REJECT = option("confirm", "staff_proofs.confirm"), option("reject", "staff_proofs.reject")
BACK = option("back", "staff_proofs.back")
REASONS = (
    option("unreadable", "staff_proofs.unreadable"),
    option("amount", "staff_proofs.amount_differs"),
    option("not_there", "staff_proofs.not_there"),
)
_REJECTING = frozenset({"tolak", "reject"})
_CONFIRMING = frozenset({"konfirmasi", "confirm"})
_ABOUT = re.compile(r"/?(\w+)\s+#?(\d{1,9})\W*")


class StaffProofsState(Struct, frozen=True, forbid_unknown_fields=True):
    proof_id: int = 0


async def _waiting(cue: Cue) -> int:
    return len(await cue.services.proofs.waiting())


flow = Flow(
    "staff_proofs",
    StaffProofsState,
    label="topic.staff_proofs",
    reopening="staff_proofs.reopening",
    commands=("cekbukti", "konfirmasi", "tolak", "confirm", "reject", "proofs"),
    audience=Audience.STAFF,
    permission=Permission.PAYMENTS,
    counts=(_waiting, "topic.staff_proofs_waiting"),
)


@flow.entry
async def begin(turn: Turn[StaffProofsState]) -> Outcome:
    """`konfirmasi 7` is the one tap; `tolak 7` asks why."""
    named = _ABOUT.fullmatch(turn.text.casefold())
    if named is None:
        return turn.goto(queue)
    word, number = named[1], int(named[2])
    if word in _CONFIRMING:
        return await _confirm(turn, number)
    return turn.goto(why if word in _REJECTING else detail, proof_id=number)


async def _queue(turn: Turn[StaffProofsState]) -> Say | End:
    found = await turn.services.proofs.waiting()
    if not found:
        return End((say("staff_proofs.empty"),))
    return say(message("staff_proofs.queue", count=len(found)), rows=[_row(turn, each) for each in found])


@flow.step(_queue, help="staff_proofs.queue_help", browsing=True)
async def queue(turn: Turn[StaffProofsState]) -> Outcome:
    if turn.choice is None:
        return turn.retry("staff_proofs.not_listed")
    return turn.goto(detail, proof_id=int(turn.choice))


async def _detail(turn: Turn[StaffProofsState]) -> Say | End:
    proof = await _proof(turn)
    if proof is None or proof.state is not ProofState.WAITING:
        return End((say("staff_proofs.decided"),))
    return say(
        message(
            "staff_proofs.detail",
            number=proof.id,
            who=proof.customer,
            service=proof.service_number,
            invoice=proof.invoice,
            period=Month(proof.year, proof.month),
            amount=Rupiah(proof.owed),
            time=TimeOfDay(proof.sent_at, turn.services.settings.zone),
        ),
        actions=(CONFIRM, REJECT, BACK),
        attachment=attachment_of(proof) if turn.chat.takes_files else None,
    )


@flow.step(_detail, help="staff_proofs.detail_help", browsing=True)
async def detail(turn: Turn[StaffProofsState]) -> Outcome:
    if turn.choice == CONFIRM.id:
        return await _confirm(turn, turn.state.proof_id)
    if turn.choice == REJECT.id:
        return turn.goto(why)
    if turn.choice == BACK.id:
        return turn.goto(queue)
    return turn.retry("staff_proofs.detail_help")


async def _ask_why(turn: Turn[StaffProofsState]) -> Say | End:
    proof = await _proof(turn)
    if proof is None or proof.state is not ProofState.WAITING:
        return End((say("staff_proofs.decided"),))
    return say(
        message("staff_proofs.why", who=proof.customer, number=proof.id), rows=REASONS, actions=(BACK,)
    )


@flow.step(_ask_why, help="staff_proofs.why_help")
async def why(turn: Turn[StaffProofsState]) -> Outcome:
    if turn.choice == BACK.id:
        return turn.goto(detail)
    chosen = next((each for each in REASONS if each.id == turn.choice), None)
    if chosen is None and not has_words(turn.text):
        return turn.retry("staff_proofs.why_help")
    reason = chosen.label if chosen else one_line(turn.text, LONGEST_REASON)
    return _said(turn, await turn.services.proofs.reject(turn.state.proof_id, _member(turn), reason))


async def _confirm(turn: Turn[StaffProofsState], number: int) -> Outcome:
    try:
        return _said(turn, await turn.services.proofs.confirm(number, _member(turn)))
    except NotFound:
        return turn.end(message("staff_proofs.no_such", number=number))


def _said(turn: Turn[StaffProofsState], decision: Decision) -> Outcome:
    match decision:
        case Confirmed(amount):
            return turn.end(message("staff_proofs.confirmed", amount=Rupiah(amount)))
        case Rejected():
            return turn.end("staff_proofs.rejected")
        case NothingOwed():
            return turn.end("staff_proofs.paid_already")
        case DecidedBefore(_, name):
            return turn.end(message("staff_proofs.decided_by", name=name) if name else "staff_proofs.decided")


async def _proof(turn: Turn[StaffProofsState]) -> Proof | None:
    try:
        return await turn.services.proofs.proof(turn.state.proof_id)
    except NotFound:
        return None


def _member(turn: Turn[StaffProofsState]) -> StaffMember:
    if turn.staff is None:
        raise Forbidden("not_staff")
    return turn.staff


def _row(turn: Turn[StaffProofsState], proof: Proof) -> Option:
    at = TimeOfDay(proof.sent_at, turn.services.settings.zone)
    return Option(
        str(proof.id),
        message("staff_proofs.row", who=proof.customer, amount=Rupiah(proof.owed), time=at),
    )
