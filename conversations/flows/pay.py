"""Helps to pay a bill: the one that was named, else the oldest; it is paid outside, and recorded by itself."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from conversations import bill_texts
from conversations.engine.flow import Flow
from conversations.engine.turn import Outcome, Turn
from conversations.flows import identify, payment_code
from conversations.flows.identify import IdentifyState
from conversations.flows.payment_code import CodeState, channel_named
from conversations.parsing import parse_period
from conversations.understanding import Intent, understand
from core.billing.types import Invoice, InvoiceStatus
from core.customers.types import Duty, ServiceOfChat
from core.platform.i18n import Message, Month, Rupiah, message


class PayState(Struct, frozen=True, forbid_unknown_fields=True):
    """What the first message named: a bill, a month (0 means any), a place to pay."""

    customer_id: int = 0
    month: int = 0
    year: int = 0
    invoice: str = ""
    channel: str = ""


flow = Flow(
    "pay",
    PayState,
    label="topic.pay_bill",
    reopening="pay.reopening",
    serves=(Intent.PAY_BILL,),
    commands=("bayar", "pay"),
)


@flow.entry
async def begin(turn: Turn[PayState]) -> Outcome:
    facts = understand(turn.text).entities
    month, year = parse_period(turn.text, turn.today)
    return turn.call(
        identify.flow,
        IdentifyState(facts.service_number or "", duty=Duty.BILLS),
        then=identified,
        month=month,
        year=year,
        invoice=facts.invoice or "",
        channel=channel_named(turn.text, await turn.services.billing.channels()),
    )


@flow.continuation
async def identified(turn: Turn[PayState], service: ServiceOfChat) -> Outcome:
    newest_first = await turn.services.billing.invoices_of(service.customer_id, status=None)
    owed = [bill for bill in reversed(newest_first) if bill.status is InvoiceStatus.UNPAID]
    if not owed:
        return turn.end(bill_texts.nothing_owed(service, newest_first, turn.services.settings.zone))
    wanted = [bill for bill in newest_first if _is_meant(turn.state, bill)]
    chosen = next((bill for bill in owed if bill in wanted), owed[0])
    return turn.call(
        payment_code.flow,
        CodeState(service.customer_id, service.name, chosen.number, turn.state.channel),
        *([] if chosen in wanted else [_why_another(turn.state, wanted)]),
        then=paid,
        customer_id=service.customer_id,
    )


@flow.continuation
async def paid(turn: Turn[PayState], _nothing: None) -> Outcome:
    owed = await turn.services.billing.invoices_of(turn.state.customer_id)
    if not owed:
        return turn.end()
    total = Rupiah(sum(bill.amount for bill in owed))
    return turn.end(message("pay.still_owed", count=len(owed), total=total))


def _is_meant(state: PayState, bill: Invoice) -> bool:
    """Whether a bill is one that was named; nothing named means any."""
    if state.invoice:
        return bill.number == state.invoice
    return state.month in {0, bill.month} and state.year in {0, bill.year}


def _why_another(state: PayState, wanted: Sequence[Invoice]) -> Message:
    """Why another bill is offered than the one that was named: that one is paid, or not there."""
    if wanted:
        return message("pay.paid_already", period=Month(wanted[0].year, wanted[0].month))
    return message("invoice_lookup.no_such_bill" if state.invoice else "invoice_lookup.none_of_month")
