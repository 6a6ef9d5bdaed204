"""The partners' API document (OpenAPI 3.1): what is signed, what is answered, what each code asks of the caller."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from quart import Blueprint, Response

from api.bills.partner import Balance, ProductEntry, Resent, Settlements
from core.partners.bodies import InquiryData, TransactionData
from core.partners.callbacks import Told
from core.partners.codes import WORDS, Code
from core.partners.reports import Day
from core.partners.statements import Reconciled

Json = dict[str, Any]

_REF = "#/components/schemas/{name}"
_DESCRIPTION = """\
Inquiry, payment and status of internet bills.

`TOKEN` is a compact JWT, HS256 over your secret; its claims are the request. A JSON body is optional: each of its members
must repeat a claim. HTTP 200 carries every code from 0 to 399; anything else on a payment means: ask Status, after 150 s.
Codes 102 and 108 name a payment that exists: ask Status before you refund.
"""
_TEXT, _WHOLE = {"type": "string"}, {"type": ["integer", "string"]}
_ACCOUNT = {"type": "string", "pattern": "^[A-Za-z0-9.-]{1,32}$"}
_PRODUCT = {"type": "string", "pattern": "^[A-Z0-9_-]{1,32}$"}
_REFERENCE = {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,64}$"}
_INQUIRY: Json = {"accountNumber": _ACCOUNT, "productCode": _PRODUCT}
_OPTIONAL: Json = {
    "month": {"type": "integer", "minimum": 1, "maximum": 12},
    "billIds": {"type": "array", "items": _TEXT},
    "callbackUrls": {"type": "array", "maxItems": 3, "items": {"type": "string", "format": "uri"}},
    "buyerDetails": {"type": "object", "properties": {"buyerEmail": _TEXT, "publicBuyerId": _TEXT}},
}
#: Codes after which the same request may be sent again as it is; before a refund of the others, see the description.
_MAY_RETRY = frozenset(
    {
        Code.CUT_OFF,
        Code.SYSTEM_ERROR,
        Code.INQUIRY_DOWN,
        Code.PRODUCT_OFFLINE,
        Code.INSUFFICIENT_DEPOSIT,
        Code.NO_BILL,
        Code.MAINTENANCE,
        Code.INQUIRY_CUT_OFF,
        Code.PRODUCT_UNAVAILABLE,
        Code.TOO_OFTEN,
        Code.RATE_LIMITED,
        Code.FAULT,
        Code.UNAVAILABLE,
        Code.TIMEOUT,
    }
)
_ASK_STATUS = frozenset({Code.DUPLICATE_INQUIRY, Code.DUPLICATE_REFERENCE, Code.PROCESSING})
_ASK_AGAIN = frozenset(
    {Code.AMOUNT_MISMATCH, Code.NO_SUCH_INQUIRY, Code.INQUIRY_EXPIRED, Code.INQUIRY_MISMATCH}
)


def document() -> Json:
    """The whole document."""
    answers = (
        InquiryData,
        TransactionData,
        Balance,
        ProductEntry,
        Day,
        Settlements,
        Resent,
        Told,
        Reconciled,
    )
    _, schemas = msgspec.json.schema_components(answers, ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Bill partner API", "version": "2.0", "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "security": [{"key": [], "token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"key": _header("KEY"), "token": _header("TOKEN")},
            "schemas": schemas | {"Message": _message()},
        },
        "x-response-codes": [_code(code) for code in Code],
    }


def _header(name: str) -> Json:
    return {"type": "apiKey", "in": "header", "name": name}


def _message() -> Json:
    return {"type": "object", "properties": {"ID": _TEXT, "EN": _TEXT}, "required": ["ID", "EN"]}


def _code(code: Code) -> Json:
    return {
        "responseCode": int(code),
        "success": code.is_success,
        "retry": _retry(code),
        "ID": WORDS[code].indonesian,
        "EN": WORDS[code].english,
    }


def _retry(code: Code) -> str:
    """What a machine may do after a code: `retry`, `status`, `inquire`, or `no`."""
    if code in _MAY_RETRY:
        return "retry"
    if code in _ASK_STATUS:
        return "status"
    return "inquire" if code in _ASK_AGAIN else "no"


def _paths() -> Json:
    payment: Json = _INQUIRY | {"refNumber": _REFERENCE, "inquiryId": _WHOLE, "amount": _WHOLE}
    month = {"month": _OPTIONAL["month"]}
    products = {"type": "array", "items": _ref(ProductEntry)}
    found: Json = {}
    for version in ("v2", "v1"):
        posts: tuple[tuple[str, str, Json, Json, Json], ...] = (
            ("bill/check", "What an account owes", _INQUIRY, month, _ref(InquiryData)),
            ("bill/payment", "Pay an inquiry", payment, _OPTIONAL, _ref(TransactionData)),
            ("bill/status", "What became of a payment", {"refNumber": _REFERENCE}, {}, _ref(TransactionData)),
            ("partner/products", "What may be sold", {}, {}, products),
            ("partner/balance", "What is left of the deposit", {}, {}, _ref(Balance)),
        )
        for name, summary, required, optional, data in posts:
            operation = _operation(f"{name.replace('/', '_')}_{version}", summary, data)
            found[f"/api/{version}/{name}"] = {"post": operation | _claims(required, optional)}
    days = _operation("partner_transactions", "The payments of a day", _ref(Day), csv=True)
    found["/api/v2/partner/transactions"] = {"get": days | _query(date=True, cursor=False)}
    batches = _operation("partner_settlements", "What days come to", _ref(Settlements))
    found["/api/v2/partner/settlements"] = {"get": batches | _query(**{"from": True, "to": True})}
    file = _operation("partner_statements", "Compare a day's statement with ours", _ref(Reconciled), csv=True)
    members: Json = {"date": _TEXT, "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}
    found["/api/v2/partner/statements"] = {"post": file | _claims(members, {})}
    for name, what, data in (
        ("callbacks", "What was tried to tell of a payment", {"type": "array", "items": _ref(Told)}),
        ("callbacks/resend", "Tell once more how a payment ended", _ref(Resent)),
    ):
        operation = _operation(f"partner_{name.replace('/', '_')}", what, data)
        found[f"/api/v2/partner/{name}"] = {"post": operation | _claims({"refNumber": _REFERENCE}, {})}
    again = _operation("resend_sandbox_callbacks", "Repeat a sandbox payment's callbacks", _ref(Resent))
    number = {"name": "transaction_id", "in": "path", "required": True, "schema": {"type": "integer"}}
    found["/sandbox/callbacks/{transaction_id}/resend"] = {"post": again | {"parameters": [number]}}
    return found


def _operation(name: str, summary: str, data: Json, *, csv: bool = False) -> Json:
    content: Json = {"application/json": {"schema": _envelope(data)}}
    if csv:
        content["text/csv"] = {"schema": _TEXT}
    refused = {"application/json": {"schema": _envelope({"type": "object"})}}
    return {
        "operationId": name,
        "summary": summary,
        "responses": {"200": {"description": "Every code from 0 to 399", "content": content}}
        | {
            status: {"description": text, "content": refused}
            for status, text in (
                ("401", "Key, address or token are not good"),
                ("409", "X-External-Id was used before"),
                ("429", "Too often: see Retry-After"),
                ("500", "A fault of ours"),
                ("503", "Unavailable for a moment"),
                ("504", "Took too long"),
            )
        },
    }


def _envelope(data: Json) -> Json:
    members = {
        "responseCode": {"type": "integer"},
        "success": {"type": "boolean"},
        "message": {"$ref": _REF.format(name="Message")},
        "data": {"anyOf": [data, {"type": "object", "maxProperties": 0}]},
    }
    return {"type": "object", "properties": members, "required": list(members)}


def _claims(required: Json, optional: Json) -> Json:
    """The claims, as the body that may repeat them."""
    members = {"partnerId": _TEXT} | required
    schema = {"type": "object", "properties": members | optional, "required": list(members)}
    return {"requestBody": {"required": False, "content": {"application/json": {"schema": schema}}}}


def _query(**names: bool) -> Json:
    return {
        "parameters": [
            {"name": name, "in": "query", "required": required, "schema": _TEXT}
            for name, required in names.items()
        ]
    }


def _ref(kind: type[msgspec.Struct]) -> Json:
    return {"$ref": _REF.format(name=kind.__name__)}


@cache
def _encoded() -> bytes:
    return msgspec.json.encode(document())


blueprint = Blueprint("bill_document", __name__, url_prefix="/api/v2")


@blueprint.get("/openapi.json")
async def show_partner_document() -> Response:
    """The document, for whoever builds a client."""
    return Response(_encoded(), content_type="application/json", headers={"Cache-Control": "no-cache"})
