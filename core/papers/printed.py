"""Bills and receipts as PDF: what stands on them, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec

from core.billing.types import Invoice, InvoiceLine, InvoiceStatus
from core.papers.canvas import (
    ACCENT,
    BAD,
    BOLD,
    DUE,
    GOOD,
    INK,
    PLAIN,
    SMALL,
    SOFT,
    WIDTH,
    Canvas,
    Style,
)
from core.papers.types import Issuer, Receipt, Sheet
from core.platform import i18n
from core.platform.clock import local_day
from core.platform.i18n import Argument, Day, Month, Rupiah, TimeOfDay, spelled

Words = Callable[..., str]

_CODE_SIZE = 38.0
_LABEL = Style(size=10, colour=SOFT)
_HEAD = Style(size=10, bold=True, colour=SOFT)
#: Widths of what, how many, price each and in all.
_COLUMNS = (84.0, 18.0, 36.0, 36.0)


def invoice(sheet: Sheet, issuer: Issuer) -> bytes:
    """A bill: who owes what for which month, and where to pay it, or that it is paid."""
    bill, zone = sheet.bill.invoice, ZoneInfo(issuer.zone)
    say = _words(issuer)
    is_paid = bill.status is InvoiceStatus.PAID
    page = Canvas(
        title=f"{say('paper.invoice')} {bill.number}",
        author=issuer.business,
        language=issuer.language,
        made_at=bill.paid_at or sheet.issued_at if is_paid else sheet.issued_at,
    )
    _letterhead(page, issuer, say("paper.invoice"))
    facts = [
        (say("paper.number"), bill.number),
        (say("paper.period"), spelled(Month(bill.year, bill.month), issuer.language)),
        (say("paper.issued"), spelled(Day(local_day(sheet.issued_at, zone)), issuer.language)),
        (say("paper.due"), spelled(Day(bill.due_on), issuer.language)),
    ]
    _parties(page, say("paper.for"), (sheet.bill.customer_name, sheet.bill.service_number), facts, say)
    _lines(page, bill, issuer, say)
    _total(page, say("paper.total"), bill.amount, issuer)
    if is_paid:
        _paid(page, bill, issuer, say, zone)
    else:
        _ways_to_pay(page, sheet, issuer, say)
    _foot(page, issuer, say)
    return page.finished()


def receipt(paper: Receipt, issuer: Issuer) -> bytes:
    """A receipt: who paid how much for what, when, and the code that proves it."""
    say = _words(issuer)
    page = Canvas(
        title=f"{say('paper.receipt')} {paper.number}",
        author=issuer.business,
        language=issuer.language,
        made_at=paper.paid_at,
    )
    _letterhead(page, issuer, say("paper.receipt"))
    who = (paper.customer_name, paper.service_number)
    _parties(page, say("paper.from"), who, _facts_of(paper, issuer, say), say)
    _total(page, say("paper.received"), paper.amount, issuer)
    _standing(page, paper, say)
    if issuer.link:
        _code(page, issuer.link, say("paper.verify"))
    _foot(page, issuer, say)
    return page.finished()


def _words(issuer: Issuer) -> Words:
    def say(key: str, **args: Argument) -> str:
        return i18n.text(key, issuer.language, **args)

    return say


def _facts_of(paper: Receipt, issuer: Issuer, say: Words) -> list[tuple[str, str]]:
    zone = ZoneInfo(issuer.zone)
    day = spelled(Day(local_day(paper.paid_at, zone)), issuer.language)
    facts = [
        (say("paper.number"), paper.number),
        (say("paper.paid_at"), f"{day}, {spelled(TimeOfDay(paper.paid_at, zone), issuer.language)}"),
    ]
    if paper.bill is None:
        return [*facts, (say("paper.purpose"), say("paper.advance"))]
    period = Month(paper.bill.year, paper.bill.month)
    return [*facts, (say("paper.purpose"), say("paper.of_bill", invoice=paper.bill.number, period=period))]


def _letterhead(page: Canvas, issuer: Issuer, title: str) -> None:
    half = WIDTH / 2
    page.row(
        (issuer.business, Style(size=17, bold=True, colour=ACCENT), half),
        (title, Style(size=17, bold=True, align="R"), half),
    )
    for line in (issuer.address, issuer.phone):
        if line:
            page.write(line, SMALL, width=half + 30)
    page.down(4)
    page.rule(ACCENT, thickness=0.8)
    page.down(6)


def _parties(
    page: Canvas, label: str, who: tuple[str, str], facts: list[tuple[str, str]], say: Words
) -> None:
    """On the left whose paper it is, by name and service number; on the right the facts."""
    (name, service), top, half = who, page.y, WIDTH / 2
    page.write(label, _LABEL, width=half - 6)
    page.write(name, Style(size=13, bold=True), width=half - 6)
    page.write(say("paper.service", number=service), PLAIN, width=half - 6)
    bottom = page.y
    page.move_to(top)
    for fact, value in facts:
        page.row(("", PLAIN, half), (fact, _LABEL, 28), (value, BOLD, half - 28))
        page.down(1)
    page.move_to(max(bottom, page.y) + 6)


def _lines(page: Canvas, bill: Invoice, issuer: Issuer, say: Words) -> None:
    """The lines; how many and at what price only where some line is more than one of something."""
    is_counted = any(line.price != line.total for line in bill.lines)
    heads = [say("paper.what"), say("paper.quantity"), say("paper.price"), say("paper.amount")]
    rows = [_line(line, issuer) for line in bill.lines]
    taken = (
        (say("paper.tax"), bill.tax),
        (say("paper.discount"), -bill.discount),
        (say("invoice.settled"), -bill.deducted),
    )
    rows += [[label, "", "", _money(amount, issuer)] for label, amount in taken if amount]
    _row(page, heads, _HEAD, is_counted=is_counted)
    for row in rows:
        _row(page, row, PLAIN, is_counted=is_counted)


def _line(line: InvoiceLine, issuer: Issuer) -> list[str]:
    is_plain = line.price == line.total
    quantity, price = ("", "") if is_plain else (str(line.quantity), _money(line.price, issuer))
    return [line.name, quantity, price, _money(line.total, issuer)]


def _row(page: Canvas, texts: list[str], style: Style, *, is_counted: bool) -> None:
    what, quantity, price, total = texts
    figure = msgspec.structs.replace(style, align="R")
    counted = zip((quantity, price), _COLUMNS[1:3], strict=True) if is_counted else ()
    first = _COLUMNS[0] if is_counted else WIDTH - _COLUMNS[3]
    page.keep_together(page.height_of(what, style, first - 4) + 5)
    page.down(2.5)
    left = (what, style, first)
    page.row(left, *((text, figure, width) for text, width in counted), (total, figure, _COLUMNS[3]))
    page.down(2.5)
    page.rule()


def _total(page: Canvas, label: str, amount: int, issuer: Issuer) -> None:
    page.keep_together(26)
    page.down(5)
    page.tint(16)
    page.down(3.5)
    page.row(
        (f"  {label}", Style(size=18, bold=True, colour=SOFT), WIDTH / 2),
        (f"{_money(amount, issuer)}  ", Style(size=18, bold=True, align="R"), WIDTH / 2),
    )
    page.down(7)


def _paid(page: Canvas, bill: Invoice, issuer: Issuer, say: Words, zone: ZoneInfo) -> None:
    page.keep_together(_CODE_SIZE + 30)
    top = page.y
    day = bill.due_on if bill.paid_at is None else local_day(bill.paid_at, zone)
    page.stamp(say("paper.paid"), GOOD, y=top)
    page.move_to(top + 2)
    page.write(say("paper.paid_on", day=Day(day)), Style(size=13, colour=GOOD), width=WIDTH / 2 + 20)
    page.write(say("paper.thanks"), PLAIN, width=WIDTH / 2 + 20)
    page.move_to(max(page.y, top + 14) + 6)
    if issuer.link:
        _code(page, issuer.link, say("paper.verify"))


def _standing(page: Canvas, paper: Receipt, say: Words) -> None:
    """What became of it: all is paid, something is left, or the payment was taken back."""
    page.keep_together(_CODE_SIZE + 30)
    top = page.y
    if paper.is_reversed:
        page.stamp(say("paper.reversed"), BAD, y=top)
        said, colour = say("paper.reversed_why"), BAD
    elif paper.bill is not None and paper.bill.rest:
        page.stamp(say("paper.partial"), DUE, y=top)
        said, colour = say("paper.rest", amount=Rupiah(paper.bill.rest)), DUE
    else:
        page.stamp(say("paper.paid"), GOOD, y=top)
        said, colour = say("paper.thanks"), INK
    page.move_to(top + 2)
    page.write(said, Style(size=12, colour=colour), width=WIDTH / 2 + 10)
    page.move_to(max(page.y, top + 14) + 6)


def _ways_to_pay(page: Canvas, sheet: Sheet, issuer: Issuer, say: Words) -> None:
    page.keep_together(_CODE_SIZE + 20)
    due = say("paper.pay_before", due=Day(sheet.bill.invoice.due_on))
    page.write(due, Style(size=12, bold=True, colour=DUE))
    page.down(3)
    for place in sheet.places:
        page.keep_together(16)
        page.write(place.title, _LABEL)
        page.write(place.typed, Style(size=14, mono=True))
        page.down(2)
    page.down(3)
    if issuer.link:
        _code(page, issuer.link, say("paper.pay_here"))


def _code(page: Canvas, url: str, why: str) -> None:
    page.keep_together(_CODE_SIZE + 4)
    top = page.y
    page.code(url, x=0, y=top, size=_CODE_SIZE)
    page.move_to(top + 8)
    page.write(why, PLAIN, x=_CODE_SIZE + 6, width=WIDTH - _CODE_SIZE - 6)
    page.write(url, SMALL, x=_CODE_SIZE + 6, width=WIDTH - _CODE_SIZE - 6)
    page.move_to(max(page.y, top + _CODE_SIZE) + 4)


def _foot(page: Canvas, issuer: Issuer, say: Words) -> None:
    page.keep_together(14)
    page.down(2)
    page.rule()
    page.down(3)
    asked = say("paper.questions", phone=issuer.phone) if issuer.phone else say("paper.no_signature")
    page.write(asked, SMALL)


def _money(amount: int, issuer: Issuer) -> str:
    return spelled(Rupiah(amount), issuer.language)
