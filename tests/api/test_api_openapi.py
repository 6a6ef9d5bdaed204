"""The API document: complete, consistent, and showing what the original document shows."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from api.app import Api
from api.mywifi.routes import BLUEPRINTS
from api.operations import operation_of
from tests.api.support import Caller, examples

#: The contract's twenty-eight, with the method it names first and the name of the example file.
CONTRACT = [
    ("post", "/api/auth/register", "register"),
    ("post", "/api/auth/login", "login"),
    ("post", "/api/auth/forgot-password", "forgot_password"),
    ("post", "/api/auth/verify-otp", "verify_otp"),
    ("post", "/api/auth/reset-password", "reset_password"),
    ("get", "/api/auth/me", "me"),
    ("post", "/api/auth/logout", "logout"),
    ("post", "/api/auth/refresh", "refresh"),
    ("post", "/api/auth/change-password", "change_password"),
    ("get", "/api/region", "region"),
    ("get", "/api/package", "package"),
    ("get", "/api/customer", "customer"),
    ("post", "/api/customer", "subscribe"),
    ("get", "/api/customer/id-types", "id_types"),
    ("put", "/api/customer/change-id-card", "change_id_card"),
    ("put", "/api/customer/email", "change_email"),
    ("put", "/api/customer/address", "change_address"),
    ("put", "/api/customer/phone", "change_phone"),
    ("get", "/api/customer/network-status", "network_status"),
    ("get", "/api/help", "tickets"),
    ("get", "/api/help/options", "help_options"),
    ("post", "/api/help", "open_ticket"),
    ("get", "/api/help/timeline", "timeline"),
    ("post", "/api/help/close", "close_ticket"),
    ("get", "/api/invoice", "invoice"),
    ("get", "/api/billing/detail", "billing_detail"),
    ("get", "/api/billing/unpaid", "billing_unpaid"),
    ("post", "/api/billing/mark-as-paid", "mark_as_paid"),
]
ALTERNATES = {
    "post /api/auth/me",
    "put /api/auth/change-password",
    "patch /api/auth/change-password",
    *(
        f"{method} /api/customer/{path}"
        for method in ("post", "patch")
        for path in ("change-id-card", "email", "address", "phone")
    ),
    "post /api/customer/network-status",
    "put /api/help/close",
    "patch /api/help/close",
    "get /api/bill/detail",
    "get /api/bill/unpaid",
    "post /api/bill/mark-as-paid",
}


@pytest.fixture
async def spec(anyone: Caller) -> Any:
    answer = await anyone.get("/api/openapi.json")
    assert answer.status == 200
    return answer.body


def _operations(spec: Any) -> list[tuple[str, Any]]:
    return [
        (f"{method} {path}", operation)
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
    ]


#: Endpoints of ours beside the document's: papers and pictures, which are no JSON, and a line's history, which is.
PAPERS = {
    "get /api/invoice/pdf",
    "get /api/invoice/receipt",
    "get /api/customer/network-history/card",
}
HISTORY = {"get /api/customer/network-history"}
#: And what staff's programs call.
STAFF = {
    "get /api/staff/broadcasts",
    "post /api/staff/broadcasts",
    "get /api/staff/broadcasts/progress",
    *(f"post /api/staff/broadcasts/{act}" for act in ("confirm", "pause", "resume", "cancel")),
    "get /api/staff/chats",
    "get /api/staff/chats/messages",
    *(f"post /api/staff/chats/{act}" for act in ("take", "send", "release", "close")),
}


async def test_it_lists_the_twenty_eight_endpoints_their_alternates_and_the_papers(spec: Any) -> None:
    listed = dict(_operations(spec))
    primary = {f"{method} {path}" for method, path, _ in CONTRACT}
    assert {
        name for name, each in listed.items() if "x-alternate" not in each
    } == primary | PAPERS | HISTORY | STAFF
    assert {name for name, each in listed.items() if "x-alternate" in each} == ALTERNATES
    assert spec["openapi"] == "3.1.0"


async def test_operation_ids_are_unique_and_alternates_name_their_primary(spec: Any) -> None:
    operations = [operation for _, operation in _operations(spec)]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert {each["x-alternate"] for each in operations if "x-alternate" in each} <= set(names)


@pytest.mark.parametrize(("method", "path", "name"), CONTRACT)
async def test_it_shows_the_original_documents_examples(spec: Any, method: str, path: str, name: str) -> None:
    responses = spec["paths"][path][method]["responses"]
    for status, body in examples(name)[: 1 if name == "network_status" else None]:
        content = responses[str(status)]["content"]["application/json"]
        shown = [json.dumps(each["value"]) for each in content["examples"].values()]
        assert json.dumps(_safe(body)) in shown


def _safe(body: Any) -> Any:
    """As we answer: the number a code goes to is masked, the code itself stays out (mywifi contract §9)."""
    if "otp" not in body:
        return body
    return {"status": body["status"], "message": body["message"], "destination": "62812****789"}


async def test_every_example_fits_its_schema_and_so_does_every_original_one(spec: Any) -> None:
    for name, operation in _operations(spec):
        for status, response in operation["responses"].items():
            if name in PAPERS and status == "200":
                assert set(response["content"]) <= {"application/pdf", "image/png"}
                continue
            content = response["content"]["application/json"]
            schema = {**content["schema"], "components": spec["components"]}
            for each in content["examples"].values():
                jsonschema_rs.validate(schema, each["value"])
            assert content["examples"], (name, status)
    for method, path, name in CONTRACT:
        for status, body in examples(name):
            content = spec["paths"][path][method]["responses"][str(status)]["content"]["application/json"]
            jsonschema_rs.validate({**content["schema"], "components": spec["components"]}, body)


async def test_an_answers_fields_are_all_required_but_the_code_of_test_environments(spec: Any) -> None:
    schemas = spec["components"]["schemas"]
    assert schemas["CodeSent"]["required"] == ["status", "message", "destination"]
    assert list(schemas["CodeSent"]["properties"])[-1] == "otp"
    assert schemas["User"]["required"] == list(schemas["User"]["properties"])


async def test_every_reference_leads_somewhere(spec: Any) -> None:
    text = json.dumps(spec)
    references = {piece.split('"')[0] for piece in text.split("#/components/schemas/")[1:]}
    assert references <= set(spec["components"]["schemas"])


async def test_credentials_are_asked_for_where_they_are_needed(spec: Any) -> None:
    needs = {name: operation["security"] for name, operation in _operations(spec)}
    assert needs["post /api/auth/login"] == []
    assert needs["get /api/invoice"] == [{"token": []}]
    assert needs["get /api/billing/unpaid"] == [{"key": []}]


async def test_forms_tell_their_rules(spec: Any) -> None:
    form = spec["components"]["schemas"]["Registration"]
    assert form["required"] == ["name", "email", "password", "phone", "phonecode", "password_confirmation"]
    assert form["properties"]["gender"]["enum"] == ["Male", "Female"]
    parameters = {each["name"]: each for each in spec["paths"]["/api/invoice"]["get"]["parameters"]}
    assert (parameters["month"]["schema"]["minimum"], parameters["month"]["schema"]["maximum"]) == (1, 12)


def test_every_route_of_the_dialect_is_promised(app: Api) -> None:
    names = {blueprint.name for blueprint in BLUEPRINTS}
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.split(".")[0] in names]
    silent = {rule.rule for rule in rules if operation_of(app.view_functions[rule.endpoint]) is None}
    assert silent == set()
