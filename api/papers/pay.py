"""The pay page: one bill, its state and where to pay it, by a signed link or by number and service (mywifi contract §0)."""

from __future__ import annotations

import html
import re
from datetime import date

from markupsafe import Markup
from quart import Blueprint, Response, request

from api.auth import client_ip, services
from api.papers.pages import page, said, too_often, wrong_link
from api.papers.reader import language
from core.billing.rules import how_to_pay
from core.billing.types import Invoice, InvoiceStatus
from core.customers.rules import masked_name
from core.messaging.attachments import File
from core.papers.names import invoice_attachment, receipt_attachment
from core.papers.types import Place, Sheet
from core.platform.clock import local_day
from core.platform.errors import NotFound, Throttled
from core.platform.i18n import Argument, Day, Month, Rupiah, spelled

blueprint = Blueprint("papers_pay", __name__)

#: The pair of numbers can be guessed, a signed link cannot.
_PER_ADDRESS = "30/minute"
_LONGEST_NUMBER = 64
_BOLD = re.compile(r"\*([^*]+)\*")


@blueprint.get("/checkout/payment")
async def show_named() -> Response:
    """The bill when number and service belong together, else 404; whoever guesses a pair learns no name."""
    try:
        await services().throttle.hit(_PER_ADDRESS, "address", client_ip())
        sheet = await _named()
    except Throttled as error:
        return await too_often(error)
    except NotFound:
        return await wrong_link(said("pay_page.unknown"), said("pay_page.check_numbers"))
    return await _bill(sheet, masked_name(sheet.bill.customer_name), token="")


async def _named() -> Sheet:
    number, service = (request.args.get(name, "") for name in ("invoice", "noservices"))
    if any("\0" in part or len(part) > _LONGEST_NUMBER for part in (number, service)):
        raise NotFound("invoice")
    return await services().papers.sheet_named(number, service)


@blueprint.get("/p/<token>")
async def show_linked(token: str) -> Response:
    """The bill of a signed link, with its lines and its papers; 404 for a link that is not ours."""
    try:
        sheet = await services().papers.sheet_behind(token)
    except NotFound:
        return await _wrong_link()
    return await _bill(sheet, sheet.bill.customer_name, token=token)


@blueprint.get("/p/<token>/invoice.pdf")
async def invoice_pdf(token: str) -> Response:
    try:
        sheet = await services().papers.sheet_behind(token)
    except NotFound:
        return await _wrong_link()
    file = await services().papers.invoice_pdf(sheet, language())
    bill = sheet.bill.invoice
    return pdf(file, invoice_attachment(bill.id, bill.number, language()).name)


@blueprint.get("/p/<token>/receipt.pdf")
async def receipt_pdf(token: str) -> Response:
    """The receipt of the last payment of a paid bill; 404 while there is none."""
    try:
        sheet = await services().papers.sheet_behind(token)
    except NotFound:
        return await _wrong_link()
    if sheet.payment_id is None:
        return await _wrong_link()
    file = await services().papers.receipt_pdf(sheet.payment_id, language())
    return pdf(file, receipt_attachment(sheet.payment_id, sheet.bill.invoice.number, language()).name)


def pdf(file: File, name: str) -> Response:
    """A paper to look at, under the name it is kept by."""
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(file.content, content_type=file.media_type, headers=headers)


async def _wrong_link() -> Response:
    return await wrong_link(said("pay_page.unknown"), said("pay_page.check_link"))


async def _bill(sheet: Sheet, name: str, *, token: str) -> Response:
    """The page; without a `token` it keeps to what the numbers alone entitle to."""
    bill = sheet.bill.invoice
    is_paid = bill.status is InvoiceStatus.PAID
    return await page(
        "papers_bill.html",
        title=said("pay_page.title", period=Month(bill.year, bill.month)),
        whose=(name, said("paper.service", number=sheet.bill.service_number), bill.number),
        amount=_spelled(Rupiah(bill.amount)),
        is_paid=is_paid,
        state=_state(bill),
        warning="" if is_paid else _warning(bill),
        lines=_lines(bill) if token else [],
        places=[_place(place) for place in sheet.places],
        files=_files(sheet, token) if token else [],
        words=_words(),
    )


def _words() -> dict[str, str]:
    return {
        "where": said("pay_page.where"),
        "copy_code": said("pay_page.copy"),
        "copied": said("pay_page.copied"),
        "how": said("payment_code.how"),
        "already": said("pay_page.already"),
        "when": said("pay_page.when"),
        "again": said("pay_page.again"),
        "papers": said("pay_page.papers"),
    }


def _state(bill: Invoice) -> str:
    if bill.status is InvoiceStatus.PAID:
        zone = services().settings.zone
        day = bill.due_on if bill.paid_at is None else local_day(bill.paid_at, zone)
        return said("pay_page.paid", day=Day(day))
    key = "pay_page.overdue" if bill.due_on < _today() else "pay_page.due"
    return said(key, due=Day(bill.due_on))


def _warning(bill: Invoice) -> str:
    """When the line closes, as long as that is still ahead."""
    if bill.isolate_on < _today():
        return said("pay_page.may_be_closed")
    return said("pay_page.closes", day=Day(bill.isolate_on))


def _lines(bill: Invoice) -> list[tuple[str, str]]:
    lines = [(line.name, _spelled(Rupiah(line.total))) for line in bill.lines]
    taken = (
        (said("paper.tax"), bill.tax),
        (said("paper.discount"), -bill.discount),
        (said("invoice.settled"), -bill.deducted),
    )
    return lines + [(name, _spelled(Rupiah(amount))) for name, amount in taken if amount]


def _place(place: Place) -> dict[str, object]:
    how = html.escape(said(how_to_pay(place.code), place=place.title))
    marked = Markup(_BOLD.sub(r"<strong>\1</strong>", how))  # noqa: S704 - escaped just before
    return {"title": place.title, "typed": place.typed, "how": marked}


def _files(sheet: Sheet, token: str) -> list[tuple[str, str]]:
    """Papers in the language of the page."""
    query = f"?lang={language()}"
    bill = (said("pay_page.invoice_pdf"), f"{token}/invoice.pdf{query}")
    if sheet.payment_id is None:
        return [bill]
    return [(said("pay_page.receipt_pdf"), f"{token}/receipt.pdf{query}"), bill]


def _today() -> date:
    return local_day(services().clock.now(), services().settings.zone)


def _spelled(value: Argument) -> str:
    return spelled(value, language())
