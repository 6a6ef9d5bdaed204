"""A customer's own invoices (mywifi contract §7, endpoint 25)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct
from quart import Blueprint, Response

from api.auth import services
from api.http import answer, read
from api.mywifi import examples, render
from api.mywifi.access import for_customers
from api.mywifi.bodies import InvoiceList
from api.operations import Operation
from api.rules import OneOf, Whole
from core.billing.types import InvoiceStatus
from core.customers.types import CustomerName

blueprint = Blueprint("mywifi_invoice", __name__, url_prefix="/api")

_LEGACY_WORDS = {"belum bayar": "unpaid", "sudah bayar": "paid"}


class InvoiceFilter(Struct, frozen=True):
    """Which invoices; the unpaid ones unless asked otherwise."""

    status: Annotated[str, OneOf(("unpaid", "paid", "all"), also=_LEGACY_WORDS)] = "unpaid"
    month: Annotated[int | None, Whole(1, 12)] = None
    year: Annotated[int | None, Whole(1970, 2100)] = None

    @property
    def wanted(self) -> InvoiceStatus | None:
        return None if self.status == "all" else InvoiceStatus(self.status)


@blueprint.get("/invoice")
@for_customers(Operation(summary="Daftar tagihan pelanggan.", reads=InvoiceFilter, answer=examples.INVOICES))
async def list_invoices(customer: CustomerName) -> Response:
    """Newest first, each with its lines and with the codes to pay it by."""
    form = await read(InvoiceFilter)
    found = await services().billing.invoices_of(
        customer.id, status=form.wanted, month=form.month, year=form.year
    )
    invoices = tuple(map(render.invoice, found))
    return answer(InvoiceList(customer=render.head(customer), data=invoices))
