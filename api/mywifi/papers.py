"""A customer's own bills and receipts as PDF: two endpoints of ours beside those of the document."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct
from quart import Blueprint, Response

from api.auth import services
from api.http import read
from api.mywifi.access import for_customers
from api.mywifi.bodies import StatusMessage
from api.operations import Operation, Paper, Refusal
from api.papers.pay import pdf
from api.rules import OneOf, Spelled
from core.customers.types import CustomerName
from core.papers.names import invoice_attachment, receipt_attachment
from core.platform.errors import Conflict, Forbidden, NotFound
from core.platform.i18n import Language

blueprint = Blueprint("mywifi_papers", __name__, url_prefix="/api")

_NOT_YOURS = Refusal(
    Forbidden, "invoice", 403, StatusMessage("forbidden", "Tagihan ini bukan milik akun Anda.")
)
_NO_SUCH = Refusal(NotFound, "invoice", 404, StatusMessage("not_found", "Tagihan tidak ditemukan."))
_NOT_PAID = Refusal(
    Conflict,
    "not_paid",
    409,
    StatusMessage("not_paid", "Tagihan ini belum dibayar, jadi belum ada kwitansinya."),
)


class PaperWanted(Struct, frozen=True):
    """Which invoice's paper, and in which language; the business's unless asked otherwise."""

    invoice: Annotated[str, Spelled(longest=32)]
    lang: Annotated[str | None, OneOf(("id", "en"))] = None

    @property
    def language(self) -> Language:
        wanted = self.lang or services().settings.language
        return "en" if wanted == "en" else "id"


@blueprint.get("/invoice/pdf")
@for_customers(
    Operation(
        summary="Tagihan sebagai PDF.", reads=PaperWanted, answer=Paper(), refuses=(_NOT_YOURS, _NO_SUCH)
    )
)
async def show_invoice_pdf(customer: CustomerName) -> Response:
    """One of the caller's own invoices, paid or not."""
    form = await read(PaperWanted)
    sheet = await services().papers.own_sheet(form.invoice, customer.id)
    bill = sheet.bill.invoice
    file = await services().papers.invoice_pdf(sheet, form.language)
    return pdf(file, invoice_attachment(bill.id, bill.number, form.language).name)


@blueprint.get("/invoice/receipt")
@for_customers(
    Operation(
        summary="Kwitansi sebagai PDF.",
        reads=PaperWanted,
        answer=Paper(),
        refuses=(_NOT_YOURS, _NO_SUCH, _NOT_PAID),
    )
)
async def show_receipt_pdf(customer: CustomerName) -> Response:
    """The receipt of the last payment of one of the caller's own invoices."""
    form = await read(PaperWanted)
    sheet = await services().papers.own_sheet(form.invoice, customer.id)
    if sheet.payment_id is None:
        raise Conflict("not_paid")
    file = await services().papers.receipt_pdf(sheet.payment_id, form.language)
    return pdf(file, receipt_attachment(sheet.payment_id, sheet.bill.invoice.number, form.language).name)
