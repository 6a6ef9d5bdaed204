"""Shows what a customer owes: the total, the list, and each bill with its lines; any of them can be paid."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from conversations import bill_texts, papers
from conversations.engine.flow import Flow
from conversations.engine.say import Option, Say, say
from conversations.engine.turn import Cue, End, Outcome, Turn
from conversations.flows import identify, more_time, payment_code, which_service
from conversations.flows.identify import IdentifyState
from conversations.flows.more_time import ASK_FOR_TIME, TimeState
from conversations.flows.payment_code import PAY, CodeState, channel_named
from conversations.flows.which_service import WhichState
from conversations.parsing import parse_period
from conversations.understanding import Intent, understand
from conversations.wishes import asks_for_time
from core.billing.types import Invoice, InvoiceStatus
from core.customers.types import Duty, ServiceOfChat
from core.platform.i18n import Message, message
from core.subscriptions.types import ServiceStatus

BACK = Option("back", message("invoice_lookup.back"))
OTHER_SERVICE = Option("other_service", message("invoice_lookup.other_service"))


class LookupState(Struct, frozen=True, forbid_unknown_fields=True):
    """`month` and `year` narrow the list, 0 means any; `invoice` is the bill asked for or looked at, `file` that it is wanted as one, `time` that time to pay is."""

    customer_id: int = 0
    number: str = ""
    name: str = ""
    month: int = 0
    year: int = 0
    invoice: str = ""
    file: bool = False
    time: bool = False


async def _hears(cue: Cue) -> bool:
    return asks_for_time(cue.text)


flow = Flow(
    "invoice_lookup",
    LookupState,
    label="topic.check_bill",
    reopening="invoice_lookup.reopening",
    version=2,
    serves=(Intent.CHECK_BILL,),
    commands=("tagihan", "bill"),
    hears=_hears,
    # Version 1 was also the flow of those who came to pay.
    upgrades={1: lambda stored: {name: value for name, value in stored.items() if name != "is_paying"}},
)


@flow.entry
async def begin(turn: Turn[LookupState]) -> Outcome:
    asked = understand(turn.text)
    month, year = parse_period(turn.text, turn.today)
    return turn.call(
        identify.flow,
        IdentifyState(asked.entities.service_number or "", duty=Duty.BILLS),
        then=identified,
        month=month,
        year=year,
        invoice=asked.entities.invoice or "",
        file=papers.asks_for_file(turn.text),
        time=asks_for_time(turn.text),
    )


@flow.continuation
async def identified(turn: Turn[LookupState], service: ServiceOfChat) -> Outcome:
    """One bill that was asked for is shown at once, several of a month are listed, else all that are open."""
    state, owner = turn.state, _owner(service) | {"file": False, "time": False}
    if state.time:
        return await _give_time(turn, service, **owner)
    if not (state.invoice or state.month or state.file):
        return turn.goto(bills, **owner)
    meant = await _meant(turn, service.customer_id)
    if len(meant) == 1:
        file = [papers.bill(meant[0], turn.chat)] if state.file else []
        return turn.goto(detail, *file, **owner, invoice=meant[0].number)
    if meant or not (state.invoice or state.month):
        return turn.goto(bills, **owner)
    before = "invoice_lookup.no_such_bill" if state.invoice else "invoice_lookup.none_of_month"
    return turn.goto(bills, before, **owner, month=0, year=0, invoice="")


async def _give_time(turn: Turn[LookupState], service: ServiceOfChat, **owner: object) -> Outcome:
    """Time to pay where it helps; else it is said that it does not, above what is owed."""
    if await turn.services.billing.time_on_offer(service.customer_id) is None:
        return turn.goto(bills, "more_time.not_now", **owner)
    return turn.call(more_time.flow, TimeState(service.customer_id), then=decided, **owner)


async def _meant(turn: Turn[LookupState], customer_id: int) -> Sequence[Invoice]:
    """The bills a message speaks of: by number, or by month (the open ones, if any)."""
    state = turn.state
    found = await turn.services.billing.invoices_of(
        customer_id, status=None, month=state.month or None, year=state.year or None
    )
    if state.invoice:
        return [bill for bill in found if bill.number == state.invoice]
    owed = [bill for bill in found if bill.status is InvoiceStatus.UNPAID]
    return owed or found[:1]


async def _list(turn: Turn[LookupState]) -> Say | End:
    state, owed, others = turn.state, await _owed(turn), await _other_services(turn)
    if not owed:
        good_news = say(await _nothing_owed(turn), actions=others)
        return good_news if others else End((good_news,))
    profile = await turn.services.subscriptions.profile(state.customer_id)
    return say(
        bill_texts.heading(owed, name=state.name, number=state.number, is_one_of_many=bool(others)),
        *(["invoice_lookup.isolated"] if profile.status is ServiceStatus.ISOLATED else []),
        rows=[bill_texts.row(bill, turn.today) for bill in owed],
        footer="invoice_lookup.pick",
        actions=(PAY, *await _more_time(turn), *others),
    )


@flow.step(_list, help="invoice_lookup.pick_help", browsing=True)
async def bills(turn: Turn[LookupState]) -> Outcome:
    if turn.choice == OTHER_SERVICE.id:
        return turn.call(which_service.flow, WhichState(duty=Duty.BILLS), then=other)
    if turn.choice == ASK_FOR_TIME.id:
        return turn.call(more_time.flow, TimeState(turn.state.customer_id), then=decided)
    wants_to_pay = turn.choice == PAY.id or understand(turn.text).intent is Intent.PAY_BILL
    if turn.choice not in {PAY.id, None}:
        return turn.goto(detail, invoice=turn.choice)
    owed = await _owed(turn)
    return await _pay(turn, owed[0]) if owed and wants_to_pay else turn.retry("invoice_lookup.not_listed")


async def _bill(turn: Turn[LookupState]) -> Say | End:
    """A bill with nothing else to go on to ends the dialogue."""
    found = await turn.services.billing.invoices_of(turn.state.customer_id, status=None)
    bill = next((bill for bill in found if bill.number == turn.state.invoice), None)
    if bill is None:
        return End((say("invoice_lookup.no_such_bill"),))
    owed = [each for each in found if each.status is InvoiceStatus.UNPAID and each.number != bill.number]
    can_pay = [PAY] if bill.status is InvoiceStatus.UNPAID else []
    paper = papers.offered(turn.chat, papers.BILL if can_pay else papers.RECEIPT)
    actions = [*can_pay, *paper, *([BACK] if owed else []), *await _other_services(turn)]
    shown = say(*bill_texts.details(bill, turn.services.settings.zone, turn.today), actions=actions)
    return shown if actions else End((shown,))


@flow.step(_bill, help="invoice_lookup.bill_help", browsing=True)
async def detail(turn: Turn[LookupState]) -> Outcome:
    if turn.choice == OTHER_SERVICE.id:
        return turn.call(which_service.flow, WhichState(duty=Duty.BILLS), then=other)
    if turn.choice == BACK.id:
        return turn.goto(bills, month=0, year=0, invoice="")
    bill = await _looked_at(turn)
    if bill and (paper := await _paper(turn, bill)):
        return turn.retry(paper, limited=False)
    wants_to_pay = turn.choice == PAY.id or understand(turn.text).intent is Intent.PAY_BILL
    if bill and bill.status is InvoiceStatus.UNPAID and wants_to_pay:
        return await _pay(turn, bill)
    return turn.retry("invoice_lookup.bill_not_listed")


async def _paper(turn: Turn[LookupState], bill: Invoice) -> Say | None:
    """The bill or its receipt as a file, whichever is asked for; None when neither is."""
    asks_for_receipt = turn.choice == papers.RECEIPT.id or papers.asks_for_receipt(turn.text)
    if asks_for_receipt and bill.status is InvoiceStatus.PAID:
        made = await turn.services.billing.payments_of(turn.state.customer_id, limit=papers.LOOKED_BACK)
        paid_by = papers.of_bill(bill.number, made)
        return papers.bill(bill, turn.chat) if paid_by is None else papers.receipt(paid_by, turn.chat)
    if turn.choice == papers.BILL.id or papers.asks_for_file(turn.text):
        return papers.bill(bill, turn.chat)
    return None


async def _pay(turn: Turn[LookupState], bill: Invoice) -> Outcome:
    state, channels = turn.state, await turn.services.billing.channels()
    channel = channel_named(turn.text, channels)
    return turn.call(
        payment_code.flow, CodeState(state.customer_id, state.name, bill.number, channel), then=paid
    )


@flow.continuation
async def paid(turn: Turn[LookupState], _nothing: None) -> Outcome:
    """What is left to pay, from the start."""
    return turn.goto(bills, month=0, year=0, invoice="")


@flow.continuation
async def decided(turn: Turn[LookupState], _nothing: None) -> Outcome:
    """About more time: what was decided is all there is to say."""
    return turn.end()


@flow.continuation
async def other(turn: Turn[LookupState], service: ServiceOfChat | None) -> Outcome:
    """Another service of the same chat, from the start."""
    fresh = {"month": 0, "year": 0, "invoice": ""}
    if service is None:
        return turn.goto(bills, **fresh)
    return turn.goto(bills, **_owner(service), **fresh)


def _owner(service: ServiceOfChat) -> dict[str, object]:
    return {"customer_id": service.customer_id, "number": service.service_number, "name": service.name}


async def _looked_at(turn: Turn[LookupState]) -> Invoice | None:
    found = await turn.services.billing.invoices_of(turn.state.customer_id, status=None)
    return next((bill for bill in found if bill.number == turn.state.invoice), None)


async def _owed(turn: Turn[LookupState]) -> list[Invoice]:
    """Unpaid bills, oldest first: the order they should be paid in."""
    state = turn.state
    newest_first = await turn.services.billing.invoices_of(
        state.customer_id, month=state.month or None, year=state.year or None
    )
    return list(reversed(newest_first))


async def _more_time(turn: Turn[LookupState]) -> list[Option]:
    """Time to pay is offered only where it would help."""
    until = await turn.services.billing.time_on_offer(turn.state.customer_id)
    return [] if until is None else [ASK_FOR_TIME]


async def _other_services(turn: Turn[LookupState]) -> list[Option]:
    own = await turn.own_services(Duty.BILLS)
    return [OTHER_SERVICE] if len(own) > 1 else []


async def _nothing_owed(turn: Turn[LookupState]) -> Message:
    state = turn.state
    settled = await turn.services.billing.invoices_of(state.customer_id, status=InvoiceStatus.PAID)
    service = ServiceOfChat(state.customer_id, state.number, state.name)
    return bill_texts.nothing_owed(service, settled, turn.services.settings.zone)
