"""Every body endpoint, fed what no client should send: an answer in its form, never a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.support import Caller

BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/auth/register"): {
        "name": "Budi",
        "email": "budi@example.com",
        "password": "kopi-tubruk-7",
        "phone": 81234567890,
        "phonecode": 62,
        "address": "Jl.",
        "gender": "Male",
        "image": "a.png",
    },
    ("POST", "/api/auth/login"): {"identifier": "john@example.com", "password": "wrong-one"},
    ("POST", "/api/auth/forgot-password"): {"no_services": "28900001"},
    ("POST", "/api/auth/verify-otp"): {"no_services": "28900001", "otp": "000000"},
    ("POST", "/api/auth/reset-password"): {
        "no_services": "28900001",
        "otp": "000000",
        "password": "kopi-7-kopi",
    },
    ("POST", "/api/auth/change-password"): {"current_password": "wrong-one", "password": "kopi-7-kopi"},
    ("POST", "/api/customer"): {
        "package_id": 12,
        "company_id": 1,
        "id_type_id": 1,
        "id_number": "1",
        "latitude": 1,
        "longitude": 1,
    },
    ("PUT", "/api/customer/change-id-card"): {"id_type_id": 1, "id_number": "1"},
    ("PUT", "/api/customer/email"): {"email": "new@example.com"},
    ("PUT", "/api/customer/address"): {"address": "Jl."},
    ("PUT", "/api/customer/phone"): {"phonecode": 62, "phone": 8123456789},
    ("POST", "/api/customer/network-status"): {"no_services": "ISP00123", "sections": ["usage"]},
    ("POST", "/api/help"): {"help_type": 1, "help_solution": 1, "description": "Mati."},
    ("POST", "/api/help/close"): {"id": 1, "no_ticket": "240101001", "remark": "Beres."},
    ("POST", "/api/billing/mark-as-paid"): {
        "invoice": "230130001",
        "no_services": "ISP00123",
        "reference_no": "R",
        "amount": 1,
    },
}
QUERIES: dict[str, dict[str, str]] = {
    "/api/package": {"company_id": "1"},
    "/api/customer/network-status": {"no_services": "ISP00123", "sections": "usage"},
    "/api/help": {"status": "all", "year": "2024"},
    "/api/help/timeline": {"id": "1", "no_ticket": "240101001"},
    "/api/invoice": {"status": "all", "month": "1", "year": "2024"},
    "/api/billing/detail": {"no_services": "ISP00123"},
    "/api/billing/unpaid": {"no_services": "ISP00123"},
}
STRANGE_JSON = [
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1.5",
    "1e400",
    "-1e400",
    "NaN",
    "Infinity",
    "9223372036854775807",
    "9223372036854775808",
    "1" + "0" * 400,
    '""',
    '" "',
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"\\ufeff"',
    '"💥"',
    '"\' OR 1=1 --"',
    '"<script>alert(1)</script>"',
    '"' + "x" * 5000 + '"',
    "[]",
    "[[[[]]]]",
    '["a", 1, null]',
    "{}",
    '{"a": {"b": [1]}}',
]
STRANGE_TEXT = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "💥",
    "9" * 25,
    "-1",
    "1.5",
    "1e5",
    "' OR 1=1 --",
    "x" * 5000,
    "NaN",
    "\ufeff",
]


@pytest.fixture
def everybody(john: Caller) -> Caller:
    """Somebody with every credential: what is refused here is refused for its content."""
    john.headers["X-MYWIFI-KEY"] = "demo-partner-key"
    return john


@pytest.mark.parametrize(("method", "path"), BODIES)
async def test_strange_values_in_a_body_are_answered_in_the_form(
    everybody: Caller, method: str, path: str
) -> None:
    good = BODIES[method, path]
    for name in good:
        for strange in STRANGE_JSON:
            rest = json.dumps({key: value for key, value in good.items() if key != name})[1:-1]
            body = f'{{"{name}": {strange}{", " if rest else ""}{rest}}}'
            answer = await everybody.ask(
                method, path, content=body.encode(), headers={"Content-Type": "application/json"}
            )
            assert answer.status < 500 or answer.status == 503, (name, strange, answer)
            assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", QUERIES)
async def test_strange_values_in_a_query_are_answered_in_the_form(everybody: Caller, path: str) -> None:
    for name in QUERIES[path]:
        for strange in STRANGE_TEXT:
            for key in (name, f"{name}[]", f"{name}[a]"):
                answer = await everybody.ask("GET", path, params={**QUERIES[path], name: "", key: strange})
                assert answer.status < 500 or answer.status == 503, (key, strange, answer)
                assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "raw", [b"a=%", b"%=%zz", b"a=%ff%fe&b", b"&&&", b"year=%E0%A4%A", b"=", b"[]=1", b"a[=1"]
)
async def test_strange_query_strings_are_answered(john: Caller, raw: bytes) -> None:
    answer = await john.ask("GET", f"/api/invoice?{raw.decode()}")
    assert answer.status in {200, 422}


@pytest.mark.parametrize(
    "value", ["12", 12.0, 12.5, True, [12], {"a": 12}, "12a", "1_2", "１２", " 12", "+12", "0x0c"]
)
async def test_integers_come_as_numbers_or_strings_of_digits(rina: Caller, value: object) -> None:
    answer = await rina.post("/api/customer", package_id=value, company_id=1, id_type_id=1, id_number="1")
    if value in ("12", " 12", "+12"):
        assert answer.status == 201
    else:
        assert answer.errors == {"package_id": ["The package id must be an integer."]}


@pytest.mark.parametrize("value", [5, 1.5, True, ["x"], {"a": 1}])
async def test_a_string_is_not_a_number_nor_a_list(john: Caller, value: object) -> None:
    answer = await john.put("/api/customer/address", address=value)
    assert answer.errors == {"address": ["The address must be a string."]}


@pytest.mark.parametrize("value", ["a\x00b", "\x00"])
async def test_what_no_database_keeps_is_a_bad_format(john: Caller, value: str) -> None:
    answer = await john.put("/api/customer/address", address=value)
    assert answer.errors == {"address": ["The address format is invalid."]}


@pytest.mark.parametrize(
    "email",
    [
        "john",
        "john@",
        "@example.com",
        "a b@example.com",
        "a@b",
        "a@example..com",
        "a@-example.com",
        "a@@b.com",
    ],
)
async def test_an_email_must_look_like_one(john: Caller, email: str) -> None:
    answer = await john.put("/api/customer/email", email=email)
    assert answer.errors == {"email": ["The email must be a valid email address."]}


@pytest.mark.parametrize(
    "phone", ["1234567", "1" * 16, "+6281234567", "0812-345-678", -81234567, 8.1e9, True]
)
async def test_a_phone_has_eight_to_fifteen_digits(john: Caller, phone: object) -> None:
    answer = await john.put("/api/customer/phone", phonecode=62, phone=phone)
    assert answer.errors == {"phone": ["The phone must be between 8 and 15 digits."]}


async def test_zeros_alone_are_no_phone_and_not_every_code_is_a_countrys(john: Caller) -> None:
    answer = await john.put("/api/customer/phone", phonecode="999", phone="0000000000")
    assert answer.errors == {
        "phonecode": ["The selected phonecode is invalid."],
        "phone": ["The phone format is invalid."],
    }
