"""Takes a picture as the proof of a payment, for the bill it is for, to staff; the picture may come first.

Nothing that is sent here pays a bill: staff look at it, and the money is booked when they confirm (design §3.1).
"""

from __future__ import annotations

from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.say import CANCEL, Option, Say, say
from conversations.engine.turn import Cue, End, Outcome, Turn
from conversations.flows import identify
from conversations.flows.identify import IdentifyState
from conversations.parsing import parse_period
from conversations.understanding import understand
from conversations.wishes import SEND_PROOF
from core.billing.types import Invoice
from core.customers.types import Duty, ServiceOfChat
from core.platform.i18n import Month, Rupiah, message
from core.proofs.types import NothingOwed, SeenBefore, Submitted


class ProofState(Struct, frozen=True, forbid_unknown_fields=True):
    """`proof_id` is the kept picture, 0 before there is one."""

    customer_id: int = 0
    number: str = ""
    invoice: str = ""
    proof_id: int = 0


async def _hears(cue: Cue) -> bool:
    return SEND_PROOF.fits(cue.text)


flow = Flow(
    "payment_proof",
    ProofState,
    label="topic.send_proof",
    reopening="payment_proof.reopening",
    commands=("bukti", "proof"),
    hears=_hears,
    takes_pictures=True,
)


@flow.entry
async def begin(turn: Turn[ProofState]) -> Outcome:
    named = understand(turn.text).entities
    return turn.call(
        identify.flow,
        IdentifyState(named.service_number or "", duty=Duty.BILLS),
        then=identified,
        invoice=named.invoice or "",
        proof_id=await _kept(turn),
    )


@flow.continuation
async def identified(turn: Turn[ProofState], service: ServiceOfChat) -> Outcome:
    """The bill that was named, or the only one; else it is asked for."""
    owner = {"customer_id": service.customer_id, "number": service.service_number}
    owed = await turn.services.billing.invoices_of(service.customer_id)
    if not owed:
        return turn.end(message("payment_proof.nothing_owed", number=service.service_number))
    named = next((bill for bill in owed if bill.number == turn.state.invoice), None)
    if named is None and len(owed) > 1:
        return turn.goto(which, **owner, invoice="")
    return await _for_bill(turn, (named or owed[0]).number, **owner)


async def _which(turn: Turn[ProofState]) -> Say | End:
    owed = await turn.services.billing.invoices_of(turn.state.customer_id)
    if not owed:
        return End((say(message("payment_proof.nothing_owed", number=turn.state.number)),))
    rows = [
        Option(
            bill.number,
            message("payment_proof.row", period=Month(bill.year, bill.month), amount=Rupiah(bill.amount)),
        )
        for bill in reversed(owed)
    ]
    return say("payment_proof.which", rows=rows, actions=(CANCEL,))


@flow.step(_which, help="payment_proof.which_help")
async def which(turn: Turn[ProofState]) -> Outcome:
    owed = await turn.services.billing.invoices_of(turn.state.customer_id)
    chosen = turn.choice or _meant(turn, owed)
    if chosen not in {bill.number for bill in owed}:
        return turn.retry("payment_proof.not_listed")
    return await _for_bill(turn, chosen)


@flow.step(
    say("payment_proof.ask_picture", actions=(CANCEL,)),
    help="payment_proof.picture_help",
    takes_pictures=True,
)
async def picture(turn: Turn[ProofState]) -> Outcome:
    proof_id = await _kept(turn)
    if not proof_id:
        return turn.retry("payment_proof.no_picture")
    return await _submit(turn, proof_id, turn.state.invoice)


async def _for_bill(turn: Turn[ProofState], invoice: str, **owner: object) -> Outcome:
    if not turn.state.proof_id:
        return turn.goto(picture, **owner, invoice=invoice)
    customer_id = owner.get("customer_id", turn.state.customer_id)
    return await _submit(turn, turn.state.proof_id, invoice, customer_id=int(str(customer_id)))


async def _submit(
    turn: Turn[ProofState], proof_id: int, invoice: str, *, customer_id: int | None = None
) -> Outcome:
    sent = await turn.services.proofs.submit(proof_id, customer_id or turn.state.customer_id, invoice)
    match sent:
        case Submitted(number):
            return turn.end(message("payment_proof.sent", number=number))
        case SeenBefore(number):
            return turn.end(message("payment_proof.seen_before", number=number))
        case NothingOwed():
            return turn.end("payment_proof.paid_already")


async def _kept(turn: Turn[ProofState]) -> int:
    """The picture that came with this message, kept; 0 without one."""
    seen = await turn.picture()
    if seen is None:
        return 0
    chat = turn.chat
    return await turn.services.proofs.keep(
        chat.channel, chat.address, seen, language=chat.language, request_id=turn.id
    )


def _meant(turn: Turn[ProofState], owed: tuple[Invoice, ...]) -> str:
    """The bill somebody names by its month or number."""
    number = understand(turn.text).entities.invoice
    month, year = parse_period(turn.text, turn.today)
    named = [bill.number for bill in owed if month and bill.month == month and year in {0, bill.year}]
    return number or (named[0] if len(named) == 1 else "")
