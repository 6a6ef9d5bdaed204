"""The page that old bills and isolation pages link to: one invoice, its state and where to pay it (mywifi contract §0)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Struct
from quart import Blueprint, Response, render_template, request

from api.auth import client_ip, services
from api.forms import ValidationFailed
from api.http import Unparsable, read
from api.mywifi.access import PER_ADDRESS
from api.rules import Text
from core.billing.types import Bill, InvoiceStatus
from core.platform.errors import Throttled
from core.platform.i18n import LANGUAGES, Day, Language, Month, Rupiah, spelled

blueprint = Blueprint("checkout", __name__, template_folder="../pages")

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class PaymentLink(Struct, frozen=True):
    """What a link to the page names."""

    invoice: Annotated[str, Text(longest=32)]
    noservices: Annotated[str, Text()]


@blueprint.get("/checkout/payment")
async def show_invoice() -> Response:
    """The invoice when number and service belong together, else 404; the page names no person."""
    try:
        await services().throttle.hit(PER_ADDRESS, "address", client_ip())
        bill = await _bill(await read(PaymentLink))
    except Throttled as error:
        return await _page(429, {}, headers={"Retry-After": str(error.retry_after_s)})
    except (ValidationFailed, Unparsable):
        bill = None
    return await _page(404, {}) if bill is None else await _page(200, await _facts(bill))


async def _bill(link: PaymentLink) -> Bill | None:
    bills = await services().billing.bills_of(link.noservices, unpaid_only=False)
    return next((bill for bill in bills if bill.invoice.number == link.invoice), None)


async def _facts(bill: Bill) -> dict[str, object]:
    invoice, language = bill.invoice, _language()
    titles = {channel.code: channel.title for channel in await services().billing.channels()}
    return {
        "number": invoice.number,
        "service_number": bill.service_number,
        "period": spelled(Month(invoice.year, invoice.month), language),
        "amount": spelled(Rupiah(invoice.amount), language),
        "due": spelled(Day(invoice.due_on), language),
        "is_paid": invoice.status is InvoiceStatus.PAID,
        "places": [(titles.get(code, code), typed) for code, typed in invoice.payment_codes.items()],
    }


async def _page(
    status: int, facts: Mapping[str, object], *, headers: Mapping[str, str] | None = None
) -> Response:
    settings = services().settings
    html = await render_template(
        "checkout.html", status=status, language=_language(), business=settings.business_name, **facts
    )
    page = Response(html, status, content_type="text/html; charset=utf-8")
    page.headers.update({"Content-Security-Policy": _POLICY, "Vary": "Accept-Language", **(headers or {})})
    return page


def _language() -> Language:
    """The reader's, as far as the browser says; else the business's."""
    for wanted in request.accept_languages.values():
        if language := next((known for known in LANGUAGES if wanted.lower().startswith(known)), None):
            return language
    return services().settings.language
