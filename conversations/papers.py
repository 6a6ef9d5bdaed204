"""Bills and receipts as files in a chat: who asks for one, and how it is handed over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from conversations.engine.say import Option, Say, say
from conversations.engine.turn import ChatFacts
from conversations.parsing import parse_period, word_set, words_in
from conversations.understanding import understand
from core.billing.types import Invoice, PaymentMade
from core.papers.names import invoice_attachment, receipt_attachment
from core.platform.i18n import Message, Month, message

BILL, RECEIPT = (
    Option("bill_pdf", message("papers.bill_pdf")),
    Option("receipt_pdf", message("papers.receipt_pdf")),
)

#: How many payments back a receipt is looked for: three years of monthly bills.
LOOKED_BACK = 36

_FILE_WORDS = word_set("pdf unduh download cetak print")
_RECEIPT_WORDS = word_set("kwitansi kwitansinya kuitansi kuitansinya struk struknya receipt receipts")
#: Somebody who says these speaks of a proof of their own, or of money that is not there yet.
_OWN_PROOF = word_set(
    "ini sudah udah sdh udh dah tadi barusan belum blm my mine already attached sent here not"
)


def asks_for_receipt(text: str) -> bool:
    """Whether a message wants a receipt from us: "minta kwitansi", "bukti bayar pdf"."""
    words = words_in(text)
    if words & _OWN_PROOF:
        return False
    is_proof = "bukti" in words and bool(words & _FILE_WORDS)
    return bool(words & _RECEIPT_WORDS) or is_proof


def asks_for_file(text: str) -> bool:
    """Whether a message wants something as a file: "invoice pdf", "download tagihan"."""
    words = words_in(text)
    return bool(words & _FILE_WORDS) and not words & _OWN_PROOF


def offered(chat: ChatFacts, paper: Option) -> tuple[Option, ...]:
    """A paper as a next step, where the chat takes files."""
    return (paper,) if chat.takes_files else ()


def bill(invoice: Invoice, chat: ChatFacts) -> Say:
    """The bill as a file; where the chat takes none, that is said."""
    if not chat.takes_files:
        return _not_here()
    file = invoice_attachment(invoice.id, invoice.number, chat.language)
    return say(_of("papers.bill_here", invoice.year, invoice.month), attachment=file)


def receipt(payment: PaymentMade, chat: ChatFacts, made: Sequence[PaymentMade] = ()) -> Say:
    """The receipt of a payment as a file; of the others that were `made` one is the example of how to ask for more."""
    if not chat.takes_files:
        return _not_here()
    file = receipt_attachment(payment.id, payment.invoice_number, chat.language)
    other = next((each for each in made if each.id != payment.id), None)
    hint = [_of("papers.other_months", other.year, other.month)] if other else []
    return say(_of("papers.receipt_here", payment.year, payment.month), *hint, attachment=file)


def no_receipt(made: Sequence[PaymentMade]) -> Message:
    """What is said when the payment somebody names is not there."""
    if not made:
        return message("papers.no_payment_yet")
    return _of("papers.no_such_payment", made[0].year, made[0].month)


def of_bill(number: str, made: Sequence[PaymentMade]) -> PaymentMade | None:
    """The payment that paid a bill, or the last part of it."""
    return next((payment for payment in made if payment.invoice_number == number), None)


def meant(text: str, payments: Sequence[PaymentMade], today: date) -> PaymentMade | None:
    """The payment a message asks for: by bill, by month, else the newest; None when the one it names is not there."""
    invoice = understand(text).entities.invoice
    month, year = parse_period(text, today)
    matching = (
        each
        for each in payments
        if invoice in {None, each.invoice_number} and month in {0, each.month} and year in {0, each.year}
    )
    return next(matching, None)


def _of(key: str, year: int, month: int) -> Message:
    return message(key, period=Month(year, month))


def _not_here() -> Say:
    return say("papers.cannot_here")
