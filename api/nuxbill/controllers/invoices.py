"""Bills of all customers (phpnuxbill-1 contract §7.16)."""

from __future__ import annotations

from api.nuxbill.actions import GET, Controller, Likeness, Param
from api.nuxbill.call import Call
from api.nuxbill.paginator import paging
from api.nuxbill.replies import Page, Reply
from api.nuxbill.rows import day, moment, money
from core.billing.links import pay_link
from core.billing.types import InvoiceStatus

invoices = Controller("invoices")

_PER_PAGE = 50


@invoices.action("")
@invoices.action(
    "list",
    methods=GET,
    takes=(Param("search", "Number, name or e-mail."), Param("status", "paid or unpaid"), Param("p")),
    gives="invoices, paginator, search, status",
    likeness=Likeness.DIFFERENT,
    because="The original loses its rows; these are the bills of every face, and `url` leads to the paper.",
)
async def show_invoices(call: Call) -> Reply:
    """Bills, newest first, fifty a page."""
    asked, zone = paging(call, _PER_PAGE), call.services.settings.zone
    search, status = call.text("search")[:100], call.text("status").lower()
    known = InvoiceStatus(status) if status in set(InvoiceStatus) else None
    found, total = await call.services.billing.listed(search, known, limit=asked.limit, offset=asked.offset)
    rows: list[dict[str, object]] = [
        {
            "id": each.id,
            "number": each.number,
            "customer_id": each.customer_id,
            "fullname": each.name,
            "email": each.email or "",
            "address": each.address or "",
            "status": each.status,
            "due_date": day(each.due_on),
            "amount": money(each.amount),
            "data": {},
            "created_at": moment(each.created_at, zone),
            "url": pay_link(call.services.settings, each.id),
        }
        for each in found
    ]
    result = {"invoices": rows, "paginator": asked.described(call, total), "search": search, "status": status}
    return Page("Invoices", "reports", result)
