"""Where and how one bill is paid: a place is chosen, its code is shown, and the money is looked for afterwards.

Nothing that is said here pays a bill; only what a payment channel reports does (design §3.1).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from conversations import papers
from conversations.engine.flow import Subflow
from conversations.engine.say import Option, Say, option, say
from conversations.engine.turn import End, Outcome, Turn
from conversations.parsing import word_set, words_in
from conversations.understanding import Intent, Understanding, understand
from core.billing.links import pay_link
from core.billing.rules import how_to_pay
from core.billing.types import Invoice, InvoiceStatus, PaymentChannel
from core.platform.i18n import Message, Month, Rupiah, TimeOfDay, message

PAY = Option("pay", message("payment_code.pay"))
HOW, PAID, ELSEWHERE = (
    Option("how", message("payment_code.how")),
    Option("paid", message("payment_code.paid")),
    Option("elsewhere", message("payment_code.elsewhere")),
)

#: Short for "how do I pay?" and "I have paid" once a code is shown.
_HOW_WORDS = word_set("cara caranya gimana gmn bagaimana how")
_PAID_WORDS = word_set("sudah udah sdh udh dah done paid")


class CodeState(Struct, frozen=True, forbid_unknown_fields=True):
    """Begun with a `channel`, the place is not asked for. `looks` are those that found no payment."""

    customer_id: int = 0
    name: str = ""
    invoice: str = ""
    channel: str = ""
    looks: int = 0


#: Gives nothing, once the bill is recorded as paid.
flow = Subflow[CodeState, None]("payment_code", CodeState)


@flow.entry
async def begin(turn: Turn[CodeState]) -> Outcome:
    channels = await turn.services.billing.channels()
    if not channels:
        return turn.end("payment_code.nowhere")
    known = {channel.code for channel in channels}
    if turn.state.channel in known:
        return turn.goto(code)
    return turn.goto(where, channel="") if len(channels) > 1 else turn.goto(code, channel=known.pop())


async def _where(turn: Turn[CodeState]) -> Say | End:
    owed = await turn.services.billing.invoices_of(turn.state.customer_id)
    bill = next((bill for bill in owed if bill.number == turn.state.invoice), None)
    if bill is None:
        return await _nothing_to_pay(turn)
    is_oldest_of_many = len(owed) > 1 and bill == owed[-1]
    key = "payment_code.where_oldest" if is_oldest_of_many else "payment_code.where"
    return say(
        message(key, amount=Rupiah(bill.amount), period=Month(bill.year, bill.month)),
        rows=[
            option(channel.code, "payment_code.place", name=channel.title)
            for channel in await turn.services.billing.channels()
        ],
    )


@flow.step(_where, help="payment_code.where_help")
async def where(turn: Turn[CodeState]) -> Outcome:
    named = turn.choice or channel_named(turn.text, await turn.services.billing.channels())
    if named:
        return turn.goto(code, channel=named)
    asked = understand(turn.text)
    return turn.retry("payment_code.pick_place", limited=not _means_this_bill(asked))


async def _code(turn: Turn[CodeState]) -> Say | End:
    bill = await _bill(turn)
    if bill is None or bill.status is InvoiceStatus.PAID:
        return await _nothing_to_pay(turn)
    titles, page = await _titles(turn), pay_link(turn.services.settings, bill.id)
    if turn.state.channel not in titles:
        return End((say("payment_code.place_closed"),))
    return say(
        message(
            "payment_code.code",
            place=titles[turn.state.channel],
            code=bill.payment_codes[turn.state.channel],
        ),
        message("payment_code.amount", amount=Rupiah(bill.amount), name=turn.state.name),
        "payment_code.when",
        *([message("payment_code.page", link=page)] if page else []),
        actions=(HOW, PAID, *([ELSEWHERE] if len(titles) > 1 else ())),
    )


@flow.step(_code, help="payment_code.code_help", browsing=True)
async def code(turn: Turn[CodeState]) -> Outcome:
    if turn.choice == ELSEWHERE.id:
        return turn.goto(where)
    named = channel_named(turn.text, await turn.services.billing.channels())
    if named and turn.choice is None:
        return turn.goto(code, channel=named)
    asked, words = understand(turn.text), words_in(turn.text)
    if turn.choice == PAID.id or asked.intent is Intent.PAYMENT_PROOF or (words and words <= _PAID_WORDS):
        return await _look(turn)
    if turn.choice == HOW.id or words & _HOW_WORDS or _means_this_bill(asked):
        return await _explain(turn)
    return turn.retry("payment_code.not_listed")


async def _explain(turn: Turn[CodeState]) -> Outcome:
    channel = turn.state.channel
    place = (await _titles(turn)).get(channel, channel)
    return turn.retry(message(how_to_pay(channel), place=place), limited=False)


async def _look(turn: Turn[CodeState]) -> Outcome:
    """Whether the payment has come in: what we see counts, not what is said. Who asks for the receipt gets it."""
    bill = await _bill(turn)
    if bill is not None and bill.status is InvoiceStatus.PAID:
        return turn.give(None, _recorded(bill), *await _receipt(turn, bill))
    looks, settings = turn.state.looks + 1, turn.services.settings
    if looks == 1:
        why = message("payment_code.not_recorded")
    else:
        now = TimeOfDay(turn.now, settings.zone)
        why = message("payment_code.still_not_recorded", now=now)
    return turn.retry(why, limited=False, looks=looks)


async def _receipt(turn: Turn[CodeState], bill: Invoice) -> Sequence[Say]:
    """The receipt as a file, for whoever asks for it in a chat that takes files."""
    if not (turn.chat.takes_files and papers.asks_for_receipt(turn.text)):
        return ()
    made = await turn.services.billing.payments_of(turn.state.customer_id, limit=papers.LOOKED_BACK)
    paid_by = papers.of_bill(bill.number, made)
    return () if paid_by is None else (papers.receipt(paid_by, turn.chat),)


async def _bill(turn: Turn[CodeState]) -> Invoice | None:
    found = await turn.services.billing.invoices_of(turn.state.customer_id, status=None)
    return next((bill for bill in found if bill.number == turn.state.invoice), None)


async def _titles(turn: Turn[CodeState]) -> dict[str, str]:
    return {channel.code: channel.title for channel in await turn.services.billing.channels()}


async def _nothing_to_pay(turn: Turn[CodeState]) -> End:
    """The bill was paid, or taken back, while it was on offer."""
    bill = await _bill(turn)
    return End((say("invoice_lookup.no_such_bill" if bill is None else _recorded(bill)),))


def _recorded(bill: Invoice) -> Message:
    period = Month(bill.year, bill.month)
    return message("payment_code.recorded", amount=Rupiah(bill.amount), period=period)


def channel_named(text: str, channels: Sequence[PaymentChannel]) -> str:
    """The code of the one channel a message names by a word of its name ("lewat bni"); empty when there is none."""
    said = words_in(text)
    named = [channel.code for channel in channels if said & words_in(channel.title)]
    return named[0] if len(named) == 1 else ""


def _means_this_bill(asked: Understanding) -> bool:
    """Whether somebody who wants to pay speaks of the bill at hand, and of no other."""
    facts = asked.entities
    return asked.intent is Intent.PAY_BILL and not (facts.invoice or facts.month or facts.service_number)
