"""What a partner may sell, what is left of its deposit, and what to reconcile (bill-partner contract §1, §7.9, §7.10, §10)."""

from __future__ import annotations

import hashlib
from datetime import date

import msgspec
from msgspec import Struct
from quart import Blueprint, Response, request

from api.bills.access import Terms
from api.bills.claims import Fields, day
from api.bills.door import Reply, for_partners
from core.partners import bodies
from core.partners.bodies import Envelope
from core.partners.codes import DONE, Code
from core.partners.reports import LONGEST_PERIOD, Batch
from core.partners.types import Declined, PartnerKey, Product, Scope
from core.platform.errors import Conflict, Invalid, NotFound
from core.services import Services

blueprint = Blueprint("bill_partner", __name__)

_REPORT = Terms(Scope.REPORT, "1/second")
_RESEND = Terms(Scope.STATUS, "1/second")
_STATEMENT = Terms(Scope.REPORT, "1/second", deadline_s=60.0, takes_file=True)
_LARGEST_CURSOR = 2**53 - 1


class ProductEntry(Struct, frozen=True, rename="camel"):
    """A product, by the names the vendor's clients know."""

    name: str
    description: str
    code: str
    logo: str
    amount: int
    admin_fee: int
    biller: str
    category: str
    active: bool
    type: str = "POSTPAID"


class Balance(Struct, frozen=True, rename="camel"):
    """What is left of the deposit, in whole rupiah."""

    balance: int
    currency: str
    partner_id: str


class Settlements(Struct, frozen=True):
    batches: tuple[Batch, ...]


class Resent(Struct, frozen=True):
    """How many callbacks were queued again."""

    callbacks: int


@blueprint.post("/api/v2/partner/products")
@blueprint.post("/api/v1/partner/products")
@for_partners(_REPORT)
async def list_products(services: Services, key: PartnerKey, _fields: Fields) -> Envelope:
    """Everything this key may sell."""
    return _reported([_entry(product) for product in await services.partners.products(key)])


def _entry(product: Product) -> ProductEntry:
    return ProductEntry(
        product.name,
        product.description,
        product.code,
        product.logo,
        0,
        product.admin_fee,
        product.biller,
        product.category,
        product.is_active,
    )


@blueprint.post("/api/v2/partner/balance")
@blueprint.post("/api/v1/partner/balance")
@for_partners(_REPORT)
async def show_balance(services: Services, key: PartnerKey, _fields: Fields) -> Envelope:
    """The deposit as it is now."""
    balance = await services.partners.balance(key)
    return bodies.envelope(Code.SUCCESS, Balance(balance, "IDR", key.partner_code), words=DONE)


@blueprint.get("/api/v2/partner/transactions")
@for_partners(_REPORT)
async def list_transactions(services: Services, key: PartnerKey, fields: Fields) -> Reply:
    """The payments accepted on a day, as JSON by the page or, with `Accept: text/csv`, as a file of the whole day."""
    when, after = day(_asked(fields, "date"), "date"), _cursor(_asked(fields, "cursor"))
    if request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv":
        return await _file(services, key, when)
    return _reported(await services.partners.day(key, when, after=after))


@blueprint.get("/api/v2/partner/settlements")
@for_partners(_REPORT)
async def list_settlements(services: Services, key: PartnerKey, fields: Fields) -> Envelope:
    """What each day of a period comes to between the partner and us."""
    first, last = day(_asked(fields, "from"), "from"), day(_asked(fields, "to"), "to")
    if not first <= last <= first + LONGEST_PERIOD:
        raise Declined(Code.BAD_REQUEST, "to")
    return _reported(Settlements(await services.partners.batches(key, first, last)))


@blueprint.post("/api/v2/partner/statements")
@for_partners(_STATEMENT)
async def reconcile(services: Services, key: PartnerKey, fields: Fields) -> Reply:
    """The partner's statement of the day `date`, CSV or JSON, against ours: what agrees, and each line that does not."""
    when = day(fields.text("date"), "date")
    content = await request.get_data(cache=True, as_text=False, parse_form_data=False)
    try:
        found = await services.partners.reconcile(key, when, content)
    except Invalid as unreadable:
        raise Declined(Code.BAD_REQUEST, f"statement, line {unreadable.facts.get('line', 0)}") from unreadable
    if request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv":
        return Response(found.as_csv(), content_type="text/csv; charset=utf-8")
    return _reported(found)


@blueprint.post("/api/v2/partner/callbacks")
@for_partners(_RESEND)
async def list_callbacks(services: Services, key: PartnerKey, fields: Fields) -> Envelope:
    """What was tried to tell of the payment `refNumber`, newest first (§8.5)."""
    reference = fields.reference()
    try:
        return _reported(await services.partners.told(key, reference))
    except NotFound:
        return bodies.refused(Code.NO_SUCH_TRANSACTION)


@blueprint.post("/api/v2/partner/callbacks/resend")
@for_partners(_RESEND)
async def resend_callbacks(services: Services, key: PartnerKey, fields: Fields) -> Envelope:
    """Tell once more how the payment `refNumber` ended (§8.2)."""
    reference = fields.reference()
    try:
        return _reported(Resent(await services.partners.resend(key, reference)))
    except (NotFound, Conflict):
        return bodies.refused(Code.NO_SUCH_TRANSACTION)


@blueprint.post("/sandbox/callbacks/<int:transaction_id>/resend")
async def resend(transaction_id: int) -> Response:
    """Repeat the callbacks of a sandbox payment that has ended (§11)."""

    @for_partners(_RESEND)
    async def again(services: Services, key: PartnerKey, _fields: Fields) -> Envelope:
        try:
            return _reported(Resent(await services.partners.resend_sandboxed(key, transaction_id)))
        except (NotFound, Conflict):
            return bodies.refused(Code.NO_SUCH_TRANSACTION)

    return await again()


def _asked(fields: Fields, name: str) -> str | None:
    """A parameter of a report: signed, or from the address, but never two that differ."""
    signed, plain = fields.text(name), request.args.get(name)
    if signed is not None and plain is not None and signed != plain:
        raise Declined(Code.BAD_REQUEST, name)
    return plain if signed is None else signed


def _cursor(text: str | None) -> int:
    if text is None or text == "":
        return 0
    if not (text.isascii() and text.isdigit()) or int(text[:17]) > _LARGEST_CURSOR:
        raise Declined(Code.BAD_REQUEST, "cursor")
    return int(text[:17])


def _reported(data: object) -> Envelope:
    return bodies.report(msgspec.json.encode(data))


async def _file(services: Services, key: PartnerKey, when: date) -> Response:
    """The whole day in one file; its digest goes along, to be compared after the transfer."""
    content = await services.partners.file(key, when)
    return Response(
        content,
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="transactions-{when}.csv"',
            "X-Content-SHA256": hashlib.sha256(content).hexdigest(),
        },
    )
