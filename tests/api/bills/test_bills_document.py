"""The partners' API document is about the routes there are, and its shapes are those of the answers."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from jsonschema_rs import Draft202012Validator

from api.app import Api
from api.bills.routes import BLUEPRINTS
from core.partners.codes import WORDS, Code
from tests.api.bills.partner import Partner


@pytest.fixture
def database_url(demo_sqlite_url: str) -> str:
    return demo_sqlite_url


@pytest.fixture
async def document(client: httpx.AsyncClient) -> Any:
    return (await client.get("/api/v2/openapi.json")).json()


async def test_every_route_is_described(app: Api, document: Any) -> None:
    names = {blueprint.name for blueprint in BLUEPRINTS} - {"bill_document"}
    routes = {
        (re.sub(r"<int:(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.endpoint.split(".")[0] in names
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, item in document["paths"].items() for method in item}
    assert described == routes
    operations = [each["operationId"] for item in document["paths"].values() for each in item.values()]
    assert len(set(operations)) == len(operations)


async def test_every_code_has_its_words_and_what_to_do(document: Any) -> None:
    assert [each["responseCode"] for each in document["x-response-codes"]] == [int(code) for code in Code]
    assert set(WORDS) == set(Code)
    retries = {each["responseCode"]: each["retry"] for each in document["x-response-codes"]}
    assert [retries[code] for code in (102, 108, 114, 187, 304)] == [
        "status",
        "status",
        "inquire",
        "retry",
        "no",
    ]


async def test_answers_have_the_shapes_that_are_described(document: Any, demo_partner: Partner) -> None:
    order = await demo_partner.order("28900001", "DOC-1")
    said = {
        "/api/v2/bill/check": await demo_partner.check("ISP00123"),
        "/api/v2/bill/payment": await demo_partner.pay(order),
        "/api/v2/bill/status": await demo_partner.status("NOBODYS"),
        "/api/v2/partner/products": await demo_partner.post("/api/v2/partner/products"),
        "/api/v2/partner/balance": await demo_partner.post("/api/v2/partner/balance"),
    }
    for path, answer in said.items():
        described = document["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]
        schema = described["schema"] | {"components": document["components"]}
        faults = [fault.message for fault in Draft202012Validator(schema).iter_errors(answer.body)]
        assert faults == [], path
