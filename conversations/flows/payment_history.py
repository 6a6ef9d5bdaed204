"""Shows which payments have come in, to somebody who has paid or wonders; what is not there yet is not promised."""

from __future__ import annotations

from msgspec import Struct

from conversations import bill_texts, papers
from conversations.engine.flow import Flow
from conversations.engine.say import Option, Say, say
from conversations.engine.turn import End, Outcome, Turn
from conversations.flows import identify, payment_code
from conversations.flows.identify import IdentifyState
from conversations.flows.payment_code import PAY, CodeState, channel_named
from conversations.understanding import Intent, understand
from core.billing.types import Invoice, PaymentMade
from core.customers.types import Duty, ServiceOfChat
from core.platform.clock import local_day
from core.platform.i18n import Day, Message, Month, Rupiah, TimeOfDay, message

AGAIN = Option("again", message("payment_history.again"))

#: How many payments are told.
_LATEST = 3
_LONGEST_REQUEST = 200


class HistoryState(Struct, frozen=True, forbid_unknown_fields=True):
    """`latest` is the newest payment that was shown, 0 when there was none; `asked` is the request for a receipt it began with."""

    customer_id: int = 0
    number: str = ""
    name: str = ""
    latest: int = 0
    asked: str = ""


flow = Flow(
    "payment_history",
    HistoryState,
    label="topic.payment_proof",
    reopening="payment_history.reopening",
    serves=(Intent.PAYMENT_PROOF,),
    commands=("pembayaran", "payments"),
)


@flow.entry
async def begin(turn: Turn[HistoryState]) -> Outcome:
    named = understand(turn.text).entities.service_number or ""
    asked = turn.text[:_LONGEST_REQUEST] if papers.asks_for_receipt(turn.text) else ""
    who = IdentifyState(named, duty=Duty.BILLS)
    return turn.call(identify.flow, who, then=identified, asked=asked)


@flow.continuation
async def identified(turn: Turn[HistoryState], service: ServiceOfChat) -> Outcome:
    """Whoever asked for a receipt has it above the list."""
    made = await turn.services.billing.payments_of(service.customer_id, limit=papers.LOOKED_BACK)
    asked = papers.meant(turn.state.asked, made, turn.today) if turn.state.asked else None
    return await _show(turn, service, *([papers.receipt(asked, turn.chat)] if asked else []))


async def _show(turn: Turn[HistoryState], service: ServiceOfChat, *before: Say) -> Outcome:
    latest = await turn.services.billing.payments_of(service.customer_id, limit=1)
    return turn.goto(
        shown,
        *before,
        customer_id=service.customer_id,
        number=service.service_number,
        name=service.name,
        latest=latest[0].id if latest else 0,
        asked="",
    )


async def _payments(turn: Turn[HistoryState]) -> Say | End:
    """All is told once nothing is owed; else there is something to look for again, or to pay."""
    made = await turn.services.billing.payments_of(turn.state.customer_id, limit=_LATEST)
    lines = [_heading(turn, made), *(_line(turn, payment) for payment in made)]
    owed = await turn.services.billing.invoices_of(turn.state.customer_id)
    paper = papers.offered(turn.chat, papers.RECEIPT) if made else ()
    if not owed:
        good_news = say(*lines, "payment_history.all_paid", actions=paper)
        return good_news if paper else End((good_news,))
    return say(
        *lines,
        message("payment_history.owed", count=len(owed), total=Rupiah(sum(bill.amount for bill in owed))),
        "payment_history.not_there",
        actions=(AGAIN, PAY, *paper),
    )


@flow.step(_payments, help="payment_history.help", browsing=True)
async def shown(turn: Turn[HistoryState]) -> Outcome:
    intent = understand(turn.text).intent
    if turn.choice == papers.RECEIPT.id or papers.asks_for_receipt(turn.text) or _names_file(turn):
        return await _hand_over(turn)
    if turn.choice == AGAIN.id or intent is Intent.PAYMENT_PROOF:
        return await _look_again(turn)
    owed = await turn.services.billing.invoices_of(turn.state.customer_id)
    if owed and (turn.choice == PAY.id or intent is Intent.PAY_BILL):
        return await _pay(turn, owed[-1])
    return turn.retry("payment_code.not_listed")


def _names_file(turn: Turn[HistoryState]) -> bool:
    """Here "pdf" and "bukti bayar" mean a receipt of ours, unless they tell of a proof of the customer's own."""
    return papers.asks_for_file(turn.text) or turn.text.strip().lower() in {"bukti bayar", "bukti pembayaran"}


async def _hand_over(turn: Turn[HistoryState]) -> Outcome:
    made = await turn.services.billing.payments_of(turn.state.customer_id, limit=papers.LOOKED_BACK)
    asked = papers.meant(turn.text, made, turn.today)
    if asked is None:
        return turn.retry(papers.no_receipt(made), limited=False)
    return turn.retry(papers.receipt(asked, turn.chat, made), limited=False)


async def _look_again(turn: Turn[HistoryState]) -> Outcome:
    latest = await turn.services.billing.payments_of(turn.state.customer_id, limit=1)
    if latest and latest[0].id != turn.state.latest:
        return turn.goto(shown, latest=latest[0].id)
    settings = turn.services.settings
    now = TimeOfDay(turn.now, settings.zone)
    why = message("payment_code.still_not_recorded", now=now)
    return turn.retry(why, limited=False)


async def _pay(turn: Turn[HistoryState], bill: Invoice) -> Outcome:
    channel = channel_named(turn.text, await turn.services.billing.channels())
    given = CodeState(turn.state.customer_id, turn.state.name, bill.number, channel)
    return turn.call(payment_code.flow, given, then=paid)


@flow.continuation
async def paid(turn: Turn[HistoryState], _nothing: None) -> Outcome:
    return await _show(turn, ServiceOfChat(turn.state.customer_id, turn.state.number, turn.state.name))


def _heading(turn: Turn[HistoryState], made: tuple[PaymentMade, ...]) -> Message:
    name = bill_texts.first_name(turn.state.name)
    key = "payment_history.heading" if made else "payment_history.none"
    return message(key, name=name, number=turn.state.number)


def _line(turn: Turn[HistoryState], payment: PaymentMade) -> Message:
    return message(
        "payment_history.line",
        day=Day(local_day(payment.paid_at, turn.services.settings.zone)),
        amount=Rupiah(payment.amount),
        period=Month(payment.year, payment.month),
        invoice=payment.invoice_number,
    )
